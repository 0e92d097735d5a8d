// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"maps"
	"slices"
	"time"

	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/engine/taint"
	"karpenter.sh/core/intake"
)

// testimony is what the nodes of one kind say together: of each thing the best of
// them.
type testimony struct {
	intake.Observation
	heard bool // somebody said something
	live  bool // some of the nodes are there
	// Some node was ready for long enough to speak of daemons and taints, and one
	// of these not for very long.
	daemonsKnown, taintsKnown, tainted bool
	// voices are the nodes that spoke of taints. One alone may have been tainted
	// by hand, which says nothing of others.
	voices int
}

// hear takes in a node that is there.
func (t *testimony) hear(w *witness, now time.Time) {
	recent := now.Sub(w.ready) < recently
	t.offers(w.promised, w.offered)
	t.heard, t.live, t.Recent = true, true, t.Recent || recent
	t.attaches(w)
	if now.Sub(w.ready) < ripe {
		return
	}
	if !w.outlived {
		t.takes(w.daemons)
	}
	t.repels(w.taints, recent)
}

// recall takes in the last node that is gone, where those that are there say
// nothing.
func (t *testimony) recall(r *remembered, now time.Time) {
	gone := now.Sub(r.at)
	if gone >= evidenceFor {
		return
	}
	recent := gone < recently
	if !t.live {
		t.offers(r.promised, r.offered)
		t.heard, t.Recent = true, recent
	}
	if t.Attach == nil {
		t.attaches(&r.witness)
	}
	if r.at.Sub(r.ready) < ripe {
		return
	}
	if !t.daemonsKnown && !r.outlived {
		t.takes(r.daemons)
	}
}

// offers keeps, of each resource, the word of the node that has most of it.
func (t *testimony) offers(promised, offered resource.Vector) {
	for id := range max(len(promised), len(offered)) {
		r := resource.ID(id)
		if !t.heard || offered.Get(r) > t.Offered.Get(r) {
			t.Promised, t.Offered = t.Promised.Set(r, promised.Get(r)), t.Offered.Set(r, offered.Get(r))
		}
	}
}

func (t *testimony) takes(daemons resource.Vector) {
	if !t.daemonsKnown {
		t.Daemons, t.daemonsKnown = daemons.Clone(), true
		return
	}
	for id := range t.Daemons {
		t.Daemons[id] = min(t.Daemons[id], daemons.Get(resource.ID(id)))
	}
}

// repels keeps the taints that all nodes have. One that is there for long says
// only which it does not have.
func (t *testimony) repels(taints []taint.Taint, recent bool) {
	t.tainted, t.voices = t.tainted || recent, t.voices+1
	if !t.taintsKnown {
		t.Taints, t.taintsKnown = slices.Clone(taints), true
		return
	}
	t.Taints = slices.DeleteFunc(t.Taints, func(x taint.Taint) bool { return !slices.Contains(taints, x) })
}

// attaches keeps the highest limit of each driver.
func (t *testimony) attaches(w *witness) {
	if t.Attach == nil {
		t.Attach = maps.Clone(w.limits)
		return
	}
	for driver, n := range w.limits {
		t.Attach[driver] = max(t.Attach[driver], n)
	}
}

// sum is what all say. That something promised is missing altogether may be the
// fault of the one node, and is believed for a while only.
func (t *testimony) sum() intake.Observation {
	if !t.tainted || t.voices < 2 {
		t.Taints = nil
	}
	if !t.Recent {
		for id := range t.Offered {
			if t.Offered[id] == 0 {
				t.Offered[id] = t.Promised.Get(resource.ID(id))
			}
		}
	}
	return t.Observation
}
