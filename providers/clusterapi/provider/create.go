// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/health"
	"karpenter.sh/core/reconcile/pause"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/choice"
	"karpenter.sh/providers/clusterapi/claim"
	"karpenter.sh/providers/clusterapi/scaling"
	"karpenter.sh/providers/clusterapi/stock"
)

// unavailableFor is how long a deployment that gave no Machine is left alone (CAPI-037,
// CAPI-044).
const unavailableFor = 3 * time.Minute

// reasonBroken is why a deployment is left alone whose Machine broke before it had a
// provider ID.
const reasonBroken = "MachineFailed"

// Create implements cloudprovider.CloudProvider, in the order of CAPI-031 to CAPI-044.
func (p *Provider) Create(ctx context.Context, nodeClaim *v1.NodeClaim) (*v1.NodeClaim, error) {
	switch {
	case nodeClaim == nil:
		return nil, errNoNodeClaim
	case nodeClaim.Spec.NodeClassRef.Name == "":
		return nil, errNoReference
	}
	nodeClass, err := p.lookup().ForLaunch(ctx, nodeClaim)
	if err != nil {
		return nil, err
	}
	if err := cloudprovider.CheckReady(nodeClass); err != nil {
		return nil, err
	}
	m, err := p.resume(ctx, nodeClaim)
	if err != nil {
		return nil, err
	}
	if m == nil {
		if m, err = p.launch(ctx, nodeClaim, nodeClass); err != nil {
			return nil, err
		}
	}
	if m, err = p.provisioned(ctx, m); err != nil {
		return nil, err
	}
	return p.describe(ctx, m, nodeClaim)
}

// resume returns the Machine that a NodeClaim has already; nil if it has none, or none that
// will serve it (CAPI-032).
func (p *Provider) resume(ctx context.Context, nodeClaim *v1.NodeClaim) (*capi.Machine, error) {
	name, named, err := claim.MachineOf(nodeClaim)
	if err != nil || !named {
		return nil, err
	}
	m, err := p.machine(ctx, name)
	if err != nil || m == nil || m.Terminating() || m.Marked() {
		return nil, err
	}
	if by, claimed := claim.Of(m); claimed && by != claim.By(nodeClaim) {
		return nil, nil
	}
	return m, nil
}

// machine reads a Machine past the cache; nil if there is none in scope.
func (p *Provider) machine(ctx context.Context, name types.NamespacedName) (*capi.Machine, error) {
	m := &capi.Machine{}
	err := p.opts.Inventory.Management.Live.Get(ctx, name, m)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading Machine %s: %w", name, err)
	}
	if !p.opts.Inventory.Scope.Holds(m.Spec.ClusterName) {
		return nil, nil
	}
	return m, nil
}

// launch chooses a deployment and gets a Machine of it.
func (p *Provider) launch(ctx context.Context, nodeClaim *v1.NodeClaim, nodeClass *v1alpha1.ClusterAPINodeClass) (*capi.Machine, error) {
	request, err := cloudprovider.LaunchRequestOf(nodeClaim, p.words)
	if err != nil {
		return nil, err
	}
	deployments, err := p.opts.Stock.Selected(ctx, nodeClass)
	if err != nil {
		return nil, cloudprovider.NewCreateError(err, reasonTypes, "Error resolving instance types")
	}
	available, err := p.opts.Stock.Available(ctx, deployments)
	if err != nil {
		return nil, cloudprovider.NewCreateError(err, reasonTypes, "Error resolving instance types")
	}
	chosen, err := choice.Of(stock.ShapesOf(deployments), choice.Request{
		LaunchRequest: request, Asker: p.asker(nodeClaim), Available: available,
		Idle: func(deployment types.NamespacedName) bool { return p.opts.Stock.Idle(ctx, deployment) },
	})
	if err != nil {
		return nil, err
	}
	return p.opts.Scaler.Claim(ctx, chosen.Shape.Deployment, nodeClaim)
}

// reasonTypes is why nothing could be chosen (CP-012).
const reasonTypes = "InstanceTypeResolutionFailed"

// provisioned waits for the provider ID of a Machine. One that breaks before it has one is
// let go, and its deployment left alone for a while (CAPI-044).
func (p *Provider) provisioned(ctx context.Context, m *capi.Machine) (*capi.Machine, error) {
	patience, tick := p.opts.Clock.NewTimer(p.opts.Patience), p.opts.Clock.NewTicker(p.opts.Tick)
	defer func() { patience.Stop(); tick.Stop() }()
	for changed := p.opts.Changes(); ; changed = p.opts.Changes() {
		switch {
		case m.Spec.ProviderID != "":
			return m, nil
		case m.Failed() || m.Terminating():
			return nil, p.broken(ctx, m)
		}
		pause.For(ctx, p.opts.Clock, min(p.opts.Tick, scaling.DefaultLeast)) // Machines of all deployments ring
		select {
		case <-changed:
		case <-tick.C():
		case <-patience.C():
			return nil, fmt.Errorf("waiting for Machine %q to have ProviderID", m.Name)
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for Machine %q to have ProviderID: %w", m.Name, context.Cause(ctx))
		}
		var err error
		if m, err = p.look(ctx, m); err != nil {
			return nil, err
		}
	}
}

// look returns a Machine as the cache has it. One that it does not show stays as it was.
func (p *Provider) look(ctx context.Context, m *capi.Machine) (*capi.Machine, error) {
	now := &capi.Machine{}
	err := p.opts.Inventory.Management.Cache.Get(ctx, client.ObjectKeyFromObject(m), now)
	if apierrors.IsNotFound(err) || (err == nil && now.UID != m.UID) {
		return m, nil
	}
	if err != nil {
		return nil, fmt.Errorf("getting Machine %s: %w", client.ObjectKeyFromObject(m), err)
	}
	return now, nil
}

// broken lets a Machine go that will never serve.
func (p *Provider) broken(ctx context.Context, m *capi.Machine) error {
	cause := fmt.Errorf("the Machine %s broke before it had a provider ID", client.ObjectKeyFromObject(m))
	deployment, err := p.deploymentOf(ctx, m)
	if err != nil {
		return err
	}
	p.unavailable(deployment, reasonBroken)
	if err := p.opts.Scaler.Release(ctx, deployment, m); err != nil && !apierrors.IsNotFound(err) {
		return err
	}
	return cloudprovider.NewInsufficientCapacityError(cause)
}

// unavailable leaves a deployment alone for a while. The reason is one of the provider's
// own, so that the mark is never refused.
func (p *Provider) unavailable(deployment types.NamespacedName, reason string) {
	_ = p.opts.Health.Mark(health.Mark{Scope: health.Scope{Place: stock.Place(deployment)}, Reason: reason, TTL: unavailableFor})
}

// Refused is to be told by the scaler of deployments that give no more Machines.
func Refused(record *health.Record) func(types.NamespacedName, string) {
	return func(deployment types.NamespacedName, reason string) {
		_ = record.Mark(health.Mark{Scope: health.Scope{Place: stock.Place(deployment)}, Reason: reason, TTL: unavailableFor})
	}
}
