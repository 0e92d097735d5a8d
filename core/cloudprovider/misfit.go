// SPDX-License-Identifier: Apache-2.0

package cloudprovider

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"karpenter.sh/core/engine/reason"
	"karpenter.sh/core/engine/requirement"
)

// Misfit says why no instance type meets some requirements.
type Misfit struct {
	// Types is how many instance types there are.
	Types int
	// Excluding are the requirements each of which excludes all types by itself, by
	// key, and Offered the values that the types have for the same keys.
	Excluding []requirement.Requirement
	Offered   []requirement.Requirement
	// Nearest is the type that fails the fewest requirements, and Lacking are
	// those, by key. It is told where no requirement excludes all types by itself.
	Nearest *InstanceType
	Lacking []requirement.Mismatch
}

// Misfit returns why no type has an offering, available or not, that meets the
// requirements; false if some type has.
func (its InstanceTypes) Misfit(wanted requirement.Requirements) (Misfit, bool) {
	out := Misfit{Types: len(its)}
	admitted := map[string]bool{}
	for _, it := range its {
		lacking := it.lacking(wanted, admitted)
		if len(lacking) == 0 && len(it.Offerings) > 0 {
			return Misfit{}, false
		}
		if out.Nearest == nil || cmp.Or(len(lacking)-len(out.Lacking), strings.Compare(it.Name, out.Nearest.Name)) < 0 {
			out.Nearest, out.Lacking = it, lacking
		}
	}
	for r := range wanted.Each() {
		if offered := its.offered(r.Key()); !admitted[r.Key()] && len(offered) > 0 {
			out.Excluding = append(out.Excluding, r)
			out.Offered = append(out.Offered, requirement.In(r.Key(), offered...))
		}
	}
	return out, true
}

// lacking returns what the offering that comes nearest to the requirements does
// not meet, and notes the keys for which some offering does.
func (it *InstanceType) lacking(wanted requirement.Requirements, admitted map[string]bool) []requirement.Mismatch {
	var least []requirement.Mismatch
	for i, o := range it.Offerings {
		var failing []requirement.Mismatch
		for r := range wanted.Each() {
			if m, bad := it.fails(o, r); bad {
				failing = append(failing, m)
			} else {
				admitted[r.Key()] = true
			}
		}
		if i == 0 || len(failing) < len(least) {
			least = failing
		}
	}
	return least
}

// fails compares with the type and with one of its offerings. Keys that neither
// defines are the pool's own.
func (it *InstanceType) fails(o *Offering, wanted requirement.Requirement) (requirement.Mismatch, bool) {
	for _, offers := range []requirement.Requirements{o.Requirements, it.Requirements} {
		if offered, defined := offers.Get(wanted.Key()); defined && !offered.Overlaps(wanted) {
			return requirement.Mismatch{Wanted: wanted, Offered: offered}, true
		}
	}
	return requirement.Mismatch{}, false
}

// offered lists the values that types and offerings have for a key.
func (its InstanceTypes) offered(key string) []string {
	var values []string
	for _, it := range its {
		if r, defined := it.Requirements.Get(key); defined {
			values = append(values, r.Values()...)
		}
		for _, o := range it.Offerings {
			if r, defined := o.Requirements.Get(key); defined {
				values = append(values, r.Values()...)
			}
		}
	}
	slices.Sort(values)
	return slices.Compact(values)
}

// String is a sentence for conditions and events.
func (m Misfit) String() string {
	switch {
	case m.Types == 0:
		return "The provider has no instance types for this NodePool"
	case len(m.Excluding) > 0:
		texts := make([]string, len(m.Excluding))
		for i, r := range m.Excluding {
			texts[i] = fmt.Sprintf("requirement %s excludes all %d instance types; offered: %s", r, m.Types, span(m.Offered[i].Values()))
		}
		return capital(strings.Join(texts, "; "))
	}
	texts := make([]string, len(m.Lacking))
	for i, l := range m.Lacking {
		texts[i] = fmt.Sprintf("%s (it has %s)", l.Wanted, span(l.Offered.Values()))
	}
	return fmt.Sprintf("None of %d instance types meets all requirements together; the nearest is %s, which does not meet %s",
		m.Types, m.Nearest.Name, strings.Join(texts, ", "))
}

// shownValues is how many values a message lists.
const shownValues = 10

// span lists values; of many numbers it tells the first and the last.
func span(values []string) string {
	switch numbers, all := integers(values); {
	case len(values) == 0:
		return "none"
	case all && len(values) > shownValues:
		return fmt.Sprintf("%d to %d", slices.Min(numbers), slices.Max(numbers))
	}
	return reason.Shorten(values, shownValues)
}

func integers(values []string) (numbers []int64, all bool) {
	for _, value := range values {
		number, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return nil, false
		}
		numbers = append(numbers, number)
	}
	return numbers, true
}

func capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }
