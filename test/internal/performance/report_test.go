// SPDX-License-Identifier: Apache-2.0

package performance_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"karpenter.sh/test/internal/performance"
)

// figure is a number, or nil where the chapter has a dash.
func figure(t *testing.T, text string) *float64 {
	t.Helper()
	if text == "–" {
		return nil
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return &v
}

// OPS-283: times in nanoseconds, the score, and a name after the phase.
func TestReport(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	r := performance.Report{
		Key: "basic/scaleOut", GitRef: "abc", TotalTime: 90 * time.Second, CPUUtil: 0.5, MemoryUtil: 0.8,
		Used: performance.Used{MemoryP95MB: 123, CPUCores: 0.25},
	}.WithScore()
	if err := r.Write(dir, r.Prefix()); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(dir, "basic_scaleOut_performance_report.json"))
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(content, &got); err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]any{
		"total_time": 90e9, "efficiency_score": 53.0, "memory_p95_mb": 123.0, "cpu_cores": 0.25, "git_ref": "abc", "key": "basic/scaleOut",
	} {
		if got[field] != want {
			t.Errorf("%s is %v, want %v", field, got[field], want)
		}
	}
}

// OPS-283: prefixes cannot escape the directory.
func TestReportStaysInItsDirectory(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "reports")
	for _, prefix := range []string{"../x", "a/../../x", filepath.Join(parent, "x")} {
		if err := (performance.Report{}).Write(dir, prefix); err == nil {
			t.Errorf("prefix %q was accepted", prefix)
		}
	}
	entries, err := os.ReadDir(parent)
	if err != nil || len(entries) != 1 {
		t.Errorf("beside the directory: %v, %v", entries, err)
	}
}
