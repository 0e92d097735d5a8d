// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"cmp"
	"slices"
)

// Load is what decides between hosts.
type Load struct {
	// Machines is how many the NodeClass has there.
	Machines int
	// CPU is the share of the host's CPUs that is busy, in hundredths.
	CPU int
}

// Order is the order in which hosts are tried: regions by name, in them hosts with the
// fewest machines of the NodeClass, then with the lowest load, then by name. With a
// shuffle, which says where each of n places goes, any order of hosts instead (PVE-062).
func Order(entries []Entry, load map[Entry]Load, shuffle func(n int) []int) []Entry {
	out := sorted(entries)
	if shuffle != nil {
		mixed := make([]Entry, len(out))
		for from, to := range shuffle(len(out)) {
			mixed[to] = out[from]
		}
		slices.SortStableFunc(mixed, func(a, b Entry) int { return cmp.Compare(a.Region, b.Region) })
		return mixed
	}
	slices.SortStableFunc(out, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Region, b.Region), cmp.Compare(load[a].Machines, load[b].Machines), cmp.Compare(load[a].CPU, load[b].CPU))
	})
	return out
}
