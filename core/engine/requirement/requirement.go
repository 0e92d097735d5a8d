// SPDX-License-Identifier: Apache-2.0

package requirement

import (
	"math"
	"slices"
	"strconv"
)

// Operator says how the values of a requirement restrict a label (API-056).
type Operator string

// The operators of the API. Gt and Lt are accepted and never written.
const (
	OpIn           Operator = "In"
	OpNotIn        Operator = "NotIn"
	OpExists       Operator = "Exists"
	OpDoesNotExist Operator = "DoesNotExist"
	OpGt           Operator = "Gt"
	OpLt           Operator = "Lt"
	OpGte          Operator = "Gte"
	OpLte          Operator = "Lte"
)

// Unbounded limits of [Bounds].
const (
	NoMin = math.MinInt64
	NoMax = math.MaxInt64
)

// Bounds are the inclusive integer limits of a requirement; the zero value is
// not useful, use [Unbounded].
type Bounds struct{ Min, Max int64 }

// Unbounded admits every value, integer or not.
func Unbounded() Bounds { return Bounds{NoMin, NoMax} }

// Bounded reports whether either limit is set. A bounded requirement admits
// integers only (SCH-051).
func (b Bounds) Bounded() bool { return b.Min != NoMin || b.Max != NoMax }

// Crossed reports whether no integer lies within the limits.
func (b Bounds) Crossed() bool { return b.Min > b.Max }

// Tighten returns the limits that both admit.
func (b Bounds) Tighten(o Bounds) Bounds {
	return Bounds{max(b.Min, o.Min), min(b.Max, o.Max)}
}

// Admits reports whether the value passes the limits.
func (b Bounds) Admits(value string) bool {
	if !b.Bounded() {
		return true
	}
	n, err := strconv.ParseInt(value, 10, 64)
	return err == nil && b.Min <= n && n <= b.Max
}

// Requirement is the set of values that one label may have. It is an immutable
// value; the zero value admits nothing and has no key.
type Requirement struct {
	key        string
	values     []string // sorted; admitted, or with complement excluded
	complement bool
	absent     bool // the label may be missing
	bounds     Bounds
	minValues  int
}

// Key is the label key.
func (r Requirement) Key() string { return r.key }

// Values lists, sorted, the admitted values of an In and the excluded values
// of a NotIn; it is empty for the others. The caller must not change it.
func (r Requirement) Values() []string { return r.values }

// Concrete reports whether the admitted values are exactly those listed by
// Values (In, or none at all).
func (r Requirement) Concrete() bool { return !r.complement }

// AllowsAbsent reports whether a node without the label satisfies r.
func (r Requirement) AllowsAbsent() bool { return r.absent }

// Bounds are the integer limits; unbounded for concrete sets (SCH-053).
func (r Requirement) Bounds() Bounds { return r.bounds }

// MinValues is the least number of distinct values among the launch options
// (API-058); 0 asks for nothing.
func (r Requirement) MinValues() int { return r.minValues }

// WithMinValues returns r with another minValues.
func (r Requirement) WithMinValues(n int) Requirement {
	r.minValues = n
	return r
}

// WithKey returns the same set for another label.
func (r Requirement) WithKey(key string) Requirement {
	r.key = key
	return r
}

// Operator is the operator for comparisons and messages (SCH-055): a bounded
// complement is Exists without and NotIn with exclusions.
func (r Requirement) Operator() Operator {
	switch {
	case r.complement && len(r.values) > 0:
		return OpNotIn
	case r.complement:
		return OpExists
	case len(r.values) > 0:
		return OpIn
	}
	return OpDoesNotExist
}

// Has reports whether a label with this value satisfies r.
func (r Requirement) Has(value string) bool {
	_, listed := slices.BinarySearch(r.values, value)
	return listed != r.complement && r.bounds.Admits(value)
}

// Empty reports whether no value is admitted (the label must be absent, or
// nothing satisfies r at all).
func (r Requirement) Empty() bool { return !r.complement && len(r.values) == 0 }

// Unsatisfiable reports whether no label satisfies r, not even an absent one:
// the requirements it was made of contradict each other (SCH-060).
func (r Requirement) Unsatisfiable() bool { return r.Empty() && !r.absent }

// Single returns the only admitted value of a one-value In.
func (r Requirement) Single() (string, bool) {
	if r.complement || len(r.values) != 1 {
		return "", false
	}
	return r.values[0], true
}

// Equal reports whether both have the same key, set and minValues.
func (r Requirement) Equal(o Requirement) bool {
	return r.key == o.key && r.complement == o.complement && r.absent == o.absent &&
		r.bounds == o.bounds && r.minValues == o.minValues && slices.Equal(r.values, o.values)
}

// Intersect returns the requirement that both admit (SCH-053). The key is r's.
func (r Requirement) Intersect(o Requirement) Requirement {
	out := Requirement{
		key:        r.key,
		complement: r.complement && o.complement,
		absent:     r.absent && o.absent,
		bounds:     r.bounds.Tighten(o.bounds),
		minValues:  max(r.minValues, o.minValues),
	}
	switch {
	case r.complement && o.complement:
		out.values = merge(r.values, o.values)
	case r.complement:
		out.values = keep(o.values, r.Has)
	default:
		out.values = keep(r.values, o.Has)
	}
	return out.canonical()
}

// Overlaps reports whether some label satisfies both (SCH-056). Two complement
// sets whose bounds do not cross always overlap.
func (r Requirement) Overlaps(o Requirement) bool {
	if r.absent && o.absent {
		return true
	}
	if r.complement && o.complement {
		return !r.bounds.Tighten(o.bounds).Crossed()
	}
	concrete, other := r, o
	if r.complement || !o.complement && len(o.values) < len(r.values) { // the shorter of two lists is gone through
		concrete, other = o, r
	}
	return slices.ContainsFunc(concrete.values, other.Has)
}

// canonical drops values outside the bounds, and the bounds of concrete sets.
func (r Requirement) canonical() Requirement {
	if r.complement && r.bounds.Crossed() {
		r.complement, r.values = false, nil
	}
	if r.bounds.Bounded() {
		r.values = keep(r.values, r.bounds.Admits)
	}
	if !r.complement {
		r.bounds = Unbounded()
	}
	return r
}

// keep returns the values that pass, without copying when all do.
func keep(values []string, pass func(string) bool) []string {
	i := slices.IndexFunc(values, func(v string) bool { return !pass(v) })
	if i < 0 {
		return values
	}
	out := slices.Clone(values[:i:i])
	for _, v := range values[i+1:] {
		if pass(v) {
			out = append(out, v)
		}
	}
	return out
}

// merge returns the sorted union.
func merge(a, b []string) []string {
	if len(a) == 0 {
		return b
	}
	if len(b) == 0 {
		return a
	}
	out := append(slices.Clone(a), b...)
	slices.Sort(out)
	return slices.Compact(out)
}
