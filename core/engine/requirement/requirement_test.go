// SPDX-License-Identifier: Apache-2.0

package requirement_test

import (
	"math"
	"slices"
	"strconv"
	"testing"

	"karpenter.sh/core/engine/requirement"
)

func must(t *testing.T, key string, op requirement.Operator, values ...string) requirement.Requirement {
	t.Helper()
	r, err := requirement.New(key, op, values...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// SCH-050, SCH-051, SCH-055
func TestOperators(t *testing.T) {
	for _, tc := range []struct {
		why    string
		op     requirement.Operator
		values []string
		is     requirement.Operator
		has    []string
		hasNot []string
		absent bool
	}{
		{"In admits what is listed", requirement.OpIn, []string{"a", "b"}, requirement.OpIn, []string{"a"}, []string{"c", ""}, false},
		{"NotIn admits the rest and absence", requirement.OpNotIn, []string{"a"}, requirement.OpNotIn, []string{"b"}, []string{"a"}, true},
		{"empty NotIn excludes nothing", requirement.OpNotIn, nil, requirement.OpExists, []string{"a"}, nil, true},
		{"Exists admits any value", requirement.OpExists, nil, requirement.OpExists, []string{"a"}, nil, false},
		{"Exists ignores values (API-059)", requirement.OpExists, []string{"a"}, requirement.OpExists, []string{"b"}, nil, false},
		{"DoesNotExist admits no value", requirement.OpDoesNotExist, nil, requirement.OpDoesNotExist, nil, []string{"a"}, true},
		{"Gt is exclusive and needs an integer", requirement.OpGt, []string{"5"}, requirement.OpExists, []string{"6"}, []string{"5", "x", "6.0"}, false},
		{"Gte is inclusive", requirement.OpGte, []string{"5"}, requirement.OpExists, []string{"5"}, []string{"4"}, false},
		{"Lt is exclusive", requirement.OpLt, []string{"5"}, requirement.OpExists, []string{"4", "-7"}, []string{"5"}, false},
		{"Lte is inclusive", requirement.OpLte, []string{"5"}, requirement.OpExists, []string{"5"}, []string{"6"}, false},
		{"nothing is above the last integer", requirement.OpGt, []string{strconv.Itoa(math.MaxInt64)}, requirement.OpDoesNotExist, nil, []string{"1"}, false},
	} {
		t.Run(tc.why, func(t *testing.T) {
			r := must(t, "k", tc.op, tc.values...)
			if r.Operator() != tc.is || r.AllowsAbsent() != tc.absent {
				t.Errorf("got %s, absent %v; want %s, %v", r.Operator(), r.AllowsAbsent(), tc.is, tc.absent)
			}
			for _, v := range tc.has {
				if !r.Has(v) {
					t.Errorf("%v should admit %q", r, v)
				}
			}
			for _, v := range tc.hasNot {
				if r.Has(v) {
					t.Errorf("%v should not admit %q", r, v)
				}
			}
		})
	}
}

// SCH-030 row 6: what cannot be read is an error that names the key.
func TestBadInput(t *testing.T) {
	for _, tc := range []struct {
		why    string
		op     requirement.Operator
		values []string
	}{
		{"unknown operator", "Near", []string{"a"}},
		{"bound without value", requirement.OpGt, nil},
		{"bound with two values", requirement.OpLt, []string{"1", "2"}},
		{"bound that is no integer", requirement.OpGte, []string{"x"}},
		{"bound beyond 64 bits", requirement.OpLte, []string{"9223372036854775808"}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			if r, err := requirement.New("example.com/k", tc.op, tc.values...); err == nil {
				t.Errorf("accepted as %v", r)
			}
		})
	}
}

// SCH-056, SCH-057: the table of the specification.
func TestCompatible(t *testing.T) {
	in := must(t, "k", requirement.OpIn, "a")
	notIn := must(t, "k", requirement.OpNotIn, "a")
	exists := must(t, "k", requirement.OpExists)
	never := must(t, "k", requirement.OpDoesNotExist)
	above := must(t, "k", requirement.OpGt, "1")
	wellKnown := func(string) bool { return true }
	for _, tc := range []struct {
		why             string
		offered         []requirement.Requirement
		wanted          requirement.Requirement
		strict, lenient bool
	}{
		{"undefined custom key cannot meet In", nil, in, false, true},
		{"undefined custom key cannot meet Exists", nil, exists, false, true},
		{"undefined custom key cannot meet a bound", nil, above, false, true},
		{"undefined meets DoesNotExist", nil, never, true, true},
		{"undefined meets NotIn", nil, notIn, true, true},
		{"Exists offered, absence wanted", []requirement.Requirement{exists}, never, false, false},
		{"In offered, absence wanted", []requirement.Requirement{in}, never, false, false},
		{"NotIn offered, absence wanted", []requirement.Requirement{notIn}, never, true, true},
		{"absence offered, Exists wanted", []requirement.Requirement{never}, exists, false, false},
		{"absence offered, In wanted", []requirement.Requirement{never}, in, false, false},
		{"absence offered, bound wanted", []requirement.Requirement{never}, above, false, false},
		{"absence offered, NotIn wanted", []requirement.Requirement{never}, notIn, true, true},
		{"absence offered, absence wanted", []requirement.Requirement{never}, never, true, true},
	} {
		t.Run(tc.why, func(t *testing.T) {
			offered, wanted := requirement.All(tc.offered...), requirement.All(tc.wanted)
			if got := offered.Compatible(wanted, requirement.Strict); got != tc.strict {
				t.Errorf("strict: got %v", got)
			}
			if got := offered.Compatible(wanted, wellKnown); got != tc.lenient {
				t.Errorf("lenient: got %v", got)
			}
		})
	}
}

// SCH-060: contradicting demands match nothing, unlike DoesNotExist.
func TestContradictionIsNotAbsence(t *testing.T) {
	r := must(t, "k", requirement.OpIn, "a").Intersect(must(t, "k", requirement.OpIn, "b"))
	if !r.Unsatisfiable() || r.Overlaps(must(t, "k", requirement.OpDoesNotExist)) {
		t.Errorf("%v should be met by nothing", r)
	}
	if must(t, "k", requirement.OpDoesNotExist).Unsatisfiable() {
		t.Error("absence is a way to meet DoesNotExist")
	}
	if (requirement.Requirements{}).Compatible(requirement.All(r), func(string) bool { return true }) {
		t.Error("an undefined key must not meet a contradiction")
	}
}

// API-126, SCH-061
func TestWritten(t *testing.T) {
	between := must(t, "k", requirement.OpGt, "1").Intersect(must(t, "k", requirement.OpLt, "9"))
	for _, tc := range []struct {
		why  string
		r    requirement.Requirement
		want []requirement.Written
	}{
		{"values are sorted", must(t, "k", requirement.OpIn, "b", "a"), []requirement.Written{{Key: "k", Operator: "In", Values: []string{"a", "b"}}}},
		{"Gt is written as Gte", must(t, "k", requirement.OpGt, "1"), []requirement.Written{{Key: "k", Operator: "Gte", Values: []string{"2"}}}},
		{"a range is two entries, both with minValues", between.WithMinValues(3), []requirement.Written{
			{Key: "k", Operator: "Gte", Values: []string{"2"}, MinValues: 3}, {Key: "k", Operator: "Lte", Values: []string{"8"}, MinValues: 3}}},
		{"exclusions beside bounds are kept", between.Intersect(must(t, "k", requirement.OpNotIn, "4", "zone")), []requirement.Written{
			{Key: "k", Operator: "Gte", Values: []string{"2"}}, {Key: "k", Operator: "Lte", Values: []string{"8"}}, {Key: "k", Operator: "NotIn", Values: []string{"4"}}}},
		{"an empty set is DoesNotExist", must(t, "k", requirement.OpDoesNotExist), []requirement.Written{{Key: "k", Operator: "DoesNotExist"}}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			same := func(a, b requirement.Written) bool {
				return a.Key == b.Key && a.Operator == b.Operator && a.MinValues == b.MinValues && slices.Equal(a.Values, b.Values)
			}
			if got := tc.r.Written(); !slices.EqualFunc(got, tc.want, same) {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

// SCH-062
func TestText(t *testing.T) {
	rs := requirement.All(
		must(t, "zone", requirement.OpIn, "b", "a"),
		must(t, "cpu", requirement.OpGt, "1").Intersect(must(t, "cpu", requirement.OpLt, "9")).WithMinValues(2),
		must(t, "type", requirement.OpIn, "1", "2", "3", "4", "5", "6", "7"),
		must(t, "kubernetes.io/hostname", requirement.OpIn, "placeholder"),
	)
	want := "cpu Exists >=2 <=8 minValues 2, type In [1 2 3 4 5 and 2 others], zone In [a b]"
	if got := rs.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// API-123: a chosen value satisfies the requirement; where there is none the
// answer is no, never a crash.
func TestChoose(t *testing.T) {
	for _, tc := range []struct {
		why  string
		r    requirement.Requirement
		want bool
	}{
		{"In", must(t, "k", requirement.OpIn, "b", "a"), true},
		{"Exists", must(t, "k", requirement.OpExists), true},
		{"exclusions are skipped", must(t, "k", requirement.OpNotIn, "0", "1"), true},
		{"lower bound", must(t, "k", requirement.OpGte, "7"), true},
		{"negative range", must(t, "k", requirement.OpLt, "0"), true},
		{"range emptied by exclusions", must(t, "k", requirement.OpGte, "1").Intersect(must(t, "k", requirement.OpLte, "2")).Intersect(must(t, "k", requirement.OpNotIn, "1", "2")), false},
		{"top of the integers", must(t, "k", requirement.OpGte, strconv.Itoa(math.MaxInt64)), true},
		{"absence", must(t, "k", requirement.OpDoesNotExist), false},
	} {
		t.Run(tc.why, func(t *testing.T) {
			v, ok := tc.r.Choose()
			if ok != tc.want || ok && !tc.r.Has(v) {
				t.Errorf("%v: chose %q, %v", tc.r, v, ok)
			}
		})
	}
}

// SCH-054: requirements on one key are intersected, whatever their order and
// wherever they come from; other keys stand beside them.
func TestConjunction(t *testing.T) {
	some, other := must(t, "k", requirement.OpIn, "a", "b"), must(t, "k", requirement.OpNotIn, "a")
	beside := must(t, "l", requirement.OpExists)
	want := "k In [b], l Exists"
	for _, got := range []requirement.Requirements{
		requirement.All(some, beside, other),
		requirement.All(other).With(beside, some),
		requirement.All(some, beside).Intersect(requirement.All(other)),
	} {
		if got.String() != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if r, bad := requirement.All(some, must(t, "k", requirement.OpIn, "c")).Unsatisfiable(); !bad || r.Key() != "k" {
		t.Errorf("a contradiction is not seen: %v", r)
	}
}
