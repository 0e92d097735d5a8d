// SPDX-License-Identifier: Apache-2.0

package requirement

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// New builds a requirement from its written form (SCH-050). Values given with
// Exists or DoesNotExist are ignored (API-059). An empty In admits nothing; an
// empty NotIn is Exists-or-absent. The error names the key and the operator.
func New(key string, op Operator, values ...string) (Requirement, error) {
	switch op {
	case OpIn:
		return In(key, values...), nil
	case OpNotIn:
		return NotIn(key, values...), nil
	case OpExists:
		return Exists(key), nil
	case OpDoesNotExist:
		return DoesNotExist(key), nil
	case OpGt, OpGte, OpLt, OpLte:
		return bounded(key, op, values)
	}
	return Requirement{}, fmt.Errorf("key %q: unknown operator %q", key, op)
}

// In admits exactly the values listed.
func In(key string, values ...string) Requirement {
	return Requirement{key: key, values: canonicalValues(values), bounds: Unbounded()}
}

// NotIn admits every value but those listed, and absence.
func NotIn(key string, values ...string) Requirement {
	return Requirement{key: key, values: canonicalValues(values), complement: true, absent: true, bounds: Unbounded()}
}

// Exists admits every value.
func Exists(key string) Requirement {
	return Requirement{key: key, complement: true, bounds: Unbounded()}
}

// DoesNotExist admits absence only.
func DoesNotExist(key string) Requirement {
	return Requirement{key: key, absent: true, bounds: Unbounded()}
}

// Between admits the integers within the bounds.
func Between(key string, b Bounds) Requirement {
	return Requirement{key: key, complement: true, bounds: b}.canonical()
}

func bounded(key string, op Operator, values []string) (Requirement, error) {
	if len(values) != 1 {
		return Requirement{}, fmt.Errorf("key %q: operator %s takes exactly one integer, got %d values", key, op, len(values))
	}
	n, err := strconv.ParseInt(values[0], 10, 64)
	if err != nil {
		return Requirement{}, fmt.Errorf("key %q: operator %s takes an integer, got %q", key, op, values[0])
	}
	b, possible := Unbounded(), true
	switch op {
	case OpGt:
		b.Min, possible = n+1, n != math.MaxInt64
	case OpGte:
		b.Min = n
	case OpLt:
		b.Max, possible = n-1, n != math.MinInt64
	case OpLte:
		b.Max = n
	}
	if !possible { // no 64-bit integer is beyond the last one
		return In(key), nil
	}
	return Between(key, b), nil
}

func canonicalValues(values []string) []string {
	out := slices.Clone(values)
	slices.Sort(out)
	return slices.Compact(out)
}
