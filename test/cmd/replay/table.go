// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"

	"karpenter.sh/core/simulation"
)

// row is one replay.
type row struct {
	Case string `json:"case"`
	*simulation.Report
	// WallSeconds is how long the replay took.
	WallSeconds float64 `json:"wallSeconds"`
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
		fmt.Fprintf(t.out, "%-11s %-10s %6s %10s %10s %7s %9s %8s %8s %8s %8s %9s %8s %7s\n",
			"CASE", "POLICY", "HOURS", "COST", "BOUND", "RATIO", "EVICTED", "REPEATED", "RECLAIMS", "LAUNCHED", "REMOVED", "WAITED", "PER", "WALL")
		fmt.Fprintf(t.out, "%-11s %-10s %6s %10s %10s %7s %9s %8s %8s %8s %8s %9s %8s %7s\n",
			"", "", "", "", "", "", "", "", "", "", "", "pod-min", "pods end", "s")
	}
	fmt.Fprintf(t.out, "%-11s %-10s %6.0f %10.2f %10.2f %7.3f %9d %8d %8d %8d %8d %9.0f %8d %7.1f\n",
		r.Case, r.Policy, r.Hours, r.Cost, r.Bound, r.Ratio, r.Evictions, r.Repeated, r.Reclaims,
		r.Launched, r.Removed, r.WaitingPodMinutes, r.Waiting, r.WallSeconds)
}

func (t *table) end() error {
	if !t.json {
		return nil
	}
	e := json.NewEncoder(t.out)
	e.SetIndent("", "  ")
	if err := e.Encode(t.rows); err != nil {
		return fmt.Errorf("printing the reports: %w", err)
	}
	return nil
}
