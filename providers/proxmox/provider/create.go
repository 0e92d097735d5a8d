// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/ledger"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/launch"
	"karpenter.sh/providers/proxmox/placement"
)

var (
	errNoNodeClaim = errors.New("no NodeClaim is given")
	errUnavailable = errors.New("all requested instance types were unavailable during launch")
)

// reasonTypes is why nothing could be chosen (CP-012).
const reasonTypes = "InstanceTypeResolutionFailed"

// order is what a launch is asked for.
type order struct {
	nodeClaim *v1.NodeClaim
	nodeClass *v1alpha1.ProxmoxNodeClass
	request   cloudprovider.LaunchRequest
	// types are those of the NodeClass.
	types *base
}

// Create implements cloudprovider.CloudProvider, in the order of PVE-060 to PVE-067.
func (p *Provider) Create(ctx context.Context, nodeClaim *v1.NodeClaim) (*v1.NodeClaim, error) {
	if nodeClaim == nil {
		return nil, errNoNodeClaim
	}
	nodeClass, err := p.lookup().ForLaunch(ctx, nodeClaim)
	if err != nil {
		return nil, err
	}
	if err := cloudprovider.CheckReady(nodeClass); err != nil {
		return nil, err
	}
	o := order{nodeClaim: nodeClaim.DeepCopy(), nodeClass: nodeClass} // it may outlive the call
	if o.request, err = cloudprovider.LaunchRequestOf(o.nodeClaim, p.words); err != nil {
		return nil, err
	}
	if o.types, err = p.base(nodeClass); err != nil {
		return nil, cloudprovider.NewCreateError(err, reasonTypes, "Error resolving instance types")
	}
	m, err := p.ledger.Launch(ctx, ledger.Request[machine]{
		UID: nodeClaim.UID, New: p.begin(o).first,
		Launch: func(ctx context.Context, _ string) (machine, error) { return p.launch(ctx, o) },
	})
	if err != nil {
		return nil, err
	}
	return p.launched(m, o)
}

// underway is a launch of which lists of machines may not tell.
type underway struct {
	name, class string
	// first means that no other process can have launched for the NodeClaim.
	first bool
	// on is the host that is tried; zero: none.
	on placement.Entry
	// regions are those where a machine of the NodeClaim may be, by what this process did.
	regions map[string]bool
	// began is when it was asked for last.
	began time.Time
}

// clockMargin is how far the clock of the API server, which dates NodeClaims, may be ahead
// of ours: within it a NodeClaim may be older than our lead, and another process may have
// launched for it.
const clockMargin = time.Minute

// begin notes a launch. What is old is forgotten: NodeClaims of such have come to an end.
func (p *Provider) begin(o order) underway {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.opts.Clock.Now()
	if p.leads.IsZero() {
		p.leads = now
	}
	for uid, u := range p.launches {
		if now.Sub(u.began) > 2*cloudprovider.DefaultLaunchTimeout {
			delete(p.launches, uid)
		}
	}
	u := p.launches[o.nodeClaim.UID]
	if u == nil {
		u = &underway{
			name: o.nodeClaim.Name, class: o.nodeClass.Name, regions: map[string]bool{},
			first: o.nodeClaim.CreationTimestamp.After(p.leads.Add(clockMargin)),
		}
		p.launches[o.nodeClaim.UID] = u
	}
	u.began = now
	return *u
}

// attempts notes which host a launch tries.
func (p *Provider) attempts(o order, e placement.Entry) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if u := p.launches[o.nodeClaim.UID]; u != nil {
		u.on, u.regions[e.Region] = e, true
	}
}

// attempted notes that a launch no longer tries a host, and whether a machine may be there.
func (p *Provider) attempted(o order, there bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if u := p.launches[o.nodeClaim.UID]; u != nil {
		if !there {
			delete(u.regions, u.on.Region)
		}
		u.on = placement.Entry{}
	}
}

// traces are the name of the NodeClaim of a launch, and where its machine may be; nil:
// anywhere.
func (p *Provider) traces(uid types.UID) (name string, regions map[string]bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	u := p.launches[uid]
	switch {
	case u == nil:
		return "", nil
	case !u.first:
		return u.name, nil
	}
	return u.name, maps.Clone(u.regions)
}

// refused reports whether an error of a launch says that no machine came of it.
func refused(err error) bool { return !errors.Is(err, launch.ErrRemains) }

// leastTime is what must be left of a launch's time for another host to be tried
// (PVE-063).
const leastTime = 90 * time.Second

// launch tries types and hosts until one succeeds.
func (p *Provider) launch(ctx context.Context, o order) (machine, error) {
	started := p.opts.Clock.Now()
	hash, err := o.nodeClass.InPlaceHash() // what can fail comes before there is a machine
	if err != nil {
		return machine{}, err
	}
	boot, err := p.prepare(ctx, o)
	if err != nil {
		return machine{}, err
	}
	l := &launching{Provider: p, order: o, boot: boot, hash: hash}
	entries := selected(o.nodeClass)
	for _, w := range choose(p.view(o.types), o.request) {
		for _, e := range p.ordered(ctx, o, w.entriesOf(entries)) {
			if ctx.Err() != nil || len(l.verdicts) > 0 && cloudprovider.DefaultLaunchTimeout-p.opts.Clock.Since(started) < leastTime {
				return machine{}, l.failed(ctx)
			}
			if m, done := l.try(ctx, w, e); done {
				return m, nil
			}
			if l.remains {
				return machine{}, l.failed(ctx)
			}
		}
	}
	return machine{}, l.failed(ctx)
}

// ordered are hosts in the order in which they are tried (PVE-062).
func (p *Provider) ordered(ctx context.Context, o order, entries []placement.Entry) []placement.Entry {
	if o.nodeClass.Spec.Balance() == v1alpha1.ZoneBalanceAvailabilityFirst {
		return placement.Order(entries, nil, p.opts.Shuffle)
	}
	return placement.Order(entries, p.loads(ctx, o.nodeClass.Name, entries), nil)
}

// loads are what decides between hosts. A region whose machines cannot be listed counts
// those under way only.
func (p *Provider) loads(ctx context.Context, class string, entries []placement.Entry) map[placement.Entry]placement.Load {
	type host struct{ region, name string }
	counts, listed := map[host]int{}, map[string]bool{}
	p.mu.Lock()
	busy := map[string]bool{}
	for uid, u := range p.launches {
		if u.on != (placement.Entry{}) {
			busy[string(uid)] = true
			if u.class == class {
				counts[host{u.on.Region, u.on.Host}]++
			}
		}
	}
	p.mu.Unlock()
	out := map[placement.Entry]placement.Load{}
	for _, e := range entries {
		if !listed[e.Region] {
			listed[e.Region] = true
			machines, _ := p.opts.Inventory.Machines(ctx, e.Region) // an order is no matter of life and death
			for _, m := range machines {
				if m.Ours && m.Owner.NodeClass == class && m.Owner.Cluster == p.opts.Cluster && !busy[m.Owner.UID] {
					counts[host{m.Region, m.Host}]++
				}
			}
		}
		reading, _ := p.opts.Inventory.Reading(e.Region)
		h, _ := reading.Host(e.Host)
		out[e] = placement.Load{Machines: counts[host{e.Region, e.Host}], CPU: int(h.Load * 100)}
	}
	return out
}

// prepare reads what boot data are made of.
func (p *Provider) prepare(ctx context.Context, o order) (bootData, error) {
	prepared, err := p.opts.Boot.Prepare(ctx, subjectOf(o))
	if err != nil {
		return bootData{}, fmt.Errorf("preparing boot data: %w", err)
	}
	return bootData{prepared}, nil
}
