// SPDX-License-Identifier: Apache-2.0

package price

import (
	"path"
	"slices"
	"strings"

	"karpenter.sh/core/engine/label"
)

// File is the user's own prices, checked (KIT-050). It is immutable.
type File struct {
	rows []fileRow
	// byType and byFamily are the indices, ascending, of the rows that list a type by
	// its full name, or a family and no type; others are the indices of the rest.
	byType, byFamily map[string][]int
	others           []int
}

// fileRow is a row of the file. Empty lists are any, except for capacity types.
type fileRow struct {
	number        int // from 1
	instanceTypes []string
	families      []string
	capacityTypes []string
	zones         []string
	// price is nil if the row has a discount, which is a share from 0 to 1.
	price    *float64
	discount float64
}

func newFile(rows []fileRow) *File {
	f := &File{rows: rows, byType: map[string][]int{}, byFamily: map[string][]int{}}
	for i := range rows {
		f.index(i)
	}
	return f
}

func (f *File) index(i int) {
	row := &f.rows[i]
	switch {
	case len(row.instanceTypes) > 0 && !slices.ContainsFunc(row.instanceTypes, isPattern):
		for _, name := range row.instanceTypes {
			f.byType[name] = append(f.byType[name], i)
		}
	case len(row.instanceTypes) == 0 && len(row.families) > 0:
		for _, family := range row.families {
			f.byFamily[family] = append(f.byFamily[family], i)
		}
	default:
		f.others = append(f.others, i)
	}
}

// Rows is how many rows the file has.
func (f *File) Rows() int { return len(f.rows) }

// last returns the last row that applies (KIT-052).
func (f *File) last(o Offering, family string) (*fileRow, bool) {
	found := -1
	for _, candidates := range [][]int{f.byType[o.InstanceType], f.byFamily[family], f.others} {
		for _, i := range slices.Backward(candidates) {
			if i < found {
				break
			}
			if f.rows[i].applies(o, family) {
				found = i
				break
			}
		}
	}
	if found < 0 {
		return nil, false
	}
	return &f.rows[found], true
}

func (r *fileRow) applies(o Offering, family string) bool {
	return lists(r.zones, o.Zone) && lists(r.families, family) && r.listsCapacityType(o.CapacityType) &&
		(len(r.instanceTypes) == 0 || slices.ContainsFunc(r.instanceTypes, func(pattern string) bool {
			return matchesName(pattern, o.InstanceType)
		}))
}

// listsCapacityType: discounts rarely hold for spot, so it must be asked for
// (KIT-051).
func (r *fileRow) listsCapacityType(capacityType string) bool {
	if len(r.capacityTypes) == 0 {
		return capacityType == label.OnDemand
	}
	return slices.Contains(r.capacityTypes, capacityType)
}

func lists(values []string, value string) bool {
	return len(values) == 0 || slices.Contains(values, value)
}

func isPattern(name string) bool { return strings.ContainsAny(name, "*?") }

// matchesName compares a name with one that may have * and ? in it. No name has a
// slash, at which they would end.
func matchesName(pattern, name string) bool {
	if !isPattern(pattern) {
		return pattern == name
	}
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}
