// SPDX-License-Identifier: Apache-2.0

package requirement

import (
	"slices"
	"strconv"
)

// Written is one entry of a requirement list as the API holds it.
type Written struct {
	Key       string
	Operator  Operator
	Values    []string
	MinValues int // 0 = unset
}

// Written returns the entries that express r (API-126, SCH-061): Gt and Lt are
// never written, a range is one Gte and one Lte entry, each with minValues, and
// exclusions beside bounds are an additional NotIn.
func (r Requirement) Written() []Written {
	if !r.bounds.Bounded() {
		return []Written{{Key: r.key, Operator: r.Operator(), Values: slices.Clone(r.values), MinValues: r.minValues}}
	}
	var out []Written
	if r.bounds.Min != NoMin {
		out = append(out, r.bound(OpGte, r.bounds.Min))
	}
	if r.bounds.Max != NoMax {
		out = append(out, r.bound(OpLte, r.bounds.Max))
	}
	if len(r.values) > 0 {
		out = append(out, Written{Key: r.key, Operator: OpNotIn, Values: slices.Clone(r.values), MinValues: r.minValues})
	}
	return out
}

func (r Requirement) bound(op Operator, n int64) Written {
	return Written{Key: r.key, Operator: op, Values: []string{strconv.FormatInt(n, 10)}, MinValues: r.minValues}
}
