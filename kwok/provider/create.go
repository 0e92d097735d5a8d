// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/lookup"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/kwok/apis/v1alpha1"
)

var (
	errTerminating  = errors.New("it is being deleted")
	errNothing      = errors.New("all requested instance types were unavailable during launch")
	errReservedFull = errors.New("the reservation is full")
)

// Create implements cloudprovider.CloudProvider, in the order of KWOK-017.
func (p *Provider) Create(ctx context.Context, nodeClaim *v1.NodeClaim) (*v1.NodeClaim, error) {
	nodeClass, err := p.lookup().ForLaunch(ctx, nodeClaim)
	if err != nil {
		return nil, err
	}
	injected := p.injector.read(ctx, nodeClass)
	if err := p.injector.delay(ctx, injected); err != nil {
		return nil, err
	}
	if err := checkReady(nodeClass); err != nil {
		return nil, err
	}
	if err := p.injector.fail(injected); err != nil {
		return nil, err
	}
	if existing, found, err := p.existing(ctx, nodeName(nodeClaim)); found || err != nil {
		return existing, err
	}
	return p.launch(ctx, nodeClaim, launchSettings{nodeClass, injected})
}

// lookup finds NodeClasses (CP-010).
func (p *Provider) lookup() lookup.Lookup[*v1alpha1.KWOKNodeClass] {
	return lookup.Lookup[*v1alpha1.KWOKNodeClass]{
		Get:    lookup.From(p.opts.Client, func() *v1alpha1.KWOKNodeClass { return &v1alpha1.KWOKNodeClass{} }),
		Events: p.opts.Events,
	}
}

// checkReady refuses Ready=False only: nobody maintains the condition, so that
// neither Unknown nor an old generation tells anything (KWOK-017).
func checkReady(nodeClass *v1alpha1.KWOKNodeClass) error {
	for _, c := range nodeClass.Status.Conditions {
		if c.Type == "Ready" && c.IsFalse() {
			return cloudprovider.NewNodeClassNotReadyError(errors.New(c.Message))
		}
	}
	return nil
}

// existing returns what an earlier Create for the same NodeClaim made, if there
// was one (CP-022).
func (p *Provider) existing(ctx context.Context, name string) (*v1.NodeClaim, bool, error) {
	if nodeClaim := p.registrations.find(name); nodeClaim != nil {
		return nodeClaim, true, nil
	}
	node := &corev1.Node{}
	err := p.opts.Client.Get(ctx, client.ObjectKey{Name: name}, node)
	switch {
	case apierrors.IsNotFound(err):
		return nil, false, nil
	case err != nil:
		return nil, false, fmt.Errorf("looking for Node %s of an earlier launch: %w", name, err)
	case !node.DeletionTimestamp.IsZero():
		return nil, false, fmt.Errorf("node %s of an earlier launch: %w", name, errTerminating)
	}
	return nodeClaimOf(node), true, nil
}

// launchSettings are what the NodeClass says about a launch.
type launchSettings struct {
	nodeClass *v1alpha1.KWOKNodeClass
	injected  injection
}

// launch chooses, answers, and leaves the Node to be registered.
func (p *Provider) launch(ctx context.Context, nodeClaim *v1.NodeClaim, s launchSettings) (*v1.NodeClaim, error) {
	delay, err := s.nodeClass.RegistrationDelay()
	if err != nil {
		return nil, err
	}
	request, err := cloudprovider.LaunchRequestOf(nodeClaim, p.words)
	if err != nil {
		return nil, err
	}
	bought, err := p.choose(ctx, nodeClaim, request, s.injected)
	if err != nil {
		return nil, err
	}
	room, err := p.room(ctx, bought.offering.ReservationID(v1alpha1.LabelReservationID))
	if err != nil {
		return nil, err
	}
	when := schedule{due: p.opts.Clock.Now().Add(delay), never: s.injected.neverRegister}
	launched, ok := p.registrations.add(p.describe(nodeClaim, request, bought), when, room)
	if !ok { // another launch was faster
		return nil, cloudprovider.NewInsufficientCapacityError(errReservedFull)
	}
	return launched, nil
}

// choose picks type and offering (KWOK-018, KWOK-019).
func (p *Provider) choose(ctx context.Context, nodeClaim *v1.NodeClaim, request cloudprovider.LaunchRequest, injected injection) (choice, error) {
	now, err := p.view(ctx, injected)
	if err != nil {
		return choice{}, err
	}
	listed := listedTypes(request.Requirements, writtenTypes(nodeClaim))
	if err := now.check(listed); err != nil {
		return choice{}, err
	}
	request.Resources, _ = p.split(request.Resources)
	bought, ok := now.choose(wanted{LaunchRequest: request, listed: listed, draw: drawOf(nodeClaim)})
	if !ok {
		return choice{}, cloudprovider.NewInsufficientCapacityError(errNothing)
	}
	return bought, nil
}

// writtenTypes are the types of the NodeClaim's first list of them.
func writtenTypes(nodeClaim *v1.NodeClaim) []string {
	for _, r := range nodeClaim.Spec.Requirements {
		if r.Key == label.InstanceType && r.Operator == v1.OperatorIn {
			return r.Values
		}
	}
	return nil
}
