// SPDX-License-Identifier: Apache-2.0

package requirement

import (
	"slices"
	"strconv"
)

// Choose returns one concrete value that satisfies r (API-123): the first
// listed value of an In, otherwise the integer nearest to the lower bound
// (default 0) that is not excluded. It is false when the label must be absent
// or no integer is left.
func (r Requirement) Choose() (string, bool) {
	if !r.complement {
		if len(r.values) == 0 {
			return "", false
		}
		return r.values[0], true
	}
	first := r.bounds.Min
	if first == NoMin {
		first = min(0, r.bounds.Max)
	}
	return r.firstInteger(first)
}

// firstInteger looks upwards from n, then downwards: exclusions are finite, so
// either direction ends after at most len(values) steps or at its bound.
func (r Requirement) firstInteger(n int64) (string, bool) {
	for i := n; ; i++ {
		if v := strconv.FormatInt(i, 10); !r.excluded(v) {
			return v, true
		}
		if i == r.bounds.Max {
			break
		}
	}
	for i := n; i != r.bounds.Min; i-- {
		if v := strconv.FormatInt(i-1, 10); !r.excluded(v) {
			return v, true
		}
	}
	return "", false
}

func (r Requirement) excluded(v string) bool {
	_, ok := slices.BinarySearch(r.values, v)
	return ok
}
