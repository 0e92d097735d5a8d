// SPDX-License-Identifier: Apache-2.0

package reason

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
)

// shownSubjects is how many pools or nodes of one reason a message names.
const shownSubjects = 5

// group is what several pools, or several nodes, have in common.
type group struct {
	Reason
	subjects []string
	// varied says that the pools differ in what they offer; the most is told.
	varied bool
}

// groups joins reasons that say the same, those that come nearest to a node first;
// pools that are equally near stay in the order of the list.
func (l List) groups() []*group {
	sorted := slices.Clone(l)
	slices.SortStableFunc(sorted, Reason.nearer)
	var out []*group
	at := map[string]*group{}
	for _, r := range sorted {
		key := r.gist()
		if g, known := at[key]; known {
			g.add(r)
			continue
		}
		at[key] = &group{Reason: r, subjects: []string{r.subject()}}
		out = append(out, at[key])
	}
	return out
}

// nearer orders by how much is missing: pools that the pod did not ask for come
// last, those that failed a late check come first.
func (r Reason) nearer(o Reason) int {
	return cmp.Or(
		cmp.Compare(r.Apart, o.Apart),
		cmp.Compare(o.Cause, r.Cause),
		cmp.Compare(len(r.Taints), len(o.Taints)),
		cmp.Compare(len(r.Unoffered)+len(r.Lacks), len(o.Unoffered)+len(o.Lacks)),
		cmp.Compare(r.missing(), o.missing()),
	)
}

// missing is the largest share of a resource that is needed and not there.
func (r Reason) missing() float64 {
	share := 0.0
	for _, l := range r.Lacks {
		share = max(share, float64(l.Needed-l.Offered)/float64(max(l.Needed, 1)))
	}
	return share
}

// Gist tells whether two lists say the same to a reader: it is equal for equal
// causes in the same pools and nodes, whatever the amounts and counts are at the moment.
func (l List) Gist() string {
	h := fnv.New64a()
	for _, r := range l {
		fmt.Fprintf(h, "%s\n%s\n", r.subject(), r.gist())
	}
	return fmt.Sprintf("%x", h.Sum64())
}

// flags are written out one by one, where a [Shortfall] makes a sentence of them.
type flags Shortfall

// gist is what a reason says but for its pool or node, the amounts and what is offered
// instead.
func (r Reason) gist() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d|%v|%s|%q|%q|%v|%s", r.Cause, r.Node != "", r.Detail, r.Claims, r.Taints, flags(r.Types), r.Requirements)
	for _, l := range slices.Concat(r.Labels, r.Unoffered) {
		fmt.Fprintf(&b, "|%s %v %s %v", l.Wanted, l.Undefined, l.Meant, l.SoldOut)
	}
	for _, l := range r.Lacks {
		fmt.Fprintf(&b, "|%s %v", l.Resource, l.OfType)
	}
	for _, rule := range r.Topology {
		fmt.Fprintf(&b, "|%s %s %s %v %s %s", rule.Kind, rule.Key, rule.Selector, rule.Alone, rule.Node, rule.Volumes)
	}
	return b.String()
}

// add takes in a pool or node that says the same; of what they offer the most is kept.
func (g *group) add(r Reason) {
	g.subjects = append(g.subjects, r.subject())
	g.Labels, g.Unoffered = together(g.Labels, r.Labels), together(g.Unoffered, r.Unoffered)
	if !slices.Equal(g.Overhead, r.Overhead) {
		g.Overhead = nil
	}
	lacks := slices.Clone(g.Lacks)
	for i, l := range r.Lacks {
		if l.Offered == lacks[i].Offered && l.Needed == lacks[i].Needed {
			continue
		}
		g.varied = true
		lacks[i].Offered, lacks[i].Needed = max(l.Offered, lacks[i].Offered), min(l.Needed, lacks[i].Needed)
	}
	g.Lacks = lacks
}

// together are labels that are wanted alike, with all that is offered.
func together(a, b []Label) []Label {
	out := slices.Clone(a)
	for i := range out {
		if x, y := out[i].Offered, b[i].Offered; !out[i].Undefined && x.Concrete() && y.Concrete() {
			out[i].Offered = requirement.In(x.Key(), slices.Concat(x.Values(), y.Values())...)
		}
	}
	return out
}

// String names the pools or nodes and says what is in the way there.
func (g *group) String() string {
	if g.subject() == "" {
		return g.cause()
	}
	if g.Node == "" && g.Cause == Labels && len(g.Labels) == 1 && g.Labels[0].Wanted.Key() == label.NodePool {
		return fmt.Sprintf("%s: the pod selects nodepool %s", g.names(), set(g.Labels[0].Wanted))
	}
	out := g.names()
	if len(g.Overhead) > 0 {
		out += " (daemon overhead " + g.Overhead.String() + ")"
	}
	text := g.cause()
	if g.varied && g.Cause == Limits {
		text = strings.Replace(text, "limits leave", "limits leave at most", 1)
	}
	return out + ": " + text
}

func (g *group) names() string {
	quoted := make([]string, len(g.subjects))
	for i, name := range g.subjects {
		quoted[i] = strconv.Quote(name)
	}
	text := Shorten(quoted, shownSubjects)
	if len(quoted) > 1 {
		return g.kind() + "s " + text
	}
	return g.kind() + " " + text
}
