// SPDX-License-Identifier: Apache-2.0

package fake

import (
	"context"
	"errors"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake/v1alpha1"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/lookup"
	"karpenter.sh/core/events"
)

var errNothing = errors.New("all requested instance types were unavailable during launch")

// Create implements cloudprovider.CloudProvider.
func (p *Provider) Create(ctx context.Context, nodeClaim *v1.NodeClaim) (*v1.NodeClaim, error) {
	if err := p.enter(ctx, Call{Operation: Create, NodeClaim: nodeClaim}); err != nil {
		return nil, err
	}
	nodeClass, err := p.lookup().ForLaunch(ctx, nodeClaim)
	if err != nil {
		return nil, err
	}
	if err := cloudprovider.CheckReady(nodeClass); err != nil {
		return nil, err
	}
	request, err := cloudprovider.LaunchRequestOf(nodeClaim, p.words)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if m := p.alive(idFor(nodeClaim)); m != nil {
		return m.describe(), nil
	}
	choice := choose(p.onSale(nodeClaim.Labels[v1.NodePoolLabelKey], nodeClass.Spec), request)
	if choice.offering == nil {
		return nil, cloudprovider.NewInsufficientCapacityError(errNothing)
	}
	stamp, err := p.stamp(nodeClass)
	if err != nil {
		return nil, err
	}
	return p.launch(nodeClaim, request, launched{choice, stamp})
}

// stamp returns the annotations of the static hash; none without one.
func (p *Provider) stamp(nodeClass *v1alpha1.TestNodeClass) (map[string]string, error) {
	if p.opts.Hash == nil {
		return nil, nil
	}
	return p.opts.Hash.Stamp(nodeClass)
}

// lookup finds NodeClasses; what users would see goes to the journal.
func (p *Provider) lookup() lookup.Lookup[*v1alpha1.TestNodeClass] {
	return lookup.Lookup[*v1alpha1.TestNodeClass]{Get: p.opts.NodeClass, Events: publisher{p}}
}

// publisher keeps events in the journal of a provider.
type publisher struct{ *Provider }

// Publish implements events.Recorder.
func (p publisher) Publish(published ...events.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range published {
		p.journal.events = append(p.journal.events, Event{Object: e.Object, Reason: e.Reason, Message: e.Message})
	}
}

// choice is what a launch buys.
type choice struct {
	instanceType *cloudprovider.InstanceType
	offering     *cloudprovider.Offering
}

// choose returns the cheapest offering of the preferred capacity type among all
// that serve the request (CP-013, CP-014); none is the zero choice.
func choose(types []*cloudprovider.InstanceType, request cloudprovider.LaunchRequest) choice {
	owner := map[*cloudprovider.Offering]*cloudprovider.InstanceType{}
	var launchable cloudprovider.Offerings
	for _, it := range cloudprovider.InstanceTypes(types).OrderByPrice(request.Requirements, request.Open) {
		for _, o := range it.Launchable(request) {
			owner[o] = it
			launchable = append(launchable, o)
		}
	}
	best := launchable.OfCapacityType(launchable.PreferredCapacityType()).Cheapest()
	return choice{owner[best], best}
}

// launched is what is bought, and what the machine is marked with.
type launched struct {
	choice
	annotations map[string]string
}

// launch asks the cloud for the machine.
func (p *Provider) launch(nodeClaim *v1.NodeClaim, request cloudprovider.LaunchRequest, l launched) (*v1.NodeClaim, error) {
	p.journal.launches++
	key := keyOf(l.instanceType, l.offering)
	if p.stock.soldOut[key] {
		return nil, p.notice(soldOut, fmt.Errorf("%s is sold out", key), func(other OfferingKey) bool { return other == key })
	}
	if covers := p.stock.exhausted; covers != nil && covers(key) {
		return nil, p.notice(quotaExceeded, fmt.Errorf("a quota for %s is exhausted", key), covers)
	}
	m := newMachine(nodeClaim, request, l.choice, p.opts.Clock.Now())
	m.claim.Annotations = l.annotations
	p.machines[m.providerID()] = m
	return m.describe(), nil
}

func anyNodeClass(_ context.Context, name string) (*v1alpha1.TestNodeClass, error) {
	nodeClass := &v1alpha1.TestNodeClass{ObjectMeta: metav1.ObjectMeta{Name: name}}
	nodeClass.StatusConditions().SetTrue("Ready")
	return nodeClass, nil
}
