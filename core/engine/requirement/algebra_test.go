// SPDX-License-Identifier: Apache-2.0

package requirement_test

import (
	"math/rand"
	"slices"
	"strconv"
	"testing"

	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/requirement"
)

// The universe of brute force: every value a generated requirement can name,
// one that none names, integers around every bound, and absence.
var universe = []string{"a", "b", "c", "other", "-1", "0", "1", "2", "3", "4", "5", "6", "007"}

const absent = "<absent>"

// admitted lists what of the universe satisfies r, by the definition of the
// operators rather than by the representation under test.
func admitted(r requirement.Requirement) []string {
	var out []string
	for _, v := range universe {
		if r.Has(v) {
			out = append(out, v)
		}
	}
	if r.AllowsAbsent() {
		out = append(out, absent)
	}
	return out
}

func randomRequirement(t *testing.T, rnd *rand.Rand) requirement.Requirement {
	t.Helper()
	ops := []requirement.Operator{
		requirement.OpIn, requirement.OpNotIn, requirement.OpExists, requirement.OpDoesNotExist,
		requirement.OpGt, requirement.OpLt, requirement.OpGte, requirement.OpLte,
	}
	op := ops[rnd.Intn(len(ops))]
	var values []string
	switch op {
	case requirement.OpIn, requirement.OpNotIn:
		for range rnd.Intn(4) {
			values = append(values, []string{"a", "b", "c", "1", "2", "3", "007"}[rnd.Intn(7)])
		}
	case requirement.OpExists, requirement.OpDoesNotExist:
	default:
		values = []string{strconv.Itoa(rnd.Intn(6))}
	}
	r, err := requirement.New("k", op, values...)
	if err != nil {
		t.Fatalf("building %s %v: %v", op, values, err)
	}
	return r.WithMinValues(rnd.Intn(3))
}

// SCH-053: intersection is the set of what both admit, commutative,
// associative, never wider than either, and keeps the larger minValues.
func TestIntersectionIsSetIntersection(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	for range 20_000 {
		a, b, c := randomRequirement(t, rnd), randomRequirement(t, rnd), randomRequirement(t, rnd)
		ab := a.Intersect(b)
		var want []string
		for _, v := range admitted(a) {
			if slices.Contains(admitted(b), v) {
				want = append(want, v)
			}
		}
		if got := admitted(ab); !slices.Equal(got, want) {
			t.Fatalf("(%v) ∩ (%v) = %v admits %v, want %v", a, b, ab, got, want)
		}
		if !ab.Equal(b.Intersect(a)) {
			t.Fatalf("not commutative: (%v) ∩ (%v): %v, %v", a, b, ab, b.Intersect(a))
		}
		if l, r := ab.Intersect(c), a.Intersect(b.Intersect(c)); !l.Equal(r) {
			t.Fatalf("not associative: %v, %v, %v: %v, %v", a, b, c, l, r)
		}
		if ab.MinValues() != max(a.MinValues(), b.MinValues()) {
			t.Fatalf("minValues of %v ∩ %v is %d", a, b, ab.MinValues())
		}
	}
}

// SCH-056: overlap agrees with brute force, except that two complements whose
// bounds do not cross overlap by definition.
func TestOverlapAgreesWithBruteForce(t *testing.T) {
	rnd := rand.New(rand.NewSource(2))
	for range 20_000 {
		a, b := randomRequirement(t, rnd), randomRequirement(t, rnd)
		want := len(admitted(a.Intersect(b))) > 0
		if !a.Concrete() && !b.Concrete() {
			want = !a.Bounds().Tighten(b.Bounds()).Crossed() || a.AllowsAbsent() && b.AllowsAbsent()
		}
		if got := a.Overlaps(b); got != want || got != b.Overlaps(a) {
			t.Fatalf("(%v) overlaps (%v): %v, want %v; reversed %v", a, b, got, want, b.Overlaps(a))
		}
	}
}

// The interned form is the same algebra: for random conjunctions, compiling,
// combining and decompiling gives what the plain form gives, and the
// vocabulary may grow in between.
func TestInternedFormAgrees(t *testing.T) {
	rnd := rand.New(rand.NewSource(3))
	for range 5_000 {
		v := constraint.NewVocabulary()
		a, b := randomRequirement(t, rnd).WithMinValues(0), randomRequirement(t, rnd).WithMinValues(0)
		ca := v.CompileOne(a)
		for range rnd.Intn(3) {
			v.Value(ca.Key, universe[rnd.Intn(len(universe))])
		}
		cb := v.CompileOne(b)
		if got, want := v.Overlap(ca.Key, ca.Set, cb.Set), a.Overlaps(b); got != want {
			t.Fatalf("interned (%v) overlaps (%v): %v, want %v", a, b, got, want)
		}
		both := constraint.Entry{Key: ca.Key, Set: v.Intersect(ca.Key, ca.Set, cb.Set)}
		if got, want := v.DecompileOne(both), a.Intersect(b); !got.Equal(want) {
			t.Fatalf("interned (%v) ∩ (%v) = %v, want %v", a, b, got, want)
		}
		for _, value := range universe {
			id := v.Value(ca.Key, value)
			if got, want := v.Has(ca.Key, both.Set, id), a.Intersect(b).Has(value); got != want {
				t.Fatalf("interned (%v) ∩ (%v) has %q: %v, want %v", a, b, value, got, want)
			}
		}
	}
}

// SCH-057: the interned comparison of conjunctions agrees with the plain one,
// strict and lenient.
func TestInternedCompatibilityAgrees(t *testing.T) {
	rnd := rand.New(rand.NewSource(4))
	keys := []string{"k1", "k2", "k3"}
	for range 5_000 {
		v := constraint.NewVocabulary()
		random := func() requirement.Requirements {
			var rs []requirement.Requirement
			for _, k := range keys {
				if rnd.Intn(2) == 0 {
					rs = append(rs, randomRequirement(t, rnd).WithKey(k).WithMinValues(0))
				}
			}
			return requirement.All(rs...)
		}
		offered, wanted := random(), random()
		open := func(key string) bool { return key == "k2" }
		var openKeys = make([]uint64, 1)
		openKeys[0] = 1 << v.Key("k2")
		if got, want := refused(v, offered, wanted, openKeys), !offered.Compatible(wanted, open); got != want {
			t.Fatalf("lenient: (%v) offers (%v): refused %v, want %v", offered, wanted, got, want)
		}
		if got, want := refused(v, offered, wanted, nil), !offered.Compatible(wanted, requirement.Strict); got != want {
			t.Fatalf("strict: (%v) offers (%v): refused %v, want %v", offered, wanted, got, want)
		}
	}
}

func refused(v *constraint.Vocabulary, offered, wanted requirement.Requirements, open []uint64) bool {
	_, no := v.Refused(v.Compile(offered), v.Compile(wanted), open)
	return no
}
