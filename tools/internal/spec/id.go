// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ID names a requirement.
type ID struct {
	// Prefix is the chapter's, in capitals.
	Prefix string
	// Number counts within the prefix; it is written with three digits.
	Number int
}

// String is the ID as chapters write it, such as KIT-012.
func (id ID) String() string { return fmt.Sprintf("%s-%03d", id.Prefix, id.Number) }

// Compare orders IDs by prefix, then number.
func (id ID) Compare(other ID) int {
	return cmp.Or(strings.Compare(id.Prefix, other.Prefix), cmp.Compare(id.Number, other.Number))
}

// pattern matches one ID, as a part of larger expressions.
const pattern = `([A-Z]{2,5})-([0-9]{3})`

func newID(prefix, number string) ID {
	n, _ := strconv.Atoi(number) // three digits, by the pattern
	return ID{Prefix: prefix, Number: n}
}

// Ranges writes IDs as short as citations may be, consecutive ones joined:
// "LIF-001..003, LIF-007".
func Ranges(ids []ID) string {
	sorted := slices.SortedFunc(slices.Values(ids), ID.Compare)
	var parts []string
	for len(sorted) > 0 {
		n := 1
		for n < len(sorted) && sorted[n] == (ID{sorted[0].Prefix, sorted[0].Number + n}) {
			n++
		}
		parts = append(parts, span(sorted[0], sorted[n-1]))
		sorted = sorted[n:]
	}
	return strings.Join(parts, ", ")
}

func span(first, last ID) string {
	switch last.Number - first.Number {
	case 0:
		return first.String()
	case 1:
		return first.String() + ", " + last.String()
	default:
		return fmt.Sprintf("%s..%03d", first, last.Number)
	}
}
