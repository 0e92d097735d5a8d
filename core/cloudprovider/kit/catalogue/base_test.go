// SPDX-License-Identifier: Apache-2.0

package catalogue_test

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/catalogue"
	"karpenter.sh/core/engine/label"
)

func without(name, zone string) catalogue.Change {
	return catalogue.Unavailable(func(i catalogue.Item) bool { return i.Type.Name == name && i.Zone == zone })
}

func nothing(i catalogue.Item) *cloudprovider.Offering { return i.Offering }

func TestView(t *testing.T) {
	listed := types(3)
	base := catalogue.NewBase(listed)
	changed := base.View(without("type-1", "b"))
	t.Run("KIT-023: what does not change keeps its pointer, and the order", func(t *testing.T) {
		if changed[0] != listed[0] || changed[2] != listed[2] || changed[1] == listed[1] || changed[1].Name != "type-1" {
			t.Error("the wrong types are new")
		}
		if same := base.View(nothing); !slices.Equal(same, listed) {
			t.Error("nothing changed, and the types did")
		}
	})
	t.Run("KIT-023: what changes is a copy", func(t *testing.T) {
		for i, o := range changed[1].Offerings {
			if o.Available == (o.Zone() == "b") || !listed[1].Offerings[i].Available {
				t.Errorf("%s is available: %t", o.Requirements, o.Available)
			}
		}
	})
	t.Run("KIT-024: the same state is the same pointer, also after others", func(t *testing.T) {
		other := base.View(without("type-1", "c"))
		again := base.View(without("type-1", "b"))
		if other[1] == changed[1] || again[1] != changed[1] {
			t.Error("a new object for a state that was shown")
		}
	})
	t.Run("KIT-024: an equal copy of an offering is the state of the base", func(t *testing.T) {
		copied := base.View(func(i catalogue.Item) *cloudprovider.Offering { o := *i.Offering; return &o })
		if !slices.Equal(copied, listed) {
			t.Error("equal content, another pointer")
		}
	})
	t.Run("KIT-027: the list is the caller's", func(t *testing.T) {
		slices.Reverse(base.View(nothing))
		slices.Reverse(base.Types())
		if !slices.Equal(base.View(nothing), listed) {
			t.Error("reordering a view reordered the base")
		}
	})
}

// KIT-024: states of a type are forgotten after 16 others, so that they do not
// pile up, and the one shown last is kept.
func TestStatesAreBounded(t *testing.T) {
	base := catalogue.NewBase([]*cloudprovider.InstanceType{instanceType("r", reserved("a", "id", 1000))})
	with := func(n int) *cloudprovider.InstanceType {
		return base.View(catalogue.Reservations(reservationID, func(string, int) int { return n }))[0]
	}
	first := with(1)
	for n := 2; n <= 16; n++ {
		with(n)
	}
	if with(1) != first {
		t.Error("one of 16 states was forgotten")
	}
	for n := 17; n <= 32; n++ {
		with(n)
	}
	if with(1) == first {
		t.Error("states pile up")
	}
}

func TestChanges(t *testing.T) {
	base := catalogue.NewBase([]*cloudprovider.InstanceType{instanceType("t",
		offering("a", label.OnDemand, 1), offering("b", label.OnDemand, 1), reserved("a", "id-1", 5), reserved("b", "id-2", 5))})
	left := func(counts map[string]int) catalogue.Change {
		return catalogue.Reservations(reservationID, func(id string, listed int) int { return listed - counts[id] })
	}
	restock := func(i catalogue.Item) *cloudprovider.Offering { o := *i.Offering; o.Available = true; return &o }
	type want struct {
		available bool
		count     int
	}
	for _, tc := range []struct {
		why    string
		change catalogue.Change
		want   [4]want
	}{
		{"KIT-023: usable zones", catalogue.OnlyZones("b"), [4]want{{false, 0}, {true, 0}, {false, 5}, {true, 5}}},
		{"KIT-023: no usable zone", catalogue.OnlyZones(), [4]want{{false, 0}, {false, 0}, {false, 5}, {false, 5}}},
		{"KIT-023: counts of reservations", left(map[string]int{"id-1": 2}), [4]want{{true, 0}, {true, 0}, {true, 3}, {true, 5}}},
		{"KIT-023: a used up reservation", left(map[string]int{"id-2": 9}), [4]want{{true, 0}, {true, 0}, {true, 5}, {false, 0}}},
		{"KIT-023: a reservation that refuses", catalogue.Refused(func(i catalogue.Item) bool { return i.Zone == "b" }), [4]want{{true, 0}, {true, 0}, {true, 5}, {false, 0}}},
		{"KIT-025: changes compose", catalogue.All(catalogue.OnlyZones("b"), left(map[string]int{"id-2": 1})), [4]want{{false, 0}, {true, 0}, {false, 5}, {true, 4}}},
		{"KIT-025: counts are those of the base", catalogue.All(left(map[string]int{"id-1": 1}), left(map[string]int{"id-1": 2})), [4]want{{true, 0}, {true, 0}, {true, 3}, {true, 5}}},
		{"KIT-025: unavailable stays so", catalogue.All(catalogue.OnlyZones("b"), restock), [4]want{{false, 0}, {true, 0}, {false, 5}, {true, 5}}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			for i, o := range base.View(tc.change)[0].Offerings {
				if got := (want{o.Available, o.ReservationCapacity}); got != tc.want[i] {
					t.Errorf("%s: %+v, want %+v", o.Requirements, got, tc.want[i])
				}
			}
		})
	}
}

// CP-009, KIT-023, KIT-024: whatever was marked, equal pointers are equal content
// and equal content lately shown is the same pointer.
func TestPointers(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	base := catalogue.NewBase(types(5))
	seen := map[*cloudprovider.InstanceType]string{}
	var before []*cloudprovider.InstanceType
	for range 300 {
		gone := map[string]bool{}
		for _, name := range []string{"type-1", "type-3"} {
			for _, zone := range []string{"a", "b", "c"} {
				gone[name+zone] = random.IntN(4) == 0
			}
		}
		view := base.View(catalogue.Unavailable(func(i catalogue.Item) bool { return gone[i.Type.Name+i.Zone] }))
		for i, it := range view {
			content := it.Name
			for _, o := range it.Offerings {
				content += map[bool]string{true: "+", false: "-"}[o.Available]
			}
			if known, ok := seen[it]; ok && known != content {
				t.Fatalf("%s was %s", content, known)
			}
			if before != nil && before[i] != it && catalogue.Equal(before[i], it) {
				t.Fatalf("%s has two pointers in a row", content)
			}
			seen[it] = content
		}
		before = view
	}
}

// KIT-028
func TestConcurrentViews(t *testing.T) {
	base := catalogue.NewBase(types(20))
	want := base.View(without("type-7", "a"))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if !slices.Equal(base.View(without("type-7", "a")), want) {
				t.Error("another view")
			}
			base.View(without("type-8", "a"))
		})
	}
	wg.Wait()
}
