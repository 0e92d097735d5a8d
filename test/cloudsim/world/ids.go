// SPDX-License-Identifier: Apache-2.0

package world

import (
	"math/rand/v2"
	"sync"
)

// IDs makes identifiers that look random and are a function of the seed.
type IDs struct {
	mu  sync.Mutex
	src *rand.PCG
}

// NewIDs returns the identifiers of a seed.
func NewIDs(seed uint64) *IDs { return &IDs{src: rand.NewPCG(seed, seed^0x9e3779b97f4a7c15)} }

// Hex returns prefix and so many hexadecimal digits.
func (g *IDs) Hex(prefix string, digits int) string {
	const alphabet = "0123456789abcdef"
	g.mu.Lock()
	defer g.mu.Unlock()
	out := make([]byte, 0, len(prefix)+digits)
	out = append(out, prefix...)
	for len(out) < cap(out) {
		word := g.src.Uint64()
		for i := 0; i < 16 && len(out) < cap(out); i++ {
			out = append(out, alphabet[word&15])
			word >>= 4
		}
	}
	return string(out)
}

// UUID returns an identifier of the form 8-4-4-4-12.
func (g *IDs) UUID() string {
	h := g.Hex("", 32)
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-a" + h[17:20] + "-" + h[20:]
}
