// SPDX-License-Identifier: Apache-2.0

package performance

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Bounds of one phase, all strict. What is nil is not asserted.
type Bounds struct {
	// MemoryMB is above the 95th percentile of resident memory, in MiB.
	MemoryMB *float64 `json:"memory_mb,omitempty"`
	// CPUCores is above the mean number of processors kept busy.
	CPUCores *float64 `json:"cpu_cores,omitempty"`
	// TotalTimeMinutes is above the duration of the phase.
	TotalTimeMinutes *float64 `json:"total_time_minutes,omitempty"`
	// CPUUtil and MemoryUtil are below the reserved share of the nodes, 0 to 1.
	CPUUtil    *float64 `json:"cpu_util,omitempty"`
	MemoryUtil *float64 `json:"memory_util,omitempty"`
}

// Thresholds are the bounds of phases by their key.
type Thresholds map[string]Bounds

// Standard are the bounds of OPS-280.
func Standard() Thresholds {
	const none = 0 // not asserted
	return Thresholds{
		"basic/scaleOut":                    bounds(2, 0.53, 0.65, 260, 0.50),
		"basic/consolidation":               bounds(20, none, none, 260, 0.25),
		"hostNameSpreading/scaleOut":        bounds(5, 0.38, 0.40, 680, 1.15),
		"hostNameSpreading/consolidation":   bounds(none, 0.38, 0.40, 575, 1.00),
		"hostNameSpreadingXL/scaleOut":      bounds(35, 0.38, 0.40, 1330, 1.40),
		"hostNameSpreadingXL/consolidation": bounds(35, 0.38, 0.40, 1200, 1.70),
		"wideDeployments/scaleOut":          bounds(5, 0.20, 0.20, 370, 0.70),
		"wideDeployments/consolidation":     bounds(40, 0.20, 0.20, 340, 0.30),
		"interference/scaleOut":             bounds(5, 0.38, 0.40, 620, 0.90),
		"interference/interference":         bounds(10, 0.38, 0.40, 1205, 1.30),
		"interference/consolidation":        bounds(25, 0.38, 0.40, 820, 0.80),
		"doNotDisrupt/scaleOut":             bounds(4, 0.38, 0.40, 645, 1.10),
		"doNotDisrupt/consolidation":        bounds(35, 0.38, 0.40, 585, 0.80),
		"drift/initial":                     bounds(5, none, none, 425, 0.70),
		"drift/drift":                       bounds(50, none, none, 470, 1.05),
	}
}

// bounds in the order of the table of OPS-280; 0 is not asserted.
func bounds(minutes, cpuUtil, memoryUtil, memoryMB, cores float64) Bounds {
	given := func(v float64) *float64 {
		if v == 0 {
			return nil
		}
		return &v
	}
	return Bounds{
		MemoryMB: given(memoryMB), CPUCores: given(cores), TotalTimeMinutes: given(minutes),
		CPUUtil: given(cpuUtil), MemoryUtil: given(memoryUtil),
	}
}

// Override returns the thresholds with those of a JSON object in their place, field by
// field; an empty text changes nothing. A text that is no such object, a phase that there
// is not and a field that there is not are errors: whoever misspells a bound would
// otherwise be measured by another (OPS-282).
func (t Thresholds) Override(text string) (Thresholds, error) {
	out := maps.Clone(t)
	if text == "" {
		return out, nil
	}
	var given Thresholds
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&given); err != nil {
		return nil, fmt.Errorf("read the thresholds: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, fmt.Errorf("read the thresholds: something follows the object")
	}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		standard, known := t[key]
		if !known {
			return nil, fmt.Errorf("read the thresholds: there is no phase %q, only: %s", key, strings.Join(slices.Sorted(maps.Keys(t)), ", "))
		}
		out[key] = standard.with(given[key])
	}
	return out, nil
}

// with returns the bounds with those that others give in their place.
func (b Bounds) with(others Bounds) Bounds {
	for _, p := range []struct{ mine, other **float64 }{
		{&b.MemoryMB, &others.MemoryMB}, {&b.CPUCores, &others.CPUCores}, {&b.TotalTimeMinutes, &others.TotalTimeMinutes},
		{&b.CPUUtil, &others.CPUUtil}, {&b.MemoryUtil, &others.MemoryUtil},
	} {
		if *p.other != nil {
			*p.mine = *p.other
		}
	}
	return b
}

// Violations lists the bounds that a phase did not keep.
func (b Bounds) Violations(r Report) []string {
	var wrong []string
	judge := func(what string, got float64, bound *float64, kept func(got, bound float64) bool) {
		if bound != nil && !kept(got, *bound) {
			wrong = append(wrong, fmt.Sprintf("%s is %.3g, the bound %.3g", what, got, *bound))
		}
	}
	below := func(got, bound float64) bool { return got < bound }
	above := func(got, bound float64) bool { return got > bound }
	judge("time in minutes", r.TotalTime.Minutes(), b.TotalTimeMinutes, below)
	judge("reserved share of CPU", r.CPUUtil, b.CPUUtil, above)
	judge("reserved share of memory", r.MemoryUtil, b.MemoryUtil, above)
	judge("memory in MiB", r.MemoryP95MB, b.MemoryMB, below)
	judge("processors in use", r.CPUCores, b.CPUCores, below)
	return wrong
}
