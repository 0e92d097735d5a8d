// SPDX-License-Identifier: Apache-2.0

package timeline

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// View is what a timeline had seen at one moment.
type View struct {
	Pods []Pod
	// Claims in the order of their creation.
	Claims []Claim
	Nodes  []Node
}

// View copies what was seen so far. Pods of which only an event was seen are left
// out: they are of another phase.
func (t *Timeline) View() View {
	t.mu.Lock()
	defer t.mu.Unlock()
	var v View
	for _, p := range t.pods {
		if !p.Created.IsZero() {
			v.Pods = append(v.Pods, *p)
		}
	}
	slices.SortFunc(v.Pods, func(a, b Pod) int { return a.Created.Compare(b.Created) })
	for _, c := range t.claims {
		v.Claims = append(v.Claims, *c)
	}
	slices.SortFunc(v.Claims, func(a, b Claim) int {
		return cmp.Or(a.Created.Compare(b.Created), strings.Compare(a.Name, b.Name))
	})
	for _, n := range t.nodes {
		v.Nodes = append(v.Nodes, *n)
	}
	slices.SortFunc(v.Nodes, func(a, b Node) int { return strings.Compare(a.Name, b.Name) })
	return v
}

// Progress is how far things are.
type Progress struct {
	// Created, Bound and Running pods; each step counts those of the later ones.
	Created, Bound, Running int
	// Claims there are or were, and how many nodes pods may bind to.
	Claims, Open int
}

// Progress counts without copying.
func (t *Timeline) Progress() Progress {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := Progress{Claims: len(t.claims)}
	for _, p := range t.pods {
		out.Created += one(p.Created)
		out.Bound += one(p.Bound)
		out.Running += one(p.Running)
	}
	for _, n := range t.nodes {
		out.Open += one(n.Open)
	}
	return out
}

func one(step time.Time) int {
	if step.IsZero() {
		return 0
	}
	return 1
}

// Start is when the first pod was seen; zero without pods.
func (v View) Start() time.Time {
	if len(v.Pods) == 0 {
		return time.Time{}
	}
	return v.Pods[0].Created
}

// End is when the last pod was seen running; zero if none was.
func (v View) End() time.Time {
	var end time.Time
	for _, p := range v.Pods {
		if p.Running.After(end) {
			end = p.Running
		}
	}
	return end
}
