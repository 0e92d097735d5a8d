// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/engine/disrupt"
)

// stage is how far a machine has come.
type stage int

const (
	ordered stage = iota
	bought
	ready
	leaving
	gone
)

// machine is a NodeClaim with what became of it.
type machine struct {
	name, key string // key is the provider ID
	claim     *v1.NodeClaim
	itype     *cloudprovider.InstanceType
	offering  *cloudprovider.Offering
	zone      string
	room      amount
	free      amount
	pods      []*pod
	stage     stage
	// registered is set once there is a Node.
	registered bool
	// draining is set from when its pods are evicted.
	draining bool
	why      cause
	// boughtAt and readyAt are when it reached these stages.
	boughtAt, readyAt time.Duration
	// lastEvent is when a pod last came or went, if one did.
	lastEvent time.Duration
	stirred   bool
	// nominated is until when pods are expected.
	nominated time.Duration
	// looks are its pods as disruption sees them; nil if that is not known.
	looks []disrupt.Pod
	// whenReady are called once it is ready, or gone before.
	whenReady []func()
}

// eventful notes that a pod came or is about to go.
func (m *machine) eventful(now time.Duration) { m.lastEvent, m.stirred, m.looks = now, true, nil }

// order has a machine be bought for a NodeClaim that has no name yet.
func (r *replay) order(created cluster.CreatedNodeClaim) *machine {
	r.ordered++
	claim := created.NodeClaim
	claim.Name = fmt.Sprintf("%s%06d", claim.GenerateName, r.ordered)
	claim.UID, claim.CreationTimestamp, claim.ResourceVersion = types.UID(claim.Name), metav1.NewTime(r.Now()), r.objects.stamp()
	m := &machine{name: claim.Name, key: "simulated://" + claim.Name, claim: claim}
	r.machines = append(r.machines, m)
	r.live.InsertNodeClaim(created)
	r.after(r.Times.Launch, func() { r.buy(m) })
	r.touch()
	return m
}

// buy buys the cheapest that serves the NodeClaim. Where nothing does, the
// NodeClaim is given up and its pods are asked about again.
func (r *replay) buy(m *machine) {
	request, err := cloudprovider.LaunchRequestOf(m.claim, r.words)
	if err != nil {
		r.fail(err)
		return
	}
	if m.itype, m.offering = choose(r.Types, request); m.offering == nil {
		r.meter.failed++
		r.forget(m)
		r.trigger()
		return
	}
	group := m.itype.GroupOf(m.offering)
	m.stage, m.boughtAt, m.zone = bought, r.now, m.offering.Zone()
	m.room = amountOf(group.Allocatable)
	m.free = m.room
	m.claim = r.objects.reached(m.claim, r.Now(), v1.ConditionTypeLaunched)
	m.claim.Status.ProviderID = m.key
	m.claim.Status.Capacity, m.claim.Status.Allocatable = group.Capacity, group.Allocatable
	maps.Copy(m.claim.Labels, cloudprovider.LaunchLabels(m.itype, m.offering))
	r.byKey[m.key] = m
	r.live.UpdateNodeClaim(m.claim)
	r.meter.bought(m.offering.Price)
	r.after(r.Times.Register, func() { r.register(m) })
	r.doom(m)
	r.touch()
}

// choose returns the cheapest offering of the preferred capacity type among all
// that serve the request, and its type.
func choose(its []*cloudprovider.InstanceType, request cloudprovider.LaunchRequest) (*cloudprovider.InstanceType, *cloudprovider.Offering) {
	owner := map[*cloudprovider.Offering]*cloudprovider.InstanceType{}
	var launchable cloudprovider.Offerings
	for _, it := range its {
		for _, o := range it.Launchable(request) {
			owner[o] = it
			launchable = append(launchable, o)
		}
	}
	best := launchable.OfCapacityType(launchable.PreferredCapacityType()).Cheapest()
	return owner[best], best
}

// register has the machine be ready for pods.
func (r *replay) register(m *machine) {
	if m.stage != bought {
		return
	}
	m.stage, m.registered, m.readyAt = ready, true, r.now
	m.claim = r.objects.reached(m.claim, r.Now(), v1.ConditionTypeRegistered, v1.ConditionTypeInitialized)
	m.claim.Status.NodeName = m.name
	r.live.UpdateNodeClaim(m.claim)
	r.live.UpdateNode(r.objects.node(m.claim, r.Now()))
	r.zones[m.zone]++
	r.moved = true
	r.touch()
	m.arrived()
}

func (m *machine) arrived() {
	for _, do := range m.whenReady {
		do()
	}
	m.whenReady = nil
}

// doom draws when the cloud takes a spot machine back. The chances of a machine
// are its own, whatever others there are.
func (r *replay) doom(m *machine) {
	if r.Reclaims <= 0 || m.offering.CapacityType() != v1.CapacityTypeSpot {
		return
	}
	life := rand.New(rand.NewPCG(r.Seed, uint64(r.ordered))).ExpFloat64() / r.Reclaims * float64(time.Hour)
	r.after(time.Duration(min(life, float64(r.Trace.Length))), func() { r.announce(m) })
}

// announce tells of a reclaim: the machine drains while it can.
func (r *replay) announce(m *machine) {
	if m.stage == gone {
		return
	}
	r.meter.reclaimed++
	r.after(r.Times.Notice, func() { r.lose(m) })
	r.giveUp(m)
	r.drain(m, byReclaim)
	r.trigger()
}

// lose ends a machine with all that runs there.
func (r *replay) lose(m *machine) {
	if m.stage == gone {
		return
	}
	for _, p := range slices.Clone(m.pods) {
		if !p.leaving {
			r.meter.evicted(p.slot, r.now, byReclaim)
		}
		r.remove(p)
		r.replace(p)
	}
	r.end(m)
}

// end ends the bill of a machine and all that is known of it.
func (r *replay) end(m *machine) {
	if m.stage == gone {
		return
	}
	if m.registered {
		r.zones[m.zone]--
		r.live.DeleteNode(m.name)
	}
	r.meter.ended(m, r.now)
	r.forget(m)
}

// forget takes a machine off the books.
func (r *replay) forget(m *machine) {
	m.stage = gone
	r.live.DeleteNodeClaim(m.name)
	r.machines = slices.DeleteFunc(r.machines, func(o *machine) bool { return o == m })
	delete(r.byKey, m.key)
	r.moved = true
	r.touch()
	m.arrived()
}
