// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/reconcile/index"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/claim"
	"karpenter.sh/providers/clusterapi/instancetype"
)

// pageSize is how many Machines are listed at a time.
const pageSize = 500

var (
	errNoID      = errors.New("no provider ID is given")
	errNothing   = errors.New("nothing was launched")
	errNoMachine = errors.New("there is no Machine with this provider ID")
	errNoLabel   = errors.New("it has no label " + capi.LabelDeployment)
)

// Get implements cloudprovider.CloudProvider (CAPI-054).
func (p *Provider) Get(ctx context.Context, providerID string) (*v1.NodeClaim, error) {
	if providerID == "" {
		return nil, errNoID
	}
	m, err := p.find(ctx, providerID, nil)
	if err != nil {
		return nil, err
	}
	return p.describe(ctx, m, nil)
}

// Delete implements cloudprovider.CloudProvider (CAPI-046, CAPI-047).
func (p *Provider) Delete(ctx context.Context, nodeClaim *v1.NodeClaim) error {
	if nodeClaim.Status.ProviderID == "" {
		if _, named, err := claim.MachineOf(nodeClaim); err != nil {
			return err
		} else if !named {
			return cloudprovider.NewNodeClaimNotFoundError(errNothing)
		}
	}
	m, err := p.find(ctx, nodeClaim.Status.ProviderID, nodeClaim)
	if err != nil {
		return err
	}
	if m.Terminating() {
		return nil
	}
	deployment, err := p.deploymentOf(ctx, m)
	if err != nil {
		return err
	}
	err = p.opts.Scaler.Release(ctx, deployment, m)
	if apierrors.IsNotFound(err) {
		return cloudprovider.NewNodeClaimNotFoundError(err)
	}
	return err
}

// find returns the Machine with a provider ID as the API server has it, or the one that
// the NodeClaim names if it has no ID. The name of a Machine with an ID is told by its
// NodeClaim or the cache; only if neither knows are all Machines listed. Without a Machine
// it is a NodeClaimNotFoundError.
func (p *Provider) find(ctx context.Context, providerID string, nodeClaim *v1.NodeClaim) (*capi.Machine, error) {
	names, err := p.names(ctx, providerID, nodeClaim)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		m, err := p.machine(ctx, name)
		if err != nil {
			return nil, err
		}
		if m != nil && (m.Spec.ProviderID == providerID || providerID == "") {
			return m, nil
		}
	}
	if len(names) == 0 {
		if m, err := p.search(ctx, providerID); m != nil || err != nil {
			return m, err
		}
	}
	return nil, cloudprovider.NewNodeClaimNotFoundError(fmt.Errorf("%q: %w", providerID, errNoMachine))
}

// names are those that Machines with a provider ID may have.
func (p *Provider) names(ctx context.Context, providerID string, nodeClaim *v1.NodeClaim) ([]types.NamespacedName, error) {
	var out []types.NamespacedName
	owners := []v1.NodeClaim{}
	if providerID != "" {
		var cached capi.MachineList
		if err := p.opts.Inventory.Management.Cache.List(ctx, &cached, client.MatchingFields{capi.IndexProviderID: providerID}); err != nil {
			return nil, fmt.Errorf("looking up the Machine with provider ID %q: %w", providerID, err)
		}
		for i := range cached.Items {
			out = append(out, claim.NameOf(&cached.Items[i]))
		}
		var err error
		if owners, err = index.NodeClaims(ctx, p.opts.Inventory.Workload.Cache, providerID); err != nil {
			return nil, err
		}
	}
	if nodeClaim != nil {
		owners = append(owners, *nodeClaim)
	}
	for i := range owners {
		if name, named, err := claim.MachineOf(&owners[i]); named && err == nil {
			out = append(out, name)
		}
	}
	return out, nil
}

// search looks for a provider ID among all Machines; nil if none has it.
func (p *Provider) search(ctx context.Context, providerID string) (*capi.Machine, error) {
	var found *capi.Machine
	err := p.each(ctx, func(m *capi.Machine) {
		if m.Spec.ProviderID == providerID {
			found = m
		}
	})
	return found, err
}

// each lists Machines in scope past the cache, in pages, to the end or an error (CP-028).
func (p *Provider) each(ctx context.Context, do func(*capi.Machine), options ...client.ListOption) error {
	for next := ""; ; {
		page := &capi.MachineList{}
		if err := p.opts.Inventory.Management.Live.List(ctx, page, slices.Concat(options, []client.ListOption{client.Limit(pageSize), client.Continue(next)})...); err != nil {
			return fmt.Errorf("listing Machines: %w", err)
		}
		for i := range page.Items {
			if p.opts.Inventory.Scope.Holds(page.Items[i].Spec.ClusterName) {
				do(&page.Items[i])
			}
		}
		if next = page.Continue; next == "" {
			return nil
		}
	}
}

// List implements cloudprovider.CloudProvider (CAPI-054).
func (p *Provider) List(ctx context.Context) ([]*v1.NodeClaim, error) {
	var machines []*capi.Machine
	err := p.each(ctx, func(m *capi.Machine) { machines = append(machines, m) }, client.HasLabels{v1alpha1.LabelMember})
	if err != nil {
		return nil, err
	}
	owners, err := p.opts.Inventory.Owners(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]*v1.NodeClaim, 0, len(machines))
	for _, m := range machines {
		d, err := p.deployment(ctx, m)
		if err != nil {
			return nil, err
		}
		by, claimed := claim.Of(m)
		if owner := owners.By(m); !claimed && owner != nil { // bound by somebody who writes no claims
			by, claimed = claim.By(owner), true
		}
		owner := owners.Of(m)
		if (!claimed && bornMember(d)) || (owner == nil && owners.Foreign(m)) {
			continue
		}
		listed := p.described(ctx, m, d, owner)
		if claimed { // for whoever collects what no NodeClaim has
			listed.Annotations[v1alpha1.AnnotationNodeClaim] = by.String()
		}
		out = append(out, listed)
	}
	return out, nil
}

// bornMember reports whether the Machines of a deployment are labelled as members by its
// template, which proves nothing (CAPI-017).
func bornMember(d *capi.MachineDeployment) bool {
	if d == nil {
		return false
	}
	_, born := d.Spec.Template.ObjectMeta.Labels[v1alpha1.LabelMember]
	return born
}

// describe returns what the NodeClaim of a Machine is to know of it; nil: the NodeClaim
// that has it.
func (p *Provider) describe(ctx context.Context, m *capi.Machine, nodeClaim *v1.NodeClaim) (*v1.NodeClaim, error) {
	d, err := p.deployment(ctx, m)
	if err != nil {
		return nil, err
	}
	if nodeClaim == nil {
		owners, err := p.opts.Inventory.Owners(ctx)
		if err != nil {
			return nil, err
		}
		nodeClaim = owners.Of(m)
	}
	return p.described(ctx, m, d, nodeClaim), nil
}

// described is a Machine as a NodeClaim. Without its deployment, or one that can be read,
// the details of the type are left out (CP-030).
func (p *Provider) described(ctx context.Context, m *capi.Machine, d *capi.MachineDeployment, owner *v1.NodeClaim) *v1.NodeClaim {
	out := &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{
		Name: m.Name, CreationTimestamp: m.CreationTimestamp, DeletionTimestamp: m.DeletionTimestamp,
		Labels:      map[string]string{},
		Annotations: map[string]string{v1alpha1.AnnotationMachine: claim.Annotation(claim.NameOf(m))},
	}}
	out.Status.ProviderID = m.Spec.ProviderID
	if m.Marked() && out.DeletionTimestamp == nil {
		out.DeletionTimestamp = new(metav1.NewTime(p.opts.Clock.Now()))
	}
	if owner != nil {
		if pool, ok := owner.Labels[v1.NodePoolLabelKey]; ok {
			out.Labels[v1.NodePoolLabelKey] = pool
		}
	}
	if d != nil {
		p.detail(ctx, out, d)
	}
	return out
}

// detail adds what the shape of a deployment tells.
func (p *Provider) detail(ctx context.Context, out *v1.NodeClaim, d *capi.MachineDeployment) {
	shape := p.opts.Stock.ShapeOf(ctx, d)
	if shape == nil {
		return
	}
	for key, value := range shape.Labels {
		out.Labels[key] = value
	}
	out.Status.Capacity = shape.Capacity
	out.Status.Allocatable = cloudprovider.AllocatableOf(shape.Capacity, shape.Overhead.Total())
}

// TypeOf returns the name of the instance type of the Machine that a NodeClaim has, from
// caches; empty if the Machine or its deployment is gone (CAPI-026). Neither the size of the
// machines nor their template is asked for.
func (p *Provider) TypeOf(ctx context.Context, nodeClaim *v1.NodeClaim) (string, error) {
	names, err := p.names(ctx, nodeClaim.Status.ProviderID, nodeClaim)
	if err != nil || len(names) == 0 {
		return "", err
	}
	m := &capi.Machine{}
	if err := p.opts.Inventory.Management.Cache.Get(ctx, names[0], m); err != nil {
		return "", client.IgnoreNotFound(err)
	}
	d, err := p.deployment(ctx, m)
	if err != nil || d == nil {
		return "", err
	}
	return instancetype.NameOf(d), nil
}

// deployment returns that of a Machine, from the cache; nil if it is gone, or the Machine
// is of none.
func (p *Provider) deployment(ctx context.Context, m *capi.Machine) (*capi.MachineDeployment, error) {
	name, err := p.deploymentOf(ctx, m)
	if errors.Is(err, errNoLabel) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	d := &capi.MachineDeployment{}
	err = p.opts.Inventory.Management.Cache.Get(ctx, name, d, client.UnsafeDisableDeepCopy)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("getting MachineDeployment %s: %w", name, err)
	}
	return d, nil
}

// deploymentOf is the name of a Machine's deployment: what controls its set, or else what
// its label says. The label of a deployment with a long name is not its name.
func (p *Provider) deploymentOf(ctx context.Context, m *capi.Machine) (types.NamespacedName, error) {
	if owner := metav1.GetControllerOfNoCopy(m); owner != nil && owner.Kind == "MachineSet" {
		set := &capi.MachineSet{}
		err := p.opts.Inventory.Management.Cache.Get(ctx, types.NamespacedName{Namespace: m.Namespace, Name: owner.Name}, set)
		if client.IgnoreNotFound(err) != nil {
			return types.NamespacedName{}, fmt.Errorf("getting MachineSet %s of Machine %s: %w", owner.Name, claim.NameOf(m), err)
		}
		if parent := metav1.GetControllerOfNoCopy(set); err == nil && parent != nil {
			return types.NamespacedName{Namespace: m.Namespace, Name: parent.Name}, nil
		}
	}
	name, ok := m.Labels[capi.LabelDeployment]
	if !ok {
		return types.NamespacedName{}, fmt.Errorf("finding the MachineDeployment of Machine %s: %w", claim.NameOf(m), errNoLabel)
	}
	return types.NamespacedName{Namespace: m.Namespace, Name: name}, nil
}
