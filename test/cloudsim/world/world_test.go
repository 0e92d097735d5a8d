// SPDX-License-Identifier: Apache-2.0

package world_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	testclock "k8s.io/utils/clock/testing"

	"karpenter.sh/test/cloudsim/world"
)

func noon() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// SIM-020
func TestStock(t *testing.T) {
	a := world.Pool{Type: "m", Zone: "a", Capacity: "spot"}
	b := world.Pool{Type: "m", Zone: "b", Capacity: "spot"}
	s := world.NewStock(2)
	for n, want := range []bool{true, true, false} {
		if got := s.Take(a); got != want {
			t.Errorf("machine %d of two: %v", n+1, got)
		}
	}
	if s.Left(b) != 2 {
		t.Error("pools do not share")
	}
	s.Give(a)
	if s.Left(a) != 1 {
		t.Error("what is given back can be had")
	}
	s.Set(world.Pool{Zone: "a"}, 7)
	if s.Left(a) != 7 || s.Left(b) != 2 {
		t.Errorf("left %d and %d, want the pattern to reach its zone alone", s.Left(a), s.Left(b))
	}
	s.Set(a, 1)
	s.Set(world.Pool{Type: "m"}, 5)
	if s.Left(a) != 5 || s.Left(b) != 5 {
		t.Errorf("left %d and %d, want what was said last", s.Left(a), s.Left(b))
	}
}

// SIM-024
func TestQuotas(t *testing.T) {
	q := world.NewQuotas()
	if !q.Take("cpu", 1000) {
		t.Error("without a quota all is free")
	}
	q.Give("cpu", 1000)
	q.Set("cpu", 4)
	if !q.Take("cpu", 4) || q.Take("cpu", 1) || q.Used("cpu") != 4 {
		t.Errorf("used %d, want all of 4 and not more", q.Used("cpu"))
	}
	q.Give("cpu", 1)
	if !q.Take("cpu", 1) {
		t.Error("what is given back can be used")
	}
}

// SIM-025
func TestPricesMove(t *testing.T) {
	p, other := world.NewPrices(1), world.NewPrices(2)
	pool := world.Pool{Type: "m", Zone: "a", Capacity: "spot"}
	moved, differs := false, false
	first, since := p.Spot(pool, 1, noon())
	for hour := range 48 {
		at := noon().Add(time.Duration(hour) * time.Hour)
		price, _ := p.Spot(pool, 1, at)
		again, _ := p.Spot(pool, 1, at.Add(59*time.Minute))
		foreign, _ := other.Spot(pool, 1, at)
		if price < 0.2 || price > 0.6 || price != again {
			t.Fatalf("hour %d: %v, later %v", hour, price, again)
		}
		moved, differs = moved || price != first, differs || price != foreign
	}
	if !moved || !differs || !since.Equal(noon()) {
		t.Errorf("moved %v, differs by seed %v, holds since %v", moved, differs, since)
	}
	p.Fix(pool, 9)
	if price, _ := p.Spot(pool, 1, noon()); price != 9 {
		t.Errorf("fixed price %v", price)
	}
	p.Fix(pool, -1)
	if price, _ := p.Spot(pool, 1, noon()); price != first {
		t.Errorf("price %v after it was freed, want %v", price, first)
	}
}

// SIM-026
func TestAddresses(t *testing.T) {
	a, err := world.NewAddresses(netip.MustParsePrefix("10.0.0.16/28"), 4)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[netip.Addr]bool{}
	for a.Free() > 0 {
		address, ok := a.Take()
		if !ok || seen[address] {
			t.Fatalf("%s is given twice, or none", address)
		}
		seen[address] = true
	}
	if len(seen) != 11 || seen[netip.MustParseAddr("10.0.0.19")] || !seen[netip.MustParseAddr("10.0.0.20")] || seen[netip.MustParseAddr("10.0.0.31")] {
		t.Errorf("gave %v: want all but the first four and the last", seen)
	}
	if _, ok := a.Take(); ok {
		t.Error("gave one more than there are")
	}
	back := netip.MustParseAddr("10.0.0.25")
	a.Give(back)
	if got, _ := a.Take(); got != back {
		t.Errorf("took %s, want the one that was given back", got)
	}
	if _, err := world.NewAddresses(netip.MustParsePrefix("::/64"), 4); err == nil {
		t.Error("takes IPv6")
	}
}

// SIM-027
func TestIDsAreAFunctionOfTheSeed(t *testing.T) {
	a, b, c := world.NewIDs(1), world.NewIDs(1), world.NewIDs(2)
	for range 100 {
		x, y, z := a.Hex("i-0", 16), b.Hex("i-0", 16), c.Hex("i-0", 16)
		if x != y || x == z || len(x) != 19 {
			t.Fatalf("%s %s %s", x, y, z)
		}
	}
	if u := a.UUID(); len(u) != 36 || u[14] != '4' {
		t.Errorf("UUID %s", u)
	}
}

func TestAgendaRunsInOrder(t *testing.T) {
	a := world.NewAgenda()
	got := ""
	add := func(after time.Duration, name string) {
		a.Add(noon().Add(after), func(at time.Time) {
			got += name
			if !at.Equal(noon().Add(after)) {
				t.Errorf("%s is told %v", name, at)
			}
		})
	}
	add(2*time.Second, "c")
	add(time.Second, "a")
	add(time.Second, "b")
	a.Add(noon().Add(3*time.Second), func(at time.Time) {
		a.Add(at, func(time.Time) { got += "d" }) // due at once
	})
	add(time.Hour, "z")
	a.Run(noon())
	if got != "" {
		t.Errorf("ran %q before anything was due", got)
	}
	a.Run(noon().Add(time.Minute))
	if got != "abcd" || a.Waiting() != 1 {
		t.Errorf("ran %q, %d wait", got, a.Waiting())
	}
}

func TestAgendaLoops(t *testing.T) {
	clock := testclock.NewFakeClock(noon())
	a := world.NewAgenda()
	ctx, cancel := context.WithCancel(context.Background())
	done, ran := make(chan struct{}), make(chan string, 2)
	go func() { a.Loop(ctx, clock); close(done) }()
	a.Add(noon(), func(time.Time) { ran <- "now" })
	if got := <-ran; got != "now" {
		t.Errorf("ran %s", got)
	}
	cancel()
	<-done
}
