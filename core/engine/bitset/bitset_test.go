// SPDX-License-Identifier: Apache-2.0

package bitset_test

import (
	"math/rand"
	"slices"
	"testing"

	"karpenter.sh/core/engine/bitset"
)

// Every operation agrees with that on maps, for sets of different lengths.
func TestAgreesWithMaps(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	random := func() (bitset.Set, map[int]bool) {
		var s bitset.Set
		m := map[int]bool{}
		for range rnd.Intn(40) {
			i := rnd.Intn(1 + rnd.Intn(200))
			s, m[i] = s.Add(i), true
		}
		return s, m
	}
	for range 2_000 {
		a, am := random()
		b, bm := random()
		both, only := map[int]bool{}, map[int]bool{}
		for i := range am {
			both[i], only[i] = bm[i], !bm[i]
		}
		and, andNot := a.Clone(), a.Clone()
		and.And(b)
		andNot.AndNot(b)
		check(t, "and", and, both)
		check(t, "and not", andNot, only)
		if got, want := a.Intersects(b), count(both) > 0; got != want {
			t.Fatalf("intersects: %v, want %v", got, want)
		}
		if got, want := a.Equal(b), count(only) == 0 && len(am) == len(bm); got != want {
			t.Fatalf("equal: %v, want %v", got, want)
		}
		if a.Count() != len(am) || a.Empty() != (len(am) == 0) {
			t.Fatalf("count: %d, want %d", a.Count(), len(am))
		}
	}
}

func count(m map[int]bool) (n int) {
	for _, in := range m {
		if in {
			n++
		}
	}
	return n
}

func check(t *testing.T, what string, s bitset.Set, want map[int]bool) {
	t.Helper()
	var list []int
	for i, in := range want {
		if in {
			list = append(list, i)
		}
	}
	slices.Sort(list)
	if got := slices.Collect(s.All()); !slices.Equal(got, list) {
		t.Fatalf("%s: got %v, want %v", what, got, list)
	}
}

func TestFull(t *testing.T) {
	for _, n := range []int{0, 1, 63, 64, 65, 200} {
		s := bitset.Full(n)
		if s.Count() != n || s.Has(n) {
			t.Errorf("full of %d holds %d", n, s.Count())
		}
		s.Remove(0)
		if n > 0 && s.Has(0) {
			t.Error("0 was removed")
		}
	}
}
