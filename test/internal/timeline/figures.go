// SPDX-License-Identifier: Apache-2.0

package timeline

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Spread says how a set of durations is distributed.
type Spread struct{ First, Median, P99, Last time.Duration }

// SpreadOf takes the nearest rank: the median of two is the lower one. Without
// durations it is zero.
func SpreadOf(durations []time.Duration) Spread {
	if len(durations) == 0 {
		return Spread{}
	}
	sorted := slices.Sorted(slices.Values(durations))
	rank := func(share float64) time.Duration {
		return sorted[max(0, int(math.Ceil(share*float64(len(sorted))))-1)]
	}
	return Spread{First: sorted[0], Median: rank(0.5), P99: rank(0.99), Last: sorted[len(sorted)-1]}
}

// Since returns, for each of the items that reached a step, how long after a
// moment that was.
func Since[T any](start time.Time, items []T, step func(T) time.Time) Spread {
	return Took(items, func(T) time.Time { return start }, step)
}

// Took returns how long the items took between two steps; those that have not
// reached the later one do not count.
func Took[T any](items []T, from, to func(T) time.Time) Spread {
	var durations []time.Duration
	for _, item := range items {
		if at := to(item); !at.IsZero() {
			durations = append(durations, at.Sub(from(item)))
		}
	}
	return SpreadOf(durations)
}

// Agreement counts the pods that were told where to go before they were bound, and
// those of them that were bound there. Where a pod's status said it too, that
// counts: it is the later word.
func (v View) Agreement() (told, agreed int) {
	nodeOf := make(map[string]string, len(v.Claims))
	for _, c := range v.Claims {
		nodeOf[c.Name] = c.Node
	}
	for _, p := range v.Pods {
		if p.Node == "" || p.Nominated == "" && p.Told == (Destination{}) {
			continue
		}
		told++
		if p.Node == cmp.Or(p.Nominated, p.Told.Node, nodeOf[p.Told.NodeClaim]) {
			agreed++
		}
	}
	return told, agreed
}

// Bill is a number of nodes and what they cost.
type Bill struct {
	Nodes int
	// Pods that they were planned for, daemons included.
	Pods int
	// Dollars an hour.
	Dollars float64
}

// pause between two NodeClaims is more than there is within a round, and less than
// the second for which a round waits for more pods.
const pause = 750 * time.Millisecond

// Planned are the NodeClaims of the rounds that began to create theirs before any
// node was ready: what was planned in ignorance of what the scheduler would make of
// it. Rounds are told apart by the pauses between them.
func (v View) Planned() Bill {
	var ready, last time.Time
	for _, n := range v.Nodes {
		if !n.Ready.IsZero() && (ready.IsZero() || n.Ready.Before(ready)) {
			ready = n.Ready
		}
	}
	return v.bill(func(c Claim) bool {
		if !ready.IsZero() && c.Created.After(ready) && c.Created.Sub(last) > pause {
			return false
		}
		last = c.Created
		return true
	})
}

// Built are the NodeClaims that came before the last pod ran.
func (v View) Built() Bill {
	end := v.End()
	return v.bill(func(c Claim) bool { return !c.Created.After(end) })
}

func (v View) bill(counts func(Claim) bool) Bill {
	var out Bill
	for _, c := range v.Claims {
		if counts(c) {
			out.Nodes++
			out.Dollars += c.Price
			out.Pods += c.Pods
		}
	}
	return out
}

// All are the NodeClaims that there are or were.
func (v View) All() Bill { return v.bill(func(Claim) bool { return true }) }

// On returns the view with those pods only that are on nodes of which is says so,
// or on none.
func (v View) On(is func(node string) bool) View {
	v.Pods = slices.DeleteFunc(slices.Clone(v.Pods), func(p Pod) bool { return p.Node != "" && !is(p.Node) })
	return v
}
