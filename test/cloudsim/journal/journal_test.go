// SPDX-License-Identifier: Apache-2.0

package journal_test

import (
	"testing"

	"karpenter.sh/test/cloudsim/journal"
)

// SIM-042
func TestJournalKeepsTheLast(t *testing.T) {
	j := journal.New(3)
	for _, call := range []string{"a", "b", "a", "b", "a"} {
		j.Add(journal.Entry{Call: call})
	}
	numbers := func(entries []journal.Entry) (out []int) {
		for _, e := range entries {
			out = append(out, e.Number)
		}
		return out
	}
	if got := numbers(j.Entries("", 0)); len(got) != 3 || got[0] != 3 || got[2] != 5 || j.Total() != 5 {
		t.Errorf("entries %v of %d", got, j.Total())
	}
	if got := numbers(j.Entries("a", 3)); len(got) != 1 || got[0] != 5 {
		t.Errorf("entries of a after 3: %v", got)
	}
}

func TestJournalReadsLate(t *testing.T) {
	j, read := journal.New(3), 0
	j.Add(journal.Entry{Call: "a", Read: func() map[string]any { read++; return map[string]any{"n": read} }})
	if read != 0 {
		t.Error("an input is read before it is asked for")
	}
	if e := j.Entries("a", 0)[0]; e.Input["n"] != 1 || e.Read != nil {
		t.Errorf("entry %+v", e)
	}
}
