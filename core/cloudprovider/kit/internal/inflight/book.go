// SPDX-License-Identifier: Apache-2.0

package inflight

import (
	"math"
	"time"
)

// Defaults of Terms.
const (
	DefaultLag  = time.Minute
	DefaultHold = 15 * time.Minute
)

// Terms say how long launches are counted.
type Terms struct {
	// Lag is how late the cloud's figures may be; 0 means DefaultLag.
	Lag time.Duration
	// Hold bounds how long a launch is counted; 0 means DefaultHold.
	Hold time.Duration
}

func (t Terms) withDefaults() Terms {
	if t.Lag <= 0 {
		t.Lag = DefaultLag
	}
	if t.Hold <= 0 {
		t.Hold = DefaultHold
	}
	return t
}

// Amounts are what a launch takes from each stock. None is negative.
type Amounts map[string]int64

// flight is what one launch takes from one stock.
type flight struct {
	amount int64
	begun  time.Time
	// settled is when it succeeded; zero while that is open.
	settled time.Time
}

// Book counts what is in flight.
type Book struct {
	terms Terms
	// stocks are the flights by stock and launch; no empty maps.
	stocks map[string]map[string]flight
	// launches are the stocks of each launch.
	launches map[string][]string
	// nextEnd is not later than the first end of a hold; zero without flights.
	nextEnd time.Time
}

// New returns an empty book.
func New(terms Terms) *Book {
	return &Book{terms: terms.withDefaults(), stocks: map[string]map[string]flight{}, launches: map[string][]string{}}
}

// Begin counts a launch that is about to be asked for, in place of what was
// counted for it before.
func (b *Book) Begin(launch string, amounts Amounts, now time.Time) {
	b.put(launch, amounts, flight{begun: now})
}

// Settle counts what a launch that succeeded really took.
func (b *Book) Settle(launch string, amounts Amounts, now time.Time) {
	b.put(launch, amounts, flight{begun: now, settled: now})
}

// Release forgets a launch, and reports whether it was counted.
func (b *Book) Release(launch string) bool {
	stocks, ok := b.launches[launch]
	for _, stock := range stocks {
		b.remove(stock, launch)
	}
	delete(b.launches, launch)
	return ok
}

func (b *Book) put(launch string, amounts Amounts, f flight) {
	b.Release(launch)
	for stock, amount := range amounts {
		if amount <= 0 {
			continue
		}
		if b.stocks[stock] == nil {
			b.stocks[stock] = map[string]flight{}
		}
		f.amount = amount
		b.stocks[stock][launch] = f
		b.launches[launch] = append(b.launches[launch], stock)
	}
	if end := f.begun.Add(b.terms.Hold); len(b.launches[launch]) > 0 && (b.nextEnd.IsZero() || end.Before(b.nextEnd)) {
		b.nextEnd = end
	}
}

// Read drops what a reading of a stock that began at a time must contain, and
// reports whether that was anything.
func (b *Book) Read(stock string, began time.Time) bool {
	dropped := false
	for launch, f := range b.stocks[stock] {
		if !f.settled.IsZero() && !began.Before(f.settled.Add(b.terms.Lag)) {
			b.drop(stock, launch)
			dropped = true
		}
	}
	return dropped
}

// Expire drops what is held too long, and reports whether that was anything.
func (b *Book) Expire(now time.Time) bool {
	if b.nextEnd.IsZero() || now.Before(b.nextEnd) {
		return false
	}
	dropped := false
	b.nextEnd = time.Time{}
	for stock, flights := range b.stocks {
		for launch, f := range flights {
			end := f.begun.Add(b.terms.Hold)
			if !now.Before(end) {
				b.drop(stock, launch)
				dropped = true
			} else if b.nextEnd.IsZero() || end.Before(b.nextEnd) {
				b.nextEnd = end
			}
		}
	}
	return dropped
}

// Total is what is in flight of a stock, at most math.MaxInt64.
func (b *Book) Total(stock string) int64 { return b.TotalBut(stock, "") }

// TotalBut is the total without one launch.
func (b *Book) TotalBut(stock, launch string) int64 {
	var total int64
	for other, f := range b.stocks[stock] {
		if other != launch {
			total = Add(total, f.amount)
		}
	}
	return total
}

// Settled is what launches that succeeded take of a stock, at most math.MaxInt64.
func (b *Book) Settled(stock string) int64 {
	var total int64
	for _, f := range b.stocks[stock] {
		if !f.settled.IsZero() {
			total = Add(total, f.amount)
		}
	}
	return total
}

// Launches are those in flight.
func (b *Book) Launches() map[string]bool {
	out := make(map[string]bool, len(b.launches))
	for launch := range b.launches {
		out[launch] = true
	}
	return out
}

// drop removes one stock from a launch.
func (b *Book) drop(stock, launch string) {
	b.remove(stock, launch)
	var left []string
	for _, other := range b.launches[launch] {
		if other != stock {
			left = append(left, other)
		}
	}
	if b.launches[launch] = left; left == nil {
		delete(b.launches, launch)
	}
}

func (b *Book) remove(stock, launch string) {
	delete(b.stocks[stock], launch)
	if len(b.stocks[stock]) == 0 {
		delete(b.stocks, stock)
	}
}

// Add is the sum of two amounts that are not negative, at most math.MaxInt64.
func Add(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
