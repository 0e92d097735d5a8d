// SPDX-License-Identifier: Apache-2.0

package fleet

// needs is how many addresses each offer of a request takes from its subnet. Mostly all
// take the same.
type needs struct {
	each  int64
	other map[place]int64
}

func needsOf(offers []Offer) needs {
	n := needs{each: 1}
	for i, o := range offers {
		need := max(o.Addresses, 1)
		if i == 0 {
			n.each = need
		}
		if need != n.each {
			if n.other == nil {
				n.other = map[place]int64{}
			}
			n.other[o.place()] = need
		}
	}
	return n
}

func (n needs) of(p place) int64 {
	if need, there := n.other[p]; there {
		return need
	}
	return n.each
}

// least is how many the smallest machine takes, by zone.
func (n needs) least(offers []Offer) map[string]int64 {
	out := map[string]int64{}
	for _, o := range offers {
		need := n.each
		if n.other != nil {
			need = n.of(o.place())
		}
		if known, there := out[o.Zone]; !there || need < known {
			out[o.Zone] = need
		}
	}
	return out
}

// bare leaves out what requests that share a fleet need not have in common.
func bare(offers []Offer) []Offer {
	out := make([]Offer, len(offers))
	for i, o := range offers {
		o.Addresses = 0
		out[i] = o
	}
	return out
}
