// SPDX-License-Identifier: Apache-2.0

package price

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// Spot names a spot price. An empty zone is every zone, of clouds that price spot
// by region.
type Spot struct {
	InstanceType string
	Zone         string
}

// Table is prices per hour as a provider embeds them.
type Table struct {
	// OnDemand by instance type.
	OnDemand map[string]float64
	// Spot prices; mostly none.
	Spot map[Spot]float64
	// At is when the table was made.
	At time.Time
}

// Options is what a Book is made of.
type Options struct {
	// Clock is required.
	Clock clock.PassiveClock
	// Embedded is the static fallback (CP-126).
	Embedded Table
	// Rates are what to estimate by where no price is known.
	Rates Rates
	// SpotRatio is what spot costs of the on-demand price where nobody says; 0 means
	// 1 (KIT-042).
	SpotRatio float64
	// SpotEverywhere says that spot is sold wherever on-demand is, so that the ratio
	// applies after the cloud has priced spot, too.
	SpotEverywhere bool
}

// Update is what the cloud says. A nil map says nothing about its kind.
type Update struct {
	OnDemand map[string]float64
	Spot     map[Spot]float64
	// Complete replaces earlier prices of the kinds that the update has; else it is
	// merged over them (KIT-044).
	Complete bool
}

// ErrEmpty says that an update has no usable price.
var ErrEmpty = errors.New("it has no usable price")

// Book holds prices. It is safe for concurrent use.
type Book struct {
	opts Options

	mu sync.Mutex
	// onDemand and spot are the cloud's; nil before the first update of the kind.
	// They are replaced, never written to, because snapshots share them.
	onDemand           map[string]float64
	spot               map[Spot]float64
	onDemandAt, spotAt time.Time
	shapes             map[string]Shape
	file               *File
	table              Table
	generation         uint64
	// latest is the snapshot; nil after something changed.
	latest *Snapshot
}

// NewBook returns a book with the embedded prices.
func NewBook(opts Options) *Book {
	if opts.SpotRatio <= 0 {
		opts.SpotRatio = 1
	}
	b := &Book{opts: opts}
	b.SetTable(opts.Embedded)
	return b
}

// SetTable replaces the embedded prices, for providers whose fallback is known only
// while they run (KIT-056). Prices that cannot be are left out.
func (b *Book) SetTable(t Table) {
	t.OnDemand, _ = usable(t.OnDemand)
	t.Spot, _ = usable(t.Spot)
	b.mu.Lock()
	defer b.mu.Unlock()
	if !maps.Equal(b.table.OnDemand, t.OnDemand) || !maps.Equal(b.table.Spot, t.Spot) {
		b.changed()
	}
	b.table = t
}

// Update takes prices of the cloud and returns how many it left out because no
// price can be like that. A kind that is given without any usable price is an
// error, and nothing is taken (KIT-044).
func (b *Book) Update(u Update) (skipped int, err error) {
	onDemand, skippedOnDemand := usable(u.OnDemand)
	spot, skippedSpot := usable(u.Spot)
	skipped = skippedOnDemand + skippedSpot
	switch {
	case u.OnDemand == nil && u.Spot == nil, u.OnDemand != nil && len(onDemand) == 0:
		return skipped, fmt.Errorf("updating the on-demand prices: %w", ErrEmpty)
	case u.Spot != nil && len(spot) == 0:
		return skipped, fmt.Errorf("updating the spot prices: %w", ErrEmpty)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.opts.Clock.Now()
	changed := false
	if u.OnDemand != nil {
		b.onDemand, changed = merged(b.onDemand, onDemand, u.Complete)
		b.onDemandAt = now
	}
	if u.Spot != nil {
		next, spotChanged := merged(b.spot, spot, u.Complete)
		b.spot, b.spotAt, changed = next, now, changed || spotChanged
	}
	if changed {
		b.changed()
	}
	return skipped, nil
}

// SetShapes tells which types there are, for estimates.
func (b *Book) SetShapes(shapes map[string]Shape) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !maps.Equal(b.shapes, shapes) {
		b.shapes = maps.Clone(shapes)
		b.changed()
	}
}

// SetFile puts the user's own prices in force; nil ends them (KIT-055).
func (b *Book) SetFile(file *File) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.file != file {
		b.file = file
		b.changed()
	}
}

// Snapshot returns the prices of this moment.
func (b *Book) Snapshot() *Snapshot {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.latest == nil {
		b.latest = newSnapshot(b)
	}
	return b.latest
}

// Updated returns when the cloud last gave prices of each kind; before the first
// time, when the embedded table was made.
func (b *Book) Updated() (onDemand, spot time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	onDemand, spot = b.onDemandAt, b.spotAt
	if onDemand.IsZero() {
		onDemand = b.table.At
	}
	if spot.IsZero() {
		spot = b.table.At
	}
	return onDemand, spot
}

func (b *Book) changed() {
	b.generation++
	b.latest = nil
}

// usable returns the prices that can be, and how many cannot.
func usable[K comparable](prices map[K]float64) (kept map[K]float64, skipped int) {
	kept = make(map[K]float64, len(prices))
	for key, price := range prices {
		if price > 0 && !math.IsInf(price, 1) { // false for no number, too
			kept[key] = price
		}
	}
	return kept, len(prices) - len(kept)
}

// merged returns next over known, or next alone, and whether that differs from
// known.
func merged[K comparable](known, next map[K]float64, complete bool) (map[K]float64, bool) {
	out := next
	if !complete && known != nil {
		out = maps.Clone(known)
		maps.Copy(out, next)
	}
	return out, known == nil || !maps.Equal(known, out)
}
