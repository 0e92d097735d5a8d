// SPDX-License-Identifier: Apache-2.0

package reason

import (
	"slices"
	"strconv"
	"strings"

	"karpenter.sh/core/engine/resource"
)

// Amount is a quantity of one resource: milli-CPU, bytes or a count.
type Amount struct {
	Resource string
	Value    int64
}

// Amounts are sorted by resource name.
type Amounts []Amount

// NewAmounts names the non-zero amounts of a vector.
func NewAmounts(v resource.Vector, names *resource.Names) Amounts {
	var out Amounts
	for id, n := range v {
		if n != 0 {
			out = append(out, Amount{names.Name(resource.ID(id)), n})
		}
	}
	slices.SortFunc(out, func(a, b Amount) int { return strings.Compare(a.Resource, b.Resource) })
	return out
}

// String is the amounts as people write them.
func (as Amounts) String() string {
	parts := make([]string, len(as))
	for i, a := range as {
		parts[i] = a.String()
	}
	return strings.Join(parts, ", ")
}

// sized leaves out the place of the pod itself, which says nothing about its
// size.
func (as Amounts) sized() Amounts {
	return slices.DeleteFunc(slices.Clone(as), func(a Amount) bool { return a.Resource == resource.PodsName && a.Value == 1 })
}

// String is rounded to two decimals, in the largest unit.
func (a Amount) String() string { return a.Resource + " " + a.rounded() }

func (a Amount) rounded() string {
	switch {
	case a.Resource == resource.CPUName:
		return a.cpu()
	case a.Resource == resource.MemoryName || a.Resource == resource.EphemeralStorageName || strings.HasPrefix(a.Resource, "hugepages-"):
		return a.bytes()
	}
	return strconv.FormatInt(a.Value, 10)
}

func (a Amount) cpu() string {
	if -1000 < a.Value && a.Value < 1000 && a.Value != 0 {
		return strconv.FormatInt(a.Value, 10) + "m"
	}
	return decimal(float64(a.Value)/1000, 3)
}

func (a Amount) bytes() string {
	n, suffix := float64(a.Value), ""
	for _, s := range []string{"Ki", "Mi", "Gi", "Ti", "Pi", "Ei"} {
		if n < 1024 {
			break
		}
		n, suffix = n/1024, s
	}
	return decimal(n, 2) + suffix
}

// decimal writes at most so many places and no zeros at the end.
func decimal(n float64, places int) string {
	text := strconv.FormatFloat(n, 'f', places, 64)
	return strings.TrimRight(strings.TrimRight(text, "0"), ".")
}

// texts are what is offered and what is needed, with the resource's name. Where
// both look the same once they are rounded they are exact.
func (l Lack) texts() (offered, needed string) {
	o, n := Amount{l.Resource, max(l.Offered, 0)}, Amount{l.Resource, l.Needed}
	if o.rounded() == n.rounded() {
		return o.exact(), n.exact()
	}
	return o.String(), n.String()
}

func (a Amount) exact() string { return a.Resource + " " + strconv.FormatInt(a.Value, 10) }
