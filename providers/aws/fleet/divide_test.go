// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/providers/aws/choice"
	"karpenter.sh/providers/aws/fleet"
)

// list reads "a1 b2" as type a in its zone at price 1, type b at price 2.
func list(text string) []fleet.Offer {
	var out []fleet.Offer
	for _, word := range strings.Fields(text) {
		o := fleet.Offer{Type: word[:1], Zone: "z"}
		if _, err := fmt.Sscan(word[1:], &o.Price); err != nil {
			panic(err)
		}
		out = append(out, o)
	}
	return out
}

// parts writes parts as "0,1: a b | 2: c".
func parts(all []fleet.Part) string {
	var out []string
	for _, p := range all {
		var types []string
		for _, o := range p.Offers {
			types = append(types, o.Type)
		}
		out = append(out, strings.ReplaceAll(strings.Trim(fmt.Sprint(p.Members), "[]"), " ", ",")+": "+strings.Join(types, " "))
	}
	slices.Sort(out)
	return strings.Join(out, " | ")
}

func onDemand() fleet.Terms { return fleet.Terms{CapacityType: label.OnDemand} }
func spot() fleet.Terms     { return fleet.Terms{CapacityType: label.Spot} }
func interruptible() fleet.Terms {
	return fleet.Terms{CapacityType: label.Reserved, Reservation: choice.ReservationInterruptible}
}

func TestDivide(t *testing.T) {
	for _, tc := range []struct {
		name  string
		terms fleet.Terms
		lists []string
		want  string
	}{
		{"CP-090: equal lists share a fleet, in whatever order they are", onDemand(), []string{"a1 b2", "b2 a1", "a1 b2"}, "0,1,2: a b"},
		{"the offers that lists begin with", onDemand(), []string{"a1 b2 c3", "a1 b2 d3", "a1 b2"}, "0,1,2: a b"},
		{"not what begins with another", onDemand(), []string{"a1 b2", "b2 c3", "a1"}, "0,2: a | 1: b c"},
		{"a level of price is shared as a whole", onDemand(), []string{"a1 b2 c2", "a1 b2 d3"}, "0,1: a"},
		{"or not at all", onDemand(), []string{"a1 b1", "a1 c2", "a1 b1 d2"}, "0,2: a b | 1: a c"},
		{"the same type at another price is another offer", onDemand(), []string{"a1 b2", "a1.5 b2"}, "0: a b | 1: a b"},
		{"an interruptible reservation has no order", interruptible(), []string{"a1 b2", "a1", "a1"}, "0: a b | 1,2: a"},
		{"spot: four fifths of each, and the cheapest", spot(), []string{"a1 b2 c3 d4 e5", "a1 b2 c3 d4 f6"}, "0,1: a b c d"},
		{"spot: too little of one", spot(), []string{"a1 b2 c3 d4 e5", "a1 b2 c3"}, "0: a b c d e | 1: a b c"},
		{"spot: not without the cheapest", spot(), []string{"a1 b2 c3 d4 e5", "b2 c3 d4 e5"}, "0: a b c d e | 1: b c d e"},
		{"spot: never step by step below four fifths", spot(), []string{"a1 b2 c3 d4 e5", "a1 b2 c3 d4 f6", "a1 b2 c3 e5 f6"}, "0,1: a b c d | 2: a b c e f"},
		{"nothing", onDemand(), nil, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var lists [][]fleet.Offer
			for _, text := range tc.lists {
				lists = append(lists, list(text))
			}
			if got := parts(fleet.Divide(tc.terms, lists)); got != tc.want {
				t.Errorf("got %s\nwant %s", got, tc.want)
			}
		})
	}
}

// AWS-325: how many addresses machines take does not divide.
func TestDivideWhateverTheAddresses(t *testing.T) {
	for _, terms := range []fleet.Terms{onDemand(), spot(), interruptible()} {
		one, other := list("a1 b2"), list("a1 b2")
		one[0].Addresses, other[0].Addresses, other[1].Addresses = 9, 17, 3
		if got := parts(fleet.Divide(terms, [][]fleet.Offer{one, other})); got != "0,1: a b" {
			t.Errorf("%s: got %s", terms.CapacityType, got)
		}
	}
}

// Never more fleets than requests, no request lost or twice, and no offer in a fleet that
// one of its members lacks. The cheapest offers of each are in its fleet.
func TestDividingIsSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms := rapid.SampledFrom([]fleet.Terms{onDemand(), spot(), interruptible(), {CapacityType: label.OnDemand, ByPrice: true}}).Draw(t, "terms")
		var lists [][]fleet.Offer
		for range rapid.IntRange(0, 12).Draw(t, "requests") {
			var offers []fleet.Offer
			from := rapid.IntRange(0, 3).Draw(t, "from")
			for kind := from; kind < 12; kind++ {
				if rapid.IntRange(0, 9).Draw(t, "has") > 0 {
					offers = append(offers, fleet.Offer{Type: fmt.Sprint(kind), Zone: fmt.Sprint(kind % 2), Price: float64(kind / 2)})
				}
			}
			if len(offers) == 0 {
				offers = list("x9")
			}
			lists = append(lists, offers)
		}
		seen := map[int]bool{}
		all := fleet.Divide(terms, lists)
		if len(all) > len(lists) {
			t.Fatalf("%d fleets for %d requests", len(all), len(lists))
		}
		for _, p := range all {
			if len(p.Members) == 0 || len(p.Offers) == 0 || !slices.IsSorted(p.Members) {
				t.Fatalf("part %+v", p)
			}
			for _, m := range p.Members {
				if seen[m] {
					t.Fatalf("request %d is in two parts", m)
				}
				seen[m] = true
				shared := 0
				for _, o := range lists[m] {
					in := slices.Contains(p.Offers, o)
					if in {
						shared++
					}
					if cheapest := !slices.ContainsFunc(lists[m], func(x fleet.Offer) bool { return x.Price < o.Price }); cheapest && !in {
						t.Fatalf("request %d lacks its cheapest offer %+v", m, o)
					}
				}
				if shared != len(p.Offers) {
					t.Fatalf("request %d is given offers that it does not list", m)
				}
				if terms.CapacityType == label.Spot && shared*5 < len(lists[m])*4 {
					t.Fatalf("request %d keeps %d of %d offers", m, shared, len(lists[m]))
				}
				if terms.CapacityType == label.OnDemand {
					// Whatever is launched from the fleet, the member lists nothing cheaper
					// that the fleet has not.
					dearest := slices.MaxFunc(p.Offers, func(a, b fleet.Offer) int { return int(a.Price - b.Price) })
					for _, o := range lists[m] {
						if o.Price <= dearest.Price && !slices.Contains(p.Offers, o) {
							t.Fatalf("request %d would pay %v although it lists %+v", m, dearest.Price, o)
						}
					}
				}
			}
		}
		if len(seen) != len(lists) {
			t.Fatalf("%d of %d requests are in a part", len(seen), len(lists))
		}
	})
}

// AWS-325: lists share less where there would be more fleets than EC2 admits at once, but
// never without the cheapest.
func TestManyKinds(t *testing.T) {
	var lists [][]fleet.Offer
	for i := range 40 { // each lacks three of ten
		var offers []fleet.Offer
		for kind := range 10 {
			if kind == 0 || (kind+i)%10 > 2 {
				offers = append(offers, fleet.Offer{Type: fmt.Sprint(kind), Zone: "z", Price: float64(kind)})
			}
		}
		lists = append(lists, append(offers, fleet.Offer{Type: fmt.Sprint("own ", i), Zone: "z", Price: 20}))
	}
	few, many := fleet.Divide(spot(), lists[:10]), fleet.Divide(spot(), lists)
	if len(few) < 5 || len(many) > 25 {
		t.Errorf("%d fleets for 10 kinds, %d for 40", len(few), len(many))
	}
	for _, p := range many {
		if p.Offers[0].Type != "0" {
			t.Errorf("%v lack their cheapest offer", p.Members)
		}
	}
}
