// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"regexp"
	"slices"
)

var (
	// definition: the ID in bold opens a bullet or paragraph, or it is, bold
	// or not, the whole first cell of a table row.
	definition = regexp.MustCompile(`(?m)^\s*(?:(?:[-*] )?\*\*` + pattern + `\*\*|\|\s*(?:\*\*)?` + pattern + `(?:\*\*)?\s*\|)`)
	// outside follows the ID of what binds only others.
	outside = regexp.MustCompile(`(?m)^\s*(?:[-*] )?\*\*` + pattern + `\*\* \(outside\)`)
	// citation: an ID, or a range of them whose end may repeat the prefix.
	citation = regexp.MustCompile(`\b` + pattern + `(?:\.\.(?:([A-Z]{2,5})-)?([0-9]{3}))?\b`)
)

// Outside returns the IDs of a chapter that are marked "(outside)", sorted: they say what
// others do, and bind nothing of this repository.
func Outside(chapter string) []ID {
	var ids []ID
	for _, m := range outside.FindAllStringSubmatch(chapter, -1) {
		ids = append(ids, newID(m[1], m[2]))
	}
	slices.SortFunc(ids, ID.Compare)
	return slices.Compact(ids)
}

// Requirements returns the IDs that a chapter defines, sorted, each once.
func Requirements(chapter string) []ID {
	var ids []ID
	for _, m := range definition.FindAllStringSubmatch(chapter, -1) {
		if m[1] != "" {
			ids = append(ids, newID(m[1], m[2]))
		} else {
			ids = append(ids, newID(m[3], m[4]))
		}
	}
	slices.SortFunc(ids, ID.Compare)
	return slices.Compact(ids)
}

// Citations returns the IDs that a test file names, sorted, each once, with
// ranges written out.
func Citations(test string) []ID {
	var ids []ID
	for _, m := range citation.FindAllStringSubmatch(test, -1) {
		first := newID(m[1], m[2])
		last := first
		if m[4] != "" && (m[3] == "" || m[3] == first.Prefix) {
			last = newID(first.Prefix, m[4])
		}
		for n := first.Number; n <= max(first.Number, last.Number); n++ {
			ids = append(ids, ID{Prefix: first.Prefix, Number: n})
		}
	}
	slices.SortFunc(ids, ID.Compare)
	return slices.Compact(ids)
}
