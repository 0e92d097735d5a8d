// SPDX-License-Identifier: Apache-2.0

package check_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

// rules reads all rules, as Prometheus does.
func rules(t *testing.T) []rulefmt.Rule {
	t.Helper()
	files, err := filepath.Glob("../alerts/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files of rules: %v", err)
	}
	var all []rulefmt.Rule
	for _, file := range files {
		groups, errs := rulefmt.ParseFile(file, false, model.LegacyValidation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
		for _, err := range errs {
			t.Error(err)
		}
		if groups == nil {
			continue
		}
		for _, group := range groups.Groups {
			all = append(all, group.Rules...)
		}
	}
	return all
}

// withRecorded adds what rules record, with the labels that it comes to have, and
// complains about what rules and alerts get wrong.
func withRecorded(t *testing.T) series {
	t.Helper()
	shown := known(t)
	for _, rule := range rules(t) {
		if rule.Record != "" {
			r := reader{series: shown}
			shown[rule.Record] = r.read(parse(t, rule.Expr))
			for _, wrong := range r.wrong {
				t.Errorf("%s: %s", rule.Record, wrong)
			}
		}
	}
	return shown
}

// inTemplate finds the labels that a template shows.
var inTemplate = regexp.MustCompile(`\$labels\.([a-zA-Z_]+)`)

// OPS-301: every alert asks for what Karpenter shows, and says what to do.
func TestAlerts(t *testing.T) {
	shown := withRecorded(t)
	tested := firing(t)
	seen := map[string]bool{}
	for _, rule := range rules(t) {
		if rule.Record != "" {
			continue
		}
		if seen[rule.Alert] || !strings.HasPrefix(rule.Alert, "Karpenter") {
			t.Errorf("%s stands twice, or is not called after Karpenter", rule.Alert)
		}
		seen[rule.Alert] = true
		r := reader{series: shown}
		of := r.read(parse(t, rule.Expr))
		for _, wrong := range r.wrong {
			t.Errorf("%s: %s", rule.Alert, wrong)
		}
		switch rule.Labels["severity"] {
		case "critical", "warning", "info":
		default:
			t.Errorf("%s has the severity %q", rule.Alert, rule.Labels["severity"])
		}
		for _, name := range []string{"summary", "description", "runbook"} {
			text := rule.Annotations[name]
			if text == "" {
				t.Errorf("%s has no %s", rule.Alert, name)
			}
			for _, label := range inTemplate.FindAllStringSubmatch(text, -1) {
				if !of[label[1]] {
					t.Errorf("%s shows the label %s, and has only %s", rule.Alert, label[1], of)
				}
			}
		}
		if !tested[rule.Alert] {
			t.Errorf("no unit test lets %s fire", rule.Alert)
		}
	}
}

// ofAlert finds the alert that an expected sample is about.
var ofAlert = regexp.MustCompile(`alertname="([A-Za-z]+)"`)

// firing are the alerts that some unit test expects to fire.
func firing(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("../alerts/tests/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no unit tests of rules: %v", err)
	}
	out := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var tests struct {
			Tests []struct {
				Expressions []struct {
					Samples []struct {
						Labels string `yaml:"labels"`
					} `yaml:"exp_samples"`
				} `yaml:"promql_expr_test"`
			} `yaml:"tests"`
		}
		if err := yaml.Unmarshal(text, &tests); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, test := range tests.Tests {
			for _, e := range test.Expressions {
				for _, sample := range e.Samples {
					if name := ofAlert.FindStringSubmatch(sample.Labels); name != nil {
						out[name[1]] = true
					}
				}
			}
		}
	}
	return out
}
