// SPDX-License-Identifier: Apache-2.0

package cost

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
)

// Offering is what a NodeClaim was bought through.
type Offering struct{ InstanceType, Zone, CapacityType string }

func compareOfferings(a, b Offering) int {
	return cmp.Or(strings.Compare(a.InstanceType, b.InstanceType),
		strings.Compare(a.Zone, b.Zone), strings.Compare(a.CapacityType, b.CapacityType))
}

// Ledger is the running cost of all pools.
type Ledger struct {
	wanted chan struct{}

	mu     sync.Mutex
	claims map[string]purchase // by name of the NodeClaim
	pools  map[string]*account
}

// purchase is what one NodeClaim was counted as.
type purchase struct {
	uid      types.UID
	pool     string
	offering Offering
}

// account is what is known of one pool.
type account struct {
	counts map[Offering]int
	prices map[Offering]float64
	wanted bool // an offering in use has no price yet
}

// NewLedger returns an empty ledger.
func NewLedger() *Ledger {
	return &Ledger{
		wanted: make(chan struct{}, 1),
		claims: map[string]purchase{}, pools: map[string]*account{},
	}
}

// UpdateNodeClaim counts a NodeClaim, once it tells its pool and offering.
func (l *Ledger) UpdateNodeClaim(claim *v1.NodeClaim) {
	p, ok := purchaseOf(claim)
	if !ok {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if known, counted := l.claims[claim.Name]; counted {
		if known == p {
			return
		}
		l.remove(known)
	}
	l.claims[claim.Name] = p
	l.add(p)
}

func purchaseOf(claim *v1.NodeClaim) (purchase, bool) {
	p := purchase{claim.UID, claim.Labels[v1.NodePoolLabelKey], Offering{
		InstanceType: claim.Labels[corev1.LabelInstanceTypeStable],
		Zone:         claim.Labels[corev1.LabelTopologyZone],
		CapacityType: claim.Labels[v1.CapacityTypeLabelKey],
	}}
	return p, p.pool != "" && p.offering.InstanceType != "" && p.offering.Zone != "" && p.offering.CapacityType != ""
}

func (l *Ledger) add(p purchase) {
	a := l.account(p.pool)
	a.counts[p.offering]++
	if _, priced := a.prices[p.offering]; priced || a.counts[p.offering] > 1 {
		return
	}
	a.wanted = true
	select {
	case l.wanted <- struct{}{}:
	default: // a signal is on its way already
	}
}

func (l *Ledger) account(pool string) *account {
	a := l.pools[pool]
	if a == nil {
		a = &account{counts: map[Offering]int{}}
		l.pools[pool] = a
	}
	return a
}

// DeleteNodeClaim takes a NodeClaim that is gone off the books.
func (l *Ledger) DeleteNodeClaim(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p, counted := l.claims[name]; counted {
		delete(l.claims, name)
		l.remove(p)
	}
}

func (l *Ledger) remove(p purchase) {
	a := l.pools[p.pool]
	if a == nil || a.counts[p.offering] == 0 {
		return // the pool was dropped meanwhile
	}
	if a.counts[p.offering]--; a.counts[p.offering] == 0 {
		delete(a.counts, p.offering)
	}
}

// DeleteNodePool drops the books of a pool that is gone. NodeClaims of it that
// are still there count no more.
func (l *Ledger) DeleteNodePool(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.pools, name)
}

// SetPrices replaces the prices of a pool, and returns the offerings in use that
// have none.
func (l *Ledger) SetPrices(pool string, prices map[Offering]float64) []Offering {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.account(pool)
	a.prices, a.wanted = prices, false
	var unknown []Offering
	for offering := range a.counts {
		if _, priced := prices[offering]; !priced {
			unknown = append(unknown, offering)
		}
	}
	slices.SortFunc(unknown, compareOfferings)
	return unknown
}

// Cost is what the NodeClaims of a pool cost per hour, in the provider's
// currency.
func (l *Ledger) Cost(pool string) float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.pools[pool]
	if a == nil {
		return 0
	}
	sum := 0.0
	for _, offering := range slices.SortedFunc(maps.Keys(a.counts), compareOfferings) {
		sum += float64(a.counts[offering]) * a.prices[offering]
	}
	return sum
}

// Wanted signals that some pool has begun to use an offering without a price.
func (l *Ledger) Wanted() <-chan struct{} { return l.wanted }

// Unpriced lists the pools that have begun to use an offering without a price
// since their prices were last set.
func (l *Ledger) Unpriced() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for name, a := range l.pools {
		if a.wanted {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}
