// SPDX-License-Identifier: Apache-2.0

package world

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"sync"
	"time"
)

// priceStep is how often spot prices move.
const priceStep = time.Hour

// Prices are spot prices that move with time: each between a fifth and three fifths
// of the on-demand price, differently for each type and zone, and smoothly.
type Prices struct {
	seed  uint64
	mu    sync.Mutex
	fixed map[Pool]float64
}

// NewPrices returns prices that are a function of the seed.
func NewPrices(seed uint64) *Prices { return &Prices{seed: seed, fixed: map[Pool]float64{}} }

// Fix sets a price, per hour, until it is set again; below 0 lets it move again, and of
// 0 the cloud tells nothing.
func (p *Prices) Fix(pool Pool, price float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if price < 0 {
		delete(p.fixed, pool)
		return
	}
	p.fixed[pool] = price
}

// Spot is the price per hour at a time, and since when it holds. base is the
// on-demand price.
func (p *Prices) Spot(pool Pool, base float64, at time.Time) (price float64, since time.Time) {
	since = at.Truncate(priceStep)
	p.mu.Lock()
	fixed, ok := p.fixed[pool]
	p.mu.Unlock()
	if ok {
		return fixed, since
	}
	level := p.noise(pool, 0) // where the pool lies
	phase := p.noise(pool, 1) // when it peaks
	day := float64(since.Unix()) / (24 * time.Hour).Seconds()
	swing := math.Sin(2 * math.Pi * (day + phase))
	price = base * (0.4 + 0.15*(2*level-1) + 0.05*swing)
	return math.Round(price*10000) / 10000, since
}

// noise is a number in [0, 1) that is fixed for the pool.
func (p *Prices) noise(pool Pool, n uint64) float64 {
	h := fnv.New64a()
	var word [16]byte
	binary.LittleEndian.PutUint64(word[:8], p.seed)
	binary.LittleEndian.PutUint64(word[8:], n)
	_, _ = h.Write(word[:]) // a hash takes everything
	for _, part := range []string{pool.Type, pool.Zone} {
		_, _ = h.Write([]byte(part))
		_, _ = h.Write([]byte{0})
	}
	return float64(mix(h.Sum64())>>11) / (1 << 53)
}

// mix spreads the bits of a hash whose high bits depend little on short inputs.
func mix(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}
