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
	heading = "%-11s %-10s %6s %10s %10s %7s %8s %8s %8s %8s %8s %9s %6s %6s %6s\n"
	line    = "%-11s %-10s %6.0f %10.2f %10.2f %7.3f %8d %8d %8d %8d %8d %9.0f %6d %6.1f %6.1f\n"
)

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
