// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"karpenter.sh/core/events"
	"karpenter.sh/core/metrics/families"
)

// pages writes the reference and returns its pages by their names.
func pages(t *testing.T) map[string]string {
	t.Helper()
	directory := filepath.Join(t.TempDir(), "new")
	if err := write(directory); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, name := range []string{"metrics.md", "events.md", "settings.md", "signals.json"} {
		text, err := os.ReadFile(filepath.Join(directory, name))
		if err != nil {
			t.Fatal(err)
		}
		out[name] = string(text)
	}
	return out
}

// section is the text of the chapter on operations between two headings.
func section(t *testing.T, from, to string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "core", "docs", "spec", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), from)
	rest, _, ends := strings.Cut(rest, to)
	if !found || !ends {
		t.Fatalf("the chapter has no section from %q to %q", from, to)
	}
	return rest
}

// OPS-285: what the specification names is in the reference.
func TestComplete(t *testing.T) {
	got := pages(t)
	for _, tt := range []struct {
		reason, text string
		names        *regexp.Regexp
		page         string
	}{
		{"settings", section(t, "### 1.2", "### 1.4"), regexp.MustCompile("(?m)^\\| OPS-[0-9]+ \\| `(--[a-z-]+|[A-Z][A-Za-z]+)`"), "settings.md"},
		{"metrics", section(t, "## 5. Metrics", "### 5.8"), regexp.MustCompile("`(karpenter_[a-z_]+)`"), "metrics.md"},
		{"metrics of libraries", section(t, "### 5.9", "## 6. Events"), regexp.MustCompile("`([a-z]+_[a-z_]+)` "), "metrics.md"},
		{"events", section(t, "## 6. Events", "## 7. Helm"), regexp.MustCompile("\\| (?:Normal|Warning) \\| `([A-Za-z]+)`"), "events.md"},
	} {
		found := tt.names.FindAllStringSubmatch(tt.text, -1)
		if len(found) < 5 {
			t.Errorf("%s: only %d names in the chapter", tt.reason, len(found))
		}
		for _, name := range found {
			if !strings.Contains(got[tt.page], "`"+name[1]+"`") {
				t.Errorf("%s: %s is not in %s", tt.reason, name[1], tt.page)
			}
		}
	}
}

// OPS-331: what is published is in the chapter, or in one that it names, with the same type.
func TestEventsSpecified(t *testing.T) {
	text := section(t, "## 6. Events", "## 7. Helm")
	types := map[string]string{}
	for _, row := range regexp.MustCompile("\\| (Normal|Warning) \\| `([A-Za-z]+)`").FindAllStringSubmatch(text, -1) {
		types[row[2]] = row[1]
	}
	for _, kind := range events.Kinds() {
		if kind.Reason != "" && !strings.Contains(text, "`"+kind.Reason+"`") {
			t.Errorf("%s is not in the chapter", kind.Reason)
		}
		if specified := types[kind.Reason]; specified != "" && specified != kind.Type {
			t.Errorf("%s is %s, and %s in the chapter", kind.Reason, kind.Type, specified)
		}
	}
}

// OPS-285: programs read the same.
func TestSignals(t *testing.T) {
	var all map[string]struct {
		Metrics []families.Family `json:"metrics"`
		Events  []struct {
			Reason string `json:"reason"`
		} `json:"events"`
	}
	if err := json.Unmarshal([]byte(pages(t)["signals.json"]), &all); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"karpenter-kwok": "instance_cpu", "karpenter-aws": "zone_id", "karpenter-clusterapi": "instance_family"} {
		labels := map[string]string{}
		for _, f := range all[name].Metrics {
			labels[f.Name] = strings.Join(f.Labels, ",")
		}
		if got := labels["karpenter_nodes_allocatable"]; !strings.Contains(got, want) {
			t.Errorf("%s: nodes have the labels %q", name, got)
		}
		if len(all[name].Events) < 30 {
			t.Errorf("%s has %d events", name, len(all[name].Events))
		}
	}
}
