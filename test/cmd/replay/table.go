// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"karpenter.sh/core/simulation"
)

// row is one replay.
type row struct {
	Case string `json:"case"`
	*simulation.Report
	// WallSeconds is how long the replay took, CPUSeconds how much of the
	// processors.
	WallSeconds float64 `json:"wallSeconds"`
	CPUSeconds  float64 `json:"cpuSeconds"`
}

// table prints rows as they come, or all of them as JSON in the end.
type table struct {
	out  io.Writer
	json bool
	rows []row
}

func newTable(out io.Writer, json bool) *table { return &table{out: out, json: json, rows: []row{}} }

func (t *table) add(r row) {
	t.rows = append(t.rows, r)
	if t.json {
		return
	}
	if len(t.rows) == 1 {
		fmt.Fprintf(t.out, heading, "CASE", "POLICY", "HOURS", "COST", "BOUND", "RATIO", "EVICTED", "REPEATED",
			"RECLAIMS", "LAUNCHED", "REMOVED", "WAITED", "LEFT", "WALL", "CPU")
		fmt.Fprintf(t.out, heading, "", "", "", "", "", "", "pods", "in 1 h", "", "", "", "pod-min", "pods", "s", "s")
	}
	fmt.Fprintf(t.out, line,
		r.Case, r.Policy, r.Hours, r.Cost, r.Bound, r.Ratio, r.Evictions, r.Repeated, r.Reclaims,
		r.Launched, r.Removed, r.WaitingPodMinutes, r.Waiting, r.WallSeconds, r.CPUSeconds)
}

// The columns, of words and of figures.
const (
	heading = "%-11s %-13s %6s %10s %10s %7s %8s %8s %8s %8s %8s %9s %6s %6s %6s\n"
	line    = "%-11s %-13s %6.0f %10.2f %10.2f %7.3f %8d %8d %8d %8d %8d %9.0f %6d %6.1f %6.1f\n"
)

func (t *table) end() error {
	if !t.json {
		t.compare(yardstick)
		return nil
	}
	e := json.NewEncoder(t.out)
	e.SetIndent("", "  ")
	if err := e.Encode(t.rows); err != nil {
		return fmt.Errorf("printing the reports: %w", err)
	}
	return nil
}

// yardstick is the policy that others are compared with.
const yardstick = "practice"

// compare prints what each policy costs and evicts in relation to another, case by
// case and over all cases that both have been replayed in.
func (t *table) compare(with string) {
	base, policies := map[string]row{}, []string(nil)
	for _, r := range t.rows {
		if r.Policy == with {
			base[r.Case] = r
		} else if !slices.Contains(policies, r.Policy) {
			policies = append(policies, r.Policy)
		}
	}
	if len(base) == 0 {
		return
	}
	fmt.Fprintf(t.out, "\nIn relation to %s:\n%-11s %-13s %8s %10s\n", with, "CASE", "POLICY", "COST", "EVICTED")
	for _, policy := range policies {
		var own, other row
		own.Report, other.Report = &simulation.Report{}, &simulation.Report{}
		for _, r := range t.rows {
			of, known := base[r.Case]
			if r.Policy != policy || !known {
				continue
			}
			t.relation(r.Case, policy, r.Report, of.Report)
			own.Cost, other.Cost = own.Cost+r.Cost, other.Cost+of.Cost
			own.Evictions, other.Evictions = own.Evictions+r.Evictions, other.Evictions+of.Evictions
		}
		t.relation("all", policy, own.Report, other.Report)
	}
}

func (t *table) relation(name, policy string, own, other *simulation.Report) {
	fmt.Fprintf(t.out, "%-11s %-13s %8.3f %10.3f\n", name, policy, share(own.Cost, other.Cost), share(float64(own.Evictions), float64(other.Evictions)))
}

// share is a in relation to b; 1 if both are nothing.
func share(a, b float64) float64 {
	if b == 0 && a == 0 {
		return 1
	}
	return a / b
}
