// SPDX-License-Identifier: Apache-2.0

package cloudprovider

import (
	"fmt"
	"math"

	"k8s.io/apimachinery/pkg/types"
)

// SharedLimit is a limit that many offerings draw on, such as a quota of the account
// (CP-130). No amount is negative.
type SharedLimit struct {
	// Name is the one by which draws of offerings call it, in words that users know it
	// by: they are told it.
	Name string
	// Max is what may be used, Used what is, and InFlight what launches take that Used
	// does not contain yet.
	Max, Used, InFlight int64
}

// Left is what may still be taken; 0 or more.
func (l SharedLimit) Left() int64 { return max(l.Max-l.Used-l.InFlight, 0) }

// String names the figures.
func (l SharedLimit) String() string {
	return fmt.Sprintf("%d of %q left (limit %d, used %d, being launched %d)", l.Left(), l.Name, l.Max, l.Used, l.InFlight)
}

// Limits are the shared limits of a moment. The zero value limits nothing.
type Limits struct {
	// Shared are those that are known, by name.
	Shared []SharedLimit
	// Counts reports whether InFlight contains the launch of a NodeClaim, by its UID: as it
	// was at that moment, whatever began or ended since. Nil means that it contains none.
	Counts func(types.UID) bool
}

// Taken is what is used and in flight of all limits together, at most math.MaxInt64.
func (l Limits) Taken() int64 {
	var sum int64
	for _, s := range l.Shared {
		sum += min(s.Used, math.MaxInt64-sum)
		sum += min(s.InFlight, math.MaxInt64-sum)
	}
	return sum
}

// Limiter is the optional capability of a provider whose offerings draw on shared limits
// (CP-130).
type Limiter interface {
	// Limits are those of this moment, from memory.
	Limits() Limits
}

// LimitsOf returns what the provider knows of shared limits, looking through layers.
func LimitsOf(provider CloudProvider) Limits {
	if p, ok := capability[Limiter](provider); ok {
		return p.Limits()
	}
	return Limits{}
}
