// SPDX-License-Identifier: Apache-2.0

package fake

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake/v1alpha1"
)

var (
	errTerminating = errors.New("it is being deleted")
	errNothing     = errors.New("all requested instance types were unavailable during launch")
)

// Create implements cloudprovider.CloudProvider.
func (p *Provider) Create(ctx context.Context, nodeClaim *v1.NodeClaim) (*v1.NodeClaim, error) {
	if err := p.enter(ctx, Call{Operation: Create, NodeClaim: nodeClaim}); err != nil {
		return nil, err
	}
	nodeClass, err := p.nodeClassFor(ctx, nodeClaim)
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
	return p.launch(nodeClaim, request, choice)
}

// nodeClassFor resolves the NodeClass of a NodeClaim (CP-010).
func (p *Provider) nodeClassFor(ctx context.Context, nodeClaim *v1.NodeClaim) (*v1alpha1.TestNodeClass, error) {
	nodeClass, err := p.resolve(ctx, nodeClaim, nodeClaim.Spec.NodeClassRef.Name)
	var unresolved *unresolvedError
	if errors.As(err, &unresolved) {
		return nil, cloudprovider.NewInsufficientCapacityError(err)
	}
	return nodeClass, err
}

// unresolvedError says that a NodeClass is missing or terminating.
type unresolvedError struct {
	name  string
	cause error
}

func (e *unresolvedError) Error() string {
	return fmt.Sprintf("resolving NodeClass %s: %v", e.name, e.cause)
}
func (e *unresolvedError) Unwrap() error { return e.cause }

// resolve finds a NodeClass, and tells the object that names it when it is
// missing or terminating.
func (p *Provider) resolve(ctx context.Context, owner client.Object, name string) (*v1alpha1.TestNodeClass, error) {
	nodeClass, err := p.opts.NodeClass(ctx, name)
	if err == nil && !nodeClass.DeletionTimestamp.IsZero() {
		err = errTerminating
	}
	switch {
	case err == nil:
		return nodeClass, nil
	case apierrors.IsNotFound(err), errors.Is(err, errTerminating):
		err = &unresolvedError{name: name, cause: err}
		p.publish(Event{Object: owner, Reason: cloudprovider.ReasonNodeClassResolution, Message: "Failed resolving NodeClass: " + err.Error()})
		return nil, err
	}
	return nil, fmt.Errorf("getting NodeClass %s: %w", name, err)
}

func (p *Provider) publish(e Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.journal.events = append(p.journal.events, e)
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

// launch asks the cloud for the machine.
func (p *Provider) launch(nodeClaim *v1.NodeClaim, request cloudprovider.LaunchRequest, c choice) (*v1.NodeClaim, error) {
	p.journal.launches++
	if key := keyOf(c.instanceType, c.offering); p.stock.soldOut[key] {
		return nil, p.noticeSoldOut(key)
	}
	m := newMachine(nodeClaim, request, c, p.opts.Clock.Now())
	p.machines[m.providerID()] = m
	return m.describe(), nil
}

func anyNodeClass(_ context.Context, name string) (*v1alpha1.TestNodeClass, error) {
	nodeClass := &v1alpha1.TestNodeClass{ObjectMeta: metav1.ObjectMeta{Name: name}}
	nodeClass.StatusConditions().SetTrue("Ready")
	return nodeClass, nil
}
