// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
)

// pageSize is how many Nodes List reads at a time.
const pageSize = 500

var (
	errNoID       = errors.New("nothing was launched")
	errNoInstance = errors.New("there is no such instance")
	errTerminated = errors.New("instance terminated")
)

// Get implements cloudprovider.CloudProvider (KWOK-024).
func (p *Provider) Get(ctx context.Context, providerID string) (*v1.NodeClaim, error) {
	if providerID == "" {
		return nil, errNoID
	}
	name, ok := strings.CutPrefix(providerID, idPrefix)
	if !ok || name == "" {
		return nil, notOurs(providerID)
	}
	machine := p.registrations.find(name)
	if machine == nil {
		node, err := p.node(ctx, name)
		if err != nil {
			return nil, err
		}
		if !node.DeletionTimestamp.IsZero() {
			return nil, cloudprovider.NewNodeClaimNotFoundError(errTerminated)
		}
		machine = nodeClaimOf(node)
	}
	injected, err := p.injectedInto(ctx, machine)
	if err != nil {
		return nil, err
	}
	return machine, p.injector.delay(ctx, injected)
}

// notOurs says that no fake node has such a provider ID, so that there is no machine
// (CP-025, CP-027).
func notOurs(providerID string) error {
	return cloudprovider.NewNodeClaimNotFoundError(fmt.Errorf("provider ID %q is not of a fake node", providerID))
}

// node reads the Node of a machine from the API server. Without one it is a
// NodeClaimNotFoundError.
func (p *Provider) node(ctx context.Context, name string) (*corev1.Node, error) {
	node := &corev1.Node{}
	err := p.opts.Live.Get(ctx, client.ObjectKey{Name: name}, node)
	if apierrors.IsNotFound(err) || (err == nil && node.Spec.ProviderID != idPrefix+name) {
		return nil, cloudprovider.NewNodeClaimNotFoundError(errNoInstance)
	}
	if err != nil {
		return nil, fmt.Errorf("getting Node %s: %w", name, err)
	}
	return node, nil
}

// List implements cloudprovider.CloudProvider (KWOK-025). What is registered
// between the two readings is found by the second.
func (p *Provider) List(ctx context.Context) ([]*v1.NodeClaim, error) {
	if err := p.injector.delayAll(ctx, p.opts.Client); err != nil {
		return nil, err
	}
	machines := p.registrations.list()
	var out []*v1.NodeClaim
	page := &corev1.NodeList{}
	for {
		next := page.Continue
		page = &corev1.NodeList{}
		if err := p.opts.Live.List(ctx, page, client.Limit(pageSize), client.Continue(next)); err != nil {
			return nil, fmt.Errorf("listing Nodes: %w", err)
		}
		for i := range page.Items {
			if isOurs(&page.Items[i]) {
				delete(machines, page.Items[i].Name)
				out = append(out, p.injector.marked(nodeClaimOf(&page.Items[i])))
			}
		}
		if page.Continue == "" {
			break
		}
	}
	for _, machine := range machines {
		out = append(out, p.injector.marked(machine))
	}
	return out, nil
}

// Delete implements cloudprovider.CloudProvider (KWOK-026).
func (p *Provider) Delete(ctx context.Context, nodeClaim *v1.NodeClaim) error {
	id := nodeClaim.Status.ProviderID
	if id == "" {
		return cloudprovider.NewNodeClaimNotFoundError(errNoID)
	}
	name, ok := strings.CutPrefix(id, idPrefix)
	if !ok || name == "" {
		return notOurs(id)
	}
	injected, err := p.injectedInto(ctx, nodeClaim)
	if err != nil {
		return err
	}
	if err := p.injector.delay(ctx, injected); err != nil {
		return err
	}
	if p.injector.terminating(id, injected.terminationDelay) {
		return nil
	}
	return p.terminate(ctx, name)
}

// terminate ends a machine at once.
func (p *Provider) terminate(ctx context.Context, name string) error {
	if err := p.registrations.cancel(ctx, name); err != nil {
		return err
	}
	node, err := p.node(ctx, name)
	if err != nil {
		return err
	}
	if node.DeletionTimestamp.IsZero() {
		// The very Node that was read, not one that took its name since.
		same := client.Preconditions{UID: &node.UID}
		if err := p.opts.Client.Delete(ctx, node, same); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("deleting Node %s: %w", name, err)
		}
	}
	return cloudprovider.NewNodeClaimNotFoundError(errTerminated)
}

// Resume takes up the registration of a NodeClaim that was launched by another
// process: the Node appears under the name that was answered then, the
// registration delay after the launch (KWOK-031). It has no effect on a machine
// whose Node exists.
func (p *Provider) Resume(ctx context.Context, nodeClaim *v1.NodeClaim, launched time.Time) error {
	nodeClass, err := p.nodeClass(ctx, nodeClaim.Spec.NodeClassRef.Name)
	if err != nil {
		return err
	}
	delay, err := nodeClass.RegistrationDelay()
	if err != nil {
		return err
	}
	machine := nodeClaim.DeepCopy()
	machine.Name = NodeName(nodeClaim.Status.ProviderID)
	machine.Status.NodeName = machine.Name
	machine.CreationTimestamp = metav1.NewTime(launched)
	injected := p.injector.read(ctx, nodeClass)
	p.registrations.add(machine, schedule{due: launched.Add(delay), never: injected.neverRegister}, room{})
	return nil
}
