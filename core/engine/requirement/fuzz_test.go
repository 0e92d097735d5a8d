// SPDX-License-Identifier: Apache-2.0

package requirement_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/requirement"
)

// admits is the meaning of an operator, by its definition (SCH-050, SCH-051).
func admits(op requirement.Operator, values []string, probe string) bool {
	switch op {
	case requirement.OpIn:
		return slices.Contains(values, probe)
	case requirement.OpNotIn:
		return !slices.Contains(values, probe)
	case requirement.OpExists:
		return true
	case requirement.OpDoesNotExist:
		return false
	}
	bound, _ := strconv.ParseInt(values[0], 10, 64)
	if op == requirement.OpGte && bound == requirement.NoMin || op == requirement.OpLte && bound == requirement.NoMax {
		return true // the ends of the numbers are no bounds
	}
	n, err := strconv.ParseInt(probe, 10, 64)
	if err != nil {
		return false
	}
	return map[requirement.Operator]bool{
		requirement.OpGt: n > bound, requirement.OpGte: n >= bound, requirement.OpLt: n < bound, requirement.OpLte: n <= bound,
	}[op]
}

func understood(op requirement.Operator, values []string) bool {
	switch op {
	case requirement.OpIn, requirement.OpNotIn, requirement.OpExists, requirement.OpDoesNotExist:
		return true
	case requirement.OpGt, requirement.OpGte, requirement.OpLt, requirement.OpLte:
		if len(values) != 1 {
			return false
		}
		_, err := strconv.ParseInt(values[0], 10, 64)
		return err == nil
	}
	return false
}

func listed(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

// Requirements of any content are built or refused, and mean what their
// operators say: alone, intersected, interned and written out.
func FuzzRequirement(f *testing.F) {
	for _, seed := range [][5]string{
		{"In", "a,b", "NotIn", "a", "b"},
		{"Gt", "5", "Lte", "9", "7"},
		{"Gt", "9223372036854775807", "Lt", "-9223372036854775808", "0"},
		{"Gte", "-9223372036854775808", "Lte", "9223372036854775807", "x"},
		{"Gte", "3", "NotIn", "3,4,x", "5"},
		{"Exists", "ignored", "DoesNotExist", "", ""},
		{"Near", "1", "In", "", "\x00"},
		{"Lt", "1,2", "Gt", "x", "+1"},
		{"In", "007,7,+7,-0", "Gte", "7", "007"},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3], seed[4])
	}
	f.Fuzz(func(t *testing.T, op, values, otherOp, otherValues, probe string) {
		a := requirement.Operator(op)
		x, err := requirement.New("k", a, listed(values)...)
		if (err == nil) != understood(a, listed(values)) {
			t.Fatalf("%s %q: %v", op, values, err)
		}
		if err != nil {
			if !strings.Contains(err.Error(), `"k"`) {
				t.Fatalf("%v does not name the key", err)
			}
			return
		}
		alone(t, x, a, listed(values), probe)
		b := requirement.Operator(otherOp)
		if y, err := requirement.New("k", b, listed(otherValues)...); err == nil {
			together(t, x, y, append(append([]string{probe}, listed(values)...), listed(otherValues)...))
		}
	})
}

func alone(t *testing.T, r requirement.Requirement, op requirement.Operator, values []string, probe string) {
	t.Helper()
	if got, want := r.Has(probe), admits(op, values, probe); got != want {
		t.Fatalf("%s %q has %q: %v, want %v", op, values, probe, got, want)
	}
	if v, ok := r.Choose(); ok && !r.Has(v) {
		t.Fatalf("%v does not admit its own choice %q", r, v)
	}
	if r.String() == "" {
		t.Fatal("no text")
	}
	if r.Unsatisfiable() || r.AllowsAbsent() && op == requirement.OpNotIn && len(values) == 0 {
		return // not to be written as it is: nothing, or everything
	}
	back := requirement.Requirements{}
	for _, w := range r.Written() {
		part, err := requirement.New(w.Key, w.Operator, w.Values...)
		if err != nil {
			t.Fatalf("%v is written as %+v: %v", r, w, err)
		}
		back = back.With(part)
	}
	if again, _ := back.Get("k"); again.Has(probe) != r.Has(probe) || again.AllowsAbsent() != r.AllowsAbsent() {
		t.Fatalf("%v is written as %v", r, again)
	}
}

func together(t *testing.T, x, y requirement.Requirement, probes []string) {
	t.Helper()
	both := x.Intersect(y)
	if !both.Equal(y.Intersect(x)) || x.Overlaps(y) != y.Overlaps(x) {
		t.Fatalf("the order matters: %v, %v", x, y)
	}
	if !both.Empty() && both.Concrete() && !x.Overlaps(y) {
		t.Fatalf("%v and %v share %v and do not overlap", x, y, both)
	}
	v := constraint.NewVocabulary()
	cx, cy := v.CompileOne(x), v.CompileOne(y)
	interned := v.Intersect(cx.Key, cx.Set, cy.Set)
	if back := v.DecompileOne(constraint.Entry{Key: cx.Key, Set: interned}); !back.Equal(both) {
		t.Fatalf("interned %v ∩ %v = %v, want %v", x, y, back, both)
	}
	if v.Overlap(cx.Key, cx.Set, cy.Set) != x.Overlaps(y) {
		t.Fatalf("interned overlap of %v and %v differs", x, y)
	}
	for _, p := range probes {
		want := x.Has(p) && y.Has(p)
		if both.Has(p) != want || v.Has(cx.Key, interned, v.Value(cx.Key, p)) != want {
			t.Fatalf("(%v) ∩ (%v) = %v has %q: %v", x, y, both, p, both.Has(p))
		}
		if want && !x.Overlaps(y) {
			t.Fatalf("%v and %v share %q and do not overlap", x, y, p)
		}
	}
}
