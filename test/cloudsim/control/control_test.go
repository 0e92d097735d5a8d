// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	testclock "k8s.io/utils/clock/testing"

	"karpenter.sh/test/cloudsim/aws"
	"karpenter.sh/test/cloudsim/control"
	"karpenter.sh/test/cloudsim/world"
)

type hand struct {
	*testing.T
	cloud   *aws.Cloud
	handler http.Handler
}

func newHand(t *testing.T) hand {
	t.Helper()
	o := aws.DefaultOptions("c1")
	o.Clock = testclock.NewFakeClock(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	cloud, err := aws.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return hand{t, cloud, control.Handler(cloud)}
}

func (h hand) do(method, path, body string) (int, string) {
	h.Helper()
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	return w.Code, w.Body.String()
}

// free is how many addresses a subnet has left.
func (h hand) free(subnet string) int {
	free, _ := h.cloud.Summary()["freeAddresses"].(map[string]int)
	return free[subnet]
}

// SIM-054, SIM-069: what is asked for happens.
func TestRoutes(t *testing.T) {
	h, setup := newHand(t), aws.DefaultSetup("c1")
	pool := world.Pool{Type: "m5.large", Zone: "us-west-2a", Capacity: "spot"}
	tests := []struct {
		method, path, body string
		check              func(answer string) bool
	}{
		{"PUT", "/v1/stock", `{"zone": "us-west-2a", "count": 3}`, func(string) bool { return h.cloud.Stock().Left(pool) == 3 }},
		{"PUT", "/v1/prices", `{"type": "m5.large", "zone": "us-west-2a", "price": 0.01}`, func(string) bool {
			price, _ := h.cloud.Prices().Spot(pool, 1, time.Now())
			return price == 0.01
		}},
		{"PUT", "/v1/quotas", `{"name": "spot-vcpus", "limit": 2}`, func(string) bool { return !h.cloud.Quotas().Take("spot-vcpus", 3) }},
		{"PUT", "/v1/limits", `{"call": "ec2:CreateTags", "burst": 1, "refill": 1}`, func(a string) bool { return strings.Contains(a, "CreateTags") }},
		{"PUT", "/v1/lag", `{"kind": "instance", "delay": "3s"}`, func(a string) bool { return strings.Contains(a, "3s") }},
		{"PUT", "/v1/boot", `{"delay": "1m"}`, func(a string) bool { return strings.Contains(a, "1m") }},
		{"POST", "/v1/faults", `[{"call": "ec2:CreateFleet", "delay": "1s"}]`, func(string) bool { return len(h.cloud.Faults().List()) == 1 }},
		{"GET", "/v1/faults", "", func(a string) bool { return strings.Contains(a, "ec2:CreateFleet") }},
		{"DELETE", "/v1/faults", "", func(string) bool { return len(h.cloud.Faults().List()) == 0 }},
		{"PUT", "/v1/subnets", `{"id": "` + setup.Subnets[0].ID + `", "free": 3}`, func(string) bool { return h.free(setup.Subnets[0].ID) == 3 }},
		{"PUT", "/v1/subnets", `{"id": "` + setup.Subnets[0].ID + `", "free": 99999}`, func(string) bool { return h.free(setup.Subnets[0].ID) == 16379 }},
		{"PUT", "/v1/shifts", `{"zone": "us-west-2a", "for": "1h"}`, func(a string) bool { return strings.Contains(a, "1h") }},
		{"PUT", "/v1/images", `{"id": "` + setup.Images[0].ID + `", "deprecatedIn": "0s"}`, func(a string) bool { return strings.Contains(a, "0s") }},
		{"DELETE", "/v1/launch-templates", "", func(a string) bool { return strings.Contains(a, `"dropped":0`) }},
		{"GET", "/v1/state", "", func(a string) bool { return strings.Contains(a, `"cloud":"aws"`) }},
		{"GET", "/v1/journal?call=ec2:CreateFleet&after=0", "", func(a string) bool { return strings.TrimSpace(a) == "[]" }},
		{"GET", "/v1/permissions", "", func(a string) bool { return strings.TrimSpace(a) == "[]" }},
		{"GET", "/v1/joins", "", func(a string) bool { return strings.TrimSpace(a) == "{}" }},
	}
	for _, tc := range tests {
		t.Run(tc.method+" "+tc.path, func(t *testing.T) {
			status, answer := h.do(tc.method, tc.path, tc.body)
			if status != http.StatusOK || !tc.check(answer) {
				t.Errorf("status %d: %s", status, answer)
			}
		})
	}
}

// SIM-054, SIM-069: bad input is one line, and changes nothing.
func TestBadInput(t *testing.T) {
	h := newHand(t)
	tests := []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"PUT", "/v1/stock", `{"zone": "a"}`, 400, "count is needed"},
		{"PUT", "/v1/stock", `{"colour": "red"}`, 400, "colour"},
		{"PUT", "/v1/prices", `{"type": "m5.large", "price": 1}`, 400, "zone and price are needed"},
		{"PUT", "/v1/lag", `{"kind": "instance", "delay": "soon"}`, 400, "soon"},
		{"POST", "/v1/faults", `[{"call": "ec2:CreateFleet", "delay": "1s"}, {"call": "ec2:Fly", "delay": "1s"}]`, 400, "rule 2"},
		{"GET", "/v1/journal?after=x", "", 400, "want a number"},
		{"POST", "/v1/machines/i-0/reclaim", "", 404, "i-0"},
		{"POST", "/v1/machines/i-0/notify", "", 404, "i-0"},
		{"POST", "/v1/machines/i-0/lose", "", 404, "i-0"},
		{"POST", "/v1/machines/i-0/events", `{"code": "instance-stop"}`, 404, "i-0"},
		{"PUT", "/v1/shifts", `{"zone": "moon", "for": "1h"}`, 404, "moon"},
		{"PUT", "/v1/shifts", `{"zone": "us-west-2a"}`, 400, "for are needed"},
		{"PUT", "/v1/images", `{"id": "ami-0", "deprecatedIn": "1h"}`, 404, "ami-0"},
		{"PUT", "/v1/images", `{"id": "ami-0"}`, 400, "deprecatedIn are needed"},
		{"PUT", "/v1/subnets", `{"id": "subnet-0", "free": 1}`, 404, "subnet-0"},
		{"PUT", "/v1/subnets", `{"id": "subnet-0", "free": -1}`, 400, "not negative"},
		{"POST", "/v1/machines/i-0/fly", "", 404, "no action"},
	}
	for _, tc := range tests {
		t.Run(tc.path+" "+tc.body, func(t *testing.T) {
			status, answer := h.do(tc.method, tc.path, tc.body)
			var told struct{ Error string }
			if err := json.NewDecoder(bytes.NewReader([]byte(answer))).Decode(&told); err != nil {
				t.Fatal(err)
			}
			if status != tc.status || !strings.Contains(told.Error, tc.says) || strings.Contains(told.Error, "\n") {
				t.Errorf("status %d: %s", status, answer)
			}
		})
	}
	if len(h.cloud.Faults().List()) != 0 {
		t.Error("a list of rules of which one is malformed was taken in part")
	}
}
