// SPDX-License-Identifier: Apache-2.0

package fault_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"karpenter.sh/test/cloudsim/fault"
)

func calls() []string { return []string{"ec2:CreateFleet", "ec2:DescribeInstances"} }

// SIM-041
func TestMalformedRules(t *testing.T) {
	tests := []struct{ reason, text, says string }{
		{"no JSON", `[{`, "fault rules"},
		{"no list", `{}`, "fault rules"},
		{"more than a list", `[] []`, "follows"},
		{"an unknown field", `[{"call": "ec2:CreateFleet", "colour": 1}]`, "colour"},
		{"no call", `[{"name": "n", "delay": "1s"}]`, `rule 1 (n): "call" is missing`},
		{"a call that there is not", `[{"call": "ec2:CreateFleet", "delay": "1s"}, {"call": "ec2:Fly", "delay": "1s"}]`, `rule 2 (ec2:Fly): there is no call`},
		{"nothing happens", `[{"call": "ec2:CreateFleet"}]`, "nothing happens"},
		{"an error without code", `[{"call": "ec2:CreateFleet", "error": {}}]`, `"code"`},
		{"negative", `[{"call": "ec2:CreateFleet", "delay": "1s", "nth": -1}]`, "negative"},
		{"a negative delay", `[{"call": "ec2:CreateFleet", "delay": "-1s"}]`, "negative"},
		{"a delay without unit", `[{"call": "ec2:CreateFleet", "delay": "1"}]`, "unit"},
		{"late without an error", `[{"call": "ec2:CreateFleet", "late": "1s"}]`, `"late"`},
		{"late and effective", `[{"call": "ec2:CreateFleet", "late": "1s", "effective": true, "error": {"code": "X"}}]`, "exclude"},
		{"error and lost", `[{"call": "ec2:CreateFleet", "lost": true, "error": {"code": "X"}}]`, "exclude"},
		{"no pattern", `[{"call": "ec2:CreateFleet", "delay": "1s", "match": {"A": "["}}]`, "pattern"},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			_, err := fault.Parse([]byte(tc.text), calls())
			if err == nil || !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want one line with %q", err, tc.says)
			}
		})
	}
}

// SIM-040
func TestRulesApply(t *testing.T) {
	type call struct {
		name  string
		page  int
		zone  string
		wants string
	}
	tests := []struct {
		reason, rules string
		calls         []call
	}{
		{"each time", `[{"name": "r", "call": "*", "delay": "1s"}]`, []call{{"ec2:CreateFleet", 0, "", "r"}, {"ec2:CreateFleet", 0, "", "r"}}},
		{"the second only", `[{"name": "r", "call": "ec2:*", "delay": "1s", "nth": 2, "times": 1}]`,
			[]call{{"ec2:CreateFleet", 0, "", ""}, {"ec2:CreateFleet", 0, "", "r"}, {"ec2:CreateFleet", 0, "", ""}}},
		{"another call is not counted", `[{"name": "r", "call": "ec2:CreateFleet", "delay": "1s", "nth": 2}]`,
			[]call{{"ec2:CreateFleet", 0, "", ""}, {"ec2:DescribeInstances", 0, "", ""}, {"ec2:CreateFleet", 0, "", "r"}}},
		{"a text deep in the request", `[{"name": "r", "call": "ec2:CreateFleet", "delay": "1s", "match": {"Zone": "us-*/a"}}]`,
			[]call{{"ec2:CreateFleet", 0, "us-1/a", "r"}, {"ec2:CreateFleet", 0, "eu-1/a", ""}}},
		{"a page", `[{"name": "r", "call": "ec2:*", "page": 2, "delay": "1s"}]`, []call{{"ec2:DescribeInstances", 1, "", ""}, {"ec2:DescribeInstances", 2, "", "r"}}},
		{"the first that matches", `[{"name": "r", "call": "ec2:CreateFleet", "times": 1, "delay": "1s"}, {"name": "s", "call": "ec2:CreateFleet", "delay": "1s"}]`,
			[]call{{"ec2:CreateFleet", 0, "", "r"}, {"ec2:CreateFleet", 0, "", "s"}}},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			parsed, err := fault.Parse([]byte(tc.rules), calls())
			if err != nil {
				t.Fatal(err)
			}
			r := fault.NewRules()
			r.Add(parsed...)
			for n, c := range tc.calls {
				input := map[string]any{"Configs": []any{map[string]any{"Zone": c.zone}}}
				got := ""
				if rule := r.Next(fault.Call{Name: c.name, Page: c.page, Input: input}); rule != nil {
					got = rule.Name
				}
				if got != c.wants {
					t.Errorf("call %d: %q, want %q", n+1, got, c.wants)
				}
			}
		})
	}
}

// SIM-041: what is written is read again.
func TestRulesAreWrittenAsTheyAreRead(t *testing.T) {
	text := `[{"call":"ec2:CreateFleet","times":1,"delay":"1m30s","atMost":0}]`
	parsed, err := fault.Parse([]byte(text), calls())
	if err != nil {
		t.Fatal(err)
	}
	if *parsed[0].AtMost != 0 || parsed[0].Delay.Duration != 90*time.Second {
		t.Errorf("read %+v", parsed[0])
	}
	written, err := json.Marshal(parsed)
	if err != nil || string(written) != text {
		t.Errorf("wrote %s, %v", written, err)
	}
	r := fault.NewRules()
	r.Add(parsed...)
	if r.Next(fault.Call{Name: "ec2:CreateFleet"}) == nil || len(r.List()) != 0 {
		t.Error("a rule that has done its work stays")
	}
	r.Add(parsed...)
	r.Clear()
	if len(r.List()) != 0 {
		t.Error("cleared rules stay")
	}
}
