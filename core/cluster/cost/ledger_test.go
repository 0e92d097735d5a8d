// SPDX-License-Identifier: Apache-2.0

package cost_test

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cluster/cost"
)

var (
	small = cost.Offering{InstanceType: "small", Zone: "a", CapacityType: "spot"}
	large = cost.Offering{InstanceType: "large", Zone: "b", CapacityType: "on-demand"}
)

func claim(name, pool string, o cost.Offering) *v1.NodeClaim {
	return &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name), Labels: map[string]string{
		v1.NodePoolLabelKey: pool, corev1.LabelInstanceTypeStable: o.InstanceType,
		corev1.LabelTopologyZone: o.Zone, v1.CapacityTypeLabelKey: o.CapacityType,
	}}}
}

func without(key string) *v1.NodeClaim {
	nc := claim("a", "pool", small)
	delete(nc.Labels, key)
	return nc
}

func TestCost(t *testing.T) {
	prices := map[cost.Offering]float64{small: 1, large: 10}
	for _, tc := range []struct {
		reason string
		steps  func(*cost.Ledger)
		want   float64
	}{
		{"LIF-055: nothing costs nothing", func(*cost.Ledger) {}, 0},
		{"LIF-055: prices add up", func(l *cost.Ledger) {
			l.UpdateNodeClaim(claim("a", "pool", small))
			l.UpdateNodeClaim(claim("b", "pool", small))
			l.UpdateNodeClaim(claim("c", "pool", large))
		}, 12},
		{"LIF-055: a NodeClaim is counted once", func(l *cost.Ledger) {
			l.UpdateNodeClaim(claim("a", "pool", small))
			l.UpdateNodeClaim(claim("a", "pool", small))
		}, 1},
		{"LIF-055: until it is gone", func(l *cost.Ledger) {
			l.UpdateNodeClaim(claim("a", "pool", small))
			l.DeleteNodeClaim("a")
			l.DeleteNodeClaim("a")
		}, 0},
		{"LIF-055: another NodeClaim of the name replaces it", func(l *cost.Ledger) {
			l.UpdateNodeClaim(claim("a", "pool", small))
			l.UpdateNodeClaim(claim("a", "pool", large))
		}, 10},
		{"LIF-055: pools are apart", func(l *cost.Ledger) { l.UpdateNodeClaim(claim("a", "other", small)) }, 0},
		{"LIF-055: no pool", func(l *cost.Ledger) { l.UpdateNodeClaim(without(v1.NodePoolLabelKey)) }, 0},
		{"LIF-055: no instance type", func(l *cost.Ledger) { l.UpdateNodeClaim(without(corev1.LabelInstanceTypeStable)) }, 0},
		{"LIF-055: no zone", func(l *cost.Ledger) { l.UpdateNodeClaim(without(corev1.LabelTopologyZone)) }, 0},
		{"LIF-055: no capacity type", func(l *cost.Ledger) { l.UpdateNodeClaim(without(v1.CapacityTypeLabelKey)) }, 0},
		{"LIF-055: an unknown price counts nothing", func(l *cost.Ledger) {
			l.UpdateNodeClaim(claim("a", "pool", small))
			l.UpdateNodeClaim(claim("b", "pool", cost.Offering{InstanceType: "x", Zone: "y", CapacityType: "z"}))
		}, 1},
		{"LIF-055: a pool that goes takes its ledger along", func(l *cost.Ledger) {
			l.UpdateNodeClaim(claim("a", "pool", small))
			l.DeleteNodePool("pool")
			l.UpdateNodeClaim(claim("a", "pool", small))
			l.DeleteNodeClaim("a")
		}, 0},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			for _, priced := range []string{"before", "after"} {
				l := cost.NewLedger()
				if priced == "before" {
					l.SetPrices("pool", prices)
				}
				tc.steps(l)
				l.SetPrices("pool", prices)
				if got := l.Cost("pool"); got != tc.want {
					t.Errorf("priced %s: cost %v, want %v", priced, got, tc.want)
				}
			}
		})
	}
}

// LIF-055: prices are wanted when an offering is first used.
func TestWanted(t *testing.T) {
	l := cost.NewLedger()
	signalled := func() bool {
		select {
		case <-l.Wanted():
			return true
		default:
			return false
		}
	}
	l.UpdateNodeClaim(claim("a", "pool", small))
	if !signalled() || !slices.Equal(l.Unpriced(), []string{"pool"}) {
		t.Errorf("unpriced: %v", l.Unpriced())
	}
	if unknown := l.SetPrices("pool", map[cost.Offering]float64{}); !slices.Equal(unknown, []cost.Offering{small}) {
		t.Errorf("unknown: %v", unknown)
	}
	l.UpdateNodeClaim(claim("b", "pool", small))
	if signalled() || len(l.Unpriced()) != 0 {
		t.Error("a price that is not to be had is asked for again")
	}
	l.UpdateNodeClaim(claim("c", "pool", large))
	if !signalled() {
		t.Error("another offering asks for no price")
	}
	l.SetPrices("pool", map[cost.Offering]float64{small: 1, large: 2})
	l.UpdateNodeClaim(claim("d", "pool", large))
	if signalled() || l.Cost("pool") != 6 {
		t.Errorf("cost %v", l.Cost("pool"))
	}
}
