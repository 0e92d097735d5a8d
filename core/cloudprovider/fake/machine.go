// SPDX-License-Identifier: Apache-2.0

package fake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
)

const (
	// providerIDPrefix begins the ID of every machine.
	providerIDPrefix = "fake://"
	// pageSize is how many machines a page of the list has.
	pageSize = 100
)

var errNoMachine = errors.New("there is no such machine")

// machine is what runs in the cloud.
type machine struct {
	claim    *v1.NodeClaim // what describe returns
	launched time.Time
	gone     time.Time // when termination ends; zero while running
	foreign  bool      // it is not of this cluster
}

func newMachine(nodeClaim *v1.NodeClaim, request cloudprovider.LaunchRequest, c choice, now time.Time) *machine {
	group := c.instanceType.GroupOf(c.offering)
	claim := &v1.NodeClaim{
		ObjectMeta: metav1.ObjectMeta{
			Name:              nodeClaim.Name,
			Labels:            labelsOf(nodeClaim, request, c),
			CreationTimestamp: metav1.NewTime(now),
		},
		Status: v1.NodeClaimStatus{
			ProviderID:  idFor(nodeClaim),
			ImageID:     "image-1",
			Capacity:    withoutZero(group.Capacity),
			Allocatable: withoutZero(group.Allocatable),
		},
	}
	return &machine{claim: claim, launched: now}
}

// labelsOf are the labels of CP-019; what the machine is goes before what was
// asked for.
func labelsOf(nodeClaim *v1.NodeClaim, request cloudprovider.LaunchRequest, c choice) map[string]string {
	labels := request.Requirements.Without(func(key string) bool { return !request.Open(key) }).Labels()
	maps.Copy(labels, cloudprovider.LaunchLabels(c.instanceType, c.offering))
	key, name := cloudprovider.NodeClassLabel(nodeClaim.Spec.NodeClassRef)
	labels[key] = name
	if pool, ok := nodeClaim.Labels[v1.NodePoolLabelKey]; ok {
		labels[v1.NodePoolLabelKey] = pool
	}
	return labels
}

func withoutZero(list corev1.ResourceList) corev1.ResourceList {
	out := list.DeepCopy()
	for name, quantity := range out {
		if quantity.IsZero() {
			delete(out, name)
		}
	}
	return out
}

func (m *machine) providerID() string { return m.claim.Status.ProviderID }

// describe returns a NodeClaim of the caller's own.
func (m *machine) describe() *v1.NodeClaim {
	out := m.claim.DeepCopy()
	if !m.gone.IsZero() {
		out.DeletionTimestamp = &metav1.Time{Time: m.gone}
	}
	return out
}

// idFor is the provider ID of a NodeClaim's machine. It depends on nothing but
// the NodeClaim, so a repeated launch finds the first (CP-022).
func idFor(nodeClaim *v1.NodeClaim) string {
	if nodeClaim.UID == "" {
		return providerIDPrefix + nodeClaim.Name
	}
	return providerIDPrefix + string(nodeClaim.UID)
}

// alive returns a machine that is not gone, and forgets it once it is.
func (p *Provider) alive(providerID string) *machine {
	m := p.machines[providerID]
	if m != nil && !m.gone.IsZero() && !p.opts.Clock.Now().Before(m.gone) {
		delete(p.machines, providerID)
		return nil
	}
	return m
}

func (p *Provider) visible(m *machine) bool {
	return !m.foreign && p.opts.Clock.Since(m.launched) >= p.opts.VisibleAfter
}

// Delete implements cloudprovider.CloudProvider.
func (p *Provider) Delete(ctx context.Context, nodeClaim *v1.NodeClaim) error {
	if err := p.enter(ctx, Call{Operation: Delete, NodeClaim: nodeClaim}); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.alive(nodeClaim.Status.ProviderID)
	if m == nil {
		return cloudprovider.NewNodeClaimNotFoundError(errNoMachine)
	}
	if m.gone.IsZero() {
		m.gone = p.opts.Clock.Now().Add(p.opts.TerminationTime)
	}
	return nil
}

// Get implements cloudprovider.CloudProvider.
func (p *Provider) Get(ctx context.Context, providerID string) (*v1.NodeClaim, error) {
	if err := p.enter(ctx, Call{Operation: Get, ProviderID: providerID}); err != nil {
		return nil, err
	}
	if providerID == "" {
		return nil, fmt.Errorf("looking for a machine without provider ID")
	}
	if !strings.HasPrefix(providerID, providerIDPrefix) {
		return nil, cloudprovider.NewNodeClaimNotFoundError(fmt.Errorf("provider ID %q does not begin with %s", providerID, providerIDPrefix))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.alive(providerID)
	if m == nil || !p.visible(m) {
		return nil, cloudprovider.NewNodeClaimNotFoundError(errNoMachine)
	}
	return m.describe(), nil
}

// List implements cloudprovider.CloudProvider, ordered by provider ID.
func (p *Provider) List(ctx context.Context) ([]*v1.NodeClaim, error) {
	if err := p.enter(ctx, Call{Operation: List}); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []*v1.NodeClaim
	for i, id := range slices.Sorted(maps.Keys(p.machines)) {
		if i > 0 && i%pageSize == 0 {
			if err := p.faults.take(ListPage); err != nil {
				return nil, fmt.Errorf("reading page %d of the machines: %w", i/pageSize+1, err)
			}
		}
		if m := p.alive(id); m != nil && p.visible(m) {
			out = append(out, m.describe())
		}
	}
	return out, nil
}

// AddForeign adds a machine that is not of this cluster, which the provider neither
// lists nor finds.
func (p *Provider) AddForeign(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := &machine{claim: &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: name}}, launched: p.opts.Clock.Now(), foreign: true}
	m.claim.Status.ProviderID = providerIDPrefix + name
	p.machines[m.providerID()] = m
}

// Restarted returns the provider of another process on the same cloud: what it has
// learnt about stock is forgotten. The one before it must not be used any more.
func (p *Provider) Restarted() *Provider {
	p.mu.Lock()
	defer p.mu.Unlock()
	next := New(p.opts)
	next.machines, next.types, next.poolTypes = p.machines, p.types, p.poolTypes
	next.stock.soldOut, next.stock.exhausted = p.stock.soldOut, p.stock.exhausted
	next.faults, next.journal = p.faults, p.journal
	next.drift, next.repair, next.hooks = p.drift, p.repair, p.hooks
	return next
}

// Terminate makes a machine vanish without anybody having asked for it.
func (p *Provider) Terminate(providerID string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.machines, providerID)
}

// NodeFor returns the Node that the machine of a launched NodeClaim would
// register: named like the NodeClaim, unregistered and not ready yet.
func NodeFor(nodeClaim *v1.NodeClaim) *corev1.Node {
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name:   nodeClaim.Name,
			Labels: map[string]string{corev1.LabelHostname: nodeClaim.Name},
		},
		Spec: corev1.NodeSpec{
			ProviderID: nodeClaim.Status.ProviderID,
			Taints:     []corev1.Taint{v1.UnregisteredTaint()},
		},
		Status: corev1.NodeStatus{
			Capacity:    nodeClaim.Status.Capacity.DeepCopy(),
			Allocatable: nodeClaim.Status.Allocatable.DeepCopy(),
		},
	}
}
