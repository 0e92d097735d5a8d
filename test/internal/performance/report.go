// SPDX-License-Identifier: Apache-2.0

package performance

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"
)

// Report is how a phase went.
type Report struct {
	// Key is scenario/phase.
	Key string `json:"key"`
	// GitRef says what was measured; empty if nobody said.
	GitRef string `json:"git_ref,omitempty"`
	// Began is when the change was applied.
	Began time.Time `json:"began"`
	// TotalTime is that of the phase, in nanoseconds (OPS-279).
	TotalTime time.Duration `json:"total_time"`
	// ReadyTime is the part of it until the pods were ready, in nanoseconds.
	ReadyTime time.Duration `json:"ready_time"`
	// Pods are the ready ones in the end, Nodes those of Karpenter.
	Pods  int `json:"pods"`
	Nodes int `json:"nodes"`
	// CPUUtil and MemoryUtil are the reserved share of the nodes in the end, 0 to 1.
	CPUUtil    float64 `json:"cpu_util"`
	MemoryUtil float64 `json:"memory_util"`
	// EfficiencyScore sums those up, 0 to 100.
	EfficiencyScore float64 `json:"efficiency_score"`
	// Used is what the controller used.
	Used
}

// WithScore returns the report with its score (OPS-283).
func (r Report) WithScore() Report {
	r.EfficiencyScore = 90*r.CPUUtil + 10*r.MemoryUtil
	return r
}

// Prefix begins the names of the files about a phase.
func (r Report) Prefix() string { return strings.ReplaceAll(r.Key, "/", "_") }

// Write puts the report into the directory, as <prefix>_performance_report.json. A prefix
// that leads out of the directory is an error (OPS-283).
func (r Report) Write(dir, prefix string) error {
	content, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("write the report of %s: %w", r.Key, err)
	}
	return write(dir, prefix+"_performance_report.json", append(content, '\n'))
}

// write makes a file in a directory, which is made if it is not there. A name that leads
// out of it is an error.
func write(dir, name string, content []byte) (err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	defer root.Close() // nothing is lost with it
	if err := root.WriteFile(name, content, 0o644); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
