// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"slices"
	"strings"
)

// order is the published state nodes in the order in which pods try them
// (SCH-132), ties by key. Replacing a node whose place stays the same writes one
// pointer; another place moves the pointers behind it.
type order []*StateNode

func compareNodes(a, b *StateNode) int {
	if a.Initialized() != b.Initialized() {
		if a.Initialized() {
			return -1
		}
		return 1
	}
	return cmp.Or(strings.Compare(a.seen.Name, b.seen.Name), strings.Compare(a.key, b.key))
}

func (o order) replace(old, now *StateNode) order {
	if old != nil {
		i, _ := slices.BinarySearchFunc(o, old, compareNodes)
		if now != nil && compareNodes(old, now) == 0 {
			o[i] = now
			return o
		}
		o = slices.Delete(o, i, i+1)
	}
	if now != nil {
		i, _ := slices.BinarySearchFunc(o, now, compareNodes)
		o = slices.Insert(o, i, now)
	}
	return o
}
