// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// row is one line of the checklist.
type row struct {
	id, behaviour string
	// of are the capabilities it needs beside the floor.
	of  []Capability
	run func(testing.TB, Cloud)
	// anew is in place of run for a row that needs several fresh clouds.
	anew func(t testing.TB, start func() Cloud)
}

func (r row) name() string { return r.id + " " + r.behaviour }

// Skip is a row that was not run.
type Skip struct {
	// Row is its ID and behaviour.
	Row string
	// Why names the requirement that justifies it.
	Why string
}

// Run runs the suite: first what is wrong with the harness itself, then the rows in
// the order of their IDs, each on a cloud of its own (KIT-203). It returns, and
// logs, what was not run.
func Run(t *testing.T, h Harness) []Skip {
	t.Helper()
	t.Run("harness", func(t *testing.T) {
		for _, fault := range h.Faults(t) {
			t.Error(fault)
		}
	})
	var skipped []Skip
	for _, r := range rows() {
		if why, skip := h.excused(r); skip {
			skipped = append(skipped, Skip{r.name(), why})
			continue
		}
		t.Run(r.name(), func(t *testing.T) { r.on(t, h) })
	}
	for _, s := range skipped {
		t.Logf("not run: %s: %s", s.Row, s.Why)
	}
	return skipped
}

// on runs the row on a fresh cloud, or on several.
func (r row) on(t testing.TB, h Harness) {
	if r.anew != nil {
		r.anew(t, func() Cloud { return r.start(t, h) })
		return
	}
	r.run(t, r.start(t, h))
}

// start returns a fresh cloud that has all that the row needs.
func (r row) start(t testing.TB, h Harness) Cloud {
	cloud := h.Start(t)
	for _, capability := range slices.Concat(floor(), r.of) {
		if missing := cloud.missing(capability); len(missing) > 0 {
			t.Fatalf("the harness has no %s", strings.Join(missing, ", "))
		}
	}
	return cloud
}

// excused returns the requirement that justifies leaving a row out.
func (h Harness) excused(r row) (string, bool) {
	if why, ok := h.Differs[r.id]; ok {
		return "ruled differently by " + why, true
	}
	for _, capability := range r.of {
		if why, ok := h.Lacks[capability]; ok {
			return fmt.Sprintf("no %s: %s", capability, why), true
		}
	}
	return "", false
}

// requirementID is how an excuse begins.
var requirementID = regexp.MustCompile(`^[A-Z]+-[0-9]{3}\b`)

// Faults returns what is wrong with a harness: capabilities that are neither whole
// nor excused, and excuses for what does not exist (KIT-201 to KIT-203).
func (h Harness) Faults(t testing.TB) []string {
	var faults []string
	note := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	known := map[string]bool{}
	for _, r := range rows() {
		known[r.id] = true
	}
	for id, why := range h.Differs {
		if !known[id] || !requirementID.MatchString(why) {
			note("%s is ruled differently by %q: no such row, or no requirement", id, why)
		}
	}
	cloud := h.Start(t)
	for capability, why := range h.Lacks {
		if !slices.Contains(Capabilities(), capability) || slices.Contains(floor(), capability) || !requirementID.MatchString(why) {
			note("%s is lacking by %q: no such capability, or of the floor, or no requirement", capability, why)
		}
		if cloud.brings(capability) {
			note("%s is brought and lacking", capability)
		}
	}
	for _, capability := range Capabilities() {
		if _, lacks := h.Lacks[capability]; lacks {
			continue
		}
		for _, name := range cloud.missing(capability) {
			note("the harness has no %s and no requirement that excuses it", name)
		}
	}
	slices.Sort(faults)
	return faults
}

// Failures runs the rows of an ID on a provider that is expected to fail them, and
// returns what they said: a test of the suite itself (KIT-204).
func Failures(t testing.TB, h Harness, id string) []string {
	t.Helper()
	var said []string
	for _, r := range rows() {
		if r.id == id {
			said = append(said, probe(t, func(t testing.TB) { r.on(t, h) })...)
		}
	}
	return said
}

// RowIDs lists the IDs of the rows that a harness runs, in order, each once.
func (h Harness) RowIDs() []string {
	var ids []string
	for _, r := range rows() {
		if _, skip := h.excused(r); !skip && !slices.Contains(ids, r.id) {
			ids = append(ids, r.id)
		}
	}
	return ids
}

// rows are all lines of the checklist by ID.
func rows() []row {
	all := slices.Concat(createRows(), choiceRows(), batchRows(), faultRows(), instanceRows(), catalogueRows(),
		driftRows(), lifeRows(), moneyRows(), reportRows())
	slices.SortStableFunc(all, func(a, b row) int { return cmp.Compare(a.id, b.id) })
	return all
}
