// SPDX-License-Identifier: Apache-2.0

package performance_test

import (
	"maps"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"karpenter.sh/test/internal/performance"
)

// OPS-280: the bounds are those of the chapter.
func TestStandard(t *testing.T) {
	chapter, err := os.ReadFile("../../../core/docs/spec/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| `(\\w+/\\w+)` \\|.*$").FindAllStringSubmatch(string(chapter), -1)
	standard := performance.Standard()
	if len(rows) == 0 || len(rows) != len(standard) {
		t.Fatalf("%d phases in the chapter, %d here", len(rows), len(standard))
	}
	for _, row := range rows {
		cells := strings.Split(row[0], "|")
		b, known := standard[row[1]]
		if !known {
			t.Errorf("%s has no bounds", row[1])
		}
		for i, bound := range []*float64{b.TotalTimeMinutes, b.CPUUtil, b.MemoryUtil, b.MemoryMB, b.CPUCores} {
			want := strings.TrimSuffix(strings.TrimSpace(cells[4+i]), "m")
			if got := figure(t, want); (got == nil) != (bound == nil) || got != nil && *got != *bound {
				t.Errorf("%s, column %d: the chapter has %s", row[1], 4+i, want)
			}
		}
	}
}

// OPS-280: bounds are strict, and what is not bounded does not count.
func TestViolations(t *testing.T) {
	b := performance.Standard()["basic/scaleOut"]
	good := performance.Report{
		TotalTime: 119 * time.Second, CPUUtil: 0.54, MemoryUtil: 0.66, Used: performance.Used{MemoryP95MB: 259, CPUCores: 0.49},
	}
	if wrong := b.Violations(good); len(wrong) > 0 {
		t.Errorf("a good phase: %v", wrong)
	}
	for what, spoil := range map[string]func(*performance.Report){
		"time in minutes":          func(r *performance.Report) { r.TotalTime = 2 * time.Minute },
		"reserved share of CPU":    func(r *performance.Report) { r.CPUUtil = 0.53 },
		"reserved share of memory": func(r *performance.Report) { r.MemoryUtil = 0.65 },
		"memory in MiB":            func(r *performance.Report) { r.MemoryP95MB = 260 },
		"processors in use":        func(r *performance.Report) { r.CPUCores = 0.5 },
	} {
		bad := good
		spoil(&bad)
		if wrong := b.Violations(bad); len(wrong) != 1 || !strings.HasPrefix(wrong[0], what) {
			t.Errorf("%s at its bound: %v", what, wrong)
		}
		if wrong := (performance.Bounds{}).Violations(bad); len(wrong) > 0 {
			t.Errorf("without bounds: %v", wrong)
		}
	}
}

// OPS-282: what somebody changes, field by field.
func TestOverride(t *testing.T) {
	standard := performance.Standard()
	got, err := standard.Override(`{"basic/scaleOut": {"cpu_cores": 1.5, "total_time_minutes": 0.5}, "drift/initial": {"cpu_util": 0.3, "memory_util": 0.4, "memory_mb": 500}}`)
	if err != nil {
		t.Fatal(err)
	}
	b := got["basic/scaleOut"]
	if *b.CPUCores != 1.5 || *b.TotalTimeMinutes != 0.5 || *b.MemoryMB != 260 || *b.CPUUtil != 0.53 {
		t.Errorf("what was given, and the rest as it was: %v %v %v %v", *b.CPUCores, *b.TotalTimeMinutes, *b.MemoryMB, *b.CPUUtil)
	}
	if d := got["drift/initial"]; *d.CPUUtil != 0.3 || *d.MemoryUtil != 0.4 || *d.MemoryMB != 500 {
		t.Errorf("what had no bound gets one: %+v", d)
	}
	if *standard["basic/scaleOut"].CPUCores != 0.5 {
		t.Error("the standard was changed")
	}
	if same, err := standard.Override(""); err != nil || !maps.Equal(same, standard) {
		t.Errorf("without a text: %v, %v", same, err)
	}
	for _, text := range []string{
		"{", "[]", `{"basic/scaleOut": 5}`, `{"basic/scaleOut": {"cpu_cores": "1"}}`, `{} {}`,
		`{"basic/scaleOut": {"cpu_core": 1}}`, `{"basic/scaleout": {"cpu_cores": 1}}`,
	} {
		if _, err := standard.Override(text); err == nil {
			t.Errorf("%s was accepted", text)
		}
	}
}
