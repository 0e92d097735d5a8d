// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/objects/nodes"
	"karpenter.sh/core/reconcile/index"
	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/claim"
)

// Owners are the NodeClaims that there are, by what they have.
type Owners struct {
	// workload is the cluster that they are in; empty if it has no identity.
	workload types.UID
	// homes are the clusters that the deployments which take part are of.
	homes        map[types.NamespacedName]bool
	byUID        map[types.UID]*v1.NodeClaim
	byMachine    map[types.NamespacedName]*v1.NodeClaim
	byProviderID map[string]*v1.NodeClaim
}

// By returns the NodeClaim that names a Machine or has its provider ID; nil if none does.
func (o *Owners) By(m *capi.Machine) *v1.NodeClaim {
	if owner := o.byMachine[claim.NameOf(m)]; owner != nil || m.Spec.ProviderID == "" {
		return owner
	}
	return o.byProviderID[m.Spec.ProviderID]
}

// Of returns the NodeClaim that has a Machine or claims it; nil if none does.
func (o *Owners) Of(m *capi.Machine) *v1.NodeClaim {
	if owner := o.By(m); owner != nil {
		return owner
	}
	by, _ := claim.Of(m)
	return o.byUID[by.UID]
}

// Foreign reports whether a Machine that no NodeClaim here has may be that of a NodeClaim
// in another workload cluster: its claim says so, or nothing tells and the deployments that
// take part are not all of the Machine's cluster (CAPI-074).
func (o *Owners) Foreign(m *capi.Machine) bool {
	if workload := claim.WorkloadOf(m); workload != "" {
		return workload != o.workload
	}
	home := homeOf(m.Namespace, m.Spec.ClusterName)
	for other := range o.homes {
		if other != home {
			return true
		}
	}
	return false
}

// homeOf names the Cluster of a Machine or deployment, which shares their namespace.
func homeOf(namespace, clusterName string) types.NamespacedName {
	return types.NamespacedName{Namespace: namespace, Name: clusterName}
}

// Owners reads all NodeClaims of the cache, managed or not. They are shared and must not
// be changed.
func (r *Reader) Owners(ctx context.Context) (*Owners, error) {
	workload, err := r.Identity(ctx)
	if err != nil {
		return nil, err
	}
	homes, err := r.homes(ctx)
	if err != nil {
		return nil, err
	}
	var list v1.NodeClaimList
	if err := r.Workload.Cache.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing nodeclaims: %w", err)
	}
	o := &Owners{
		workload: workload, homes: homes,
		byUID: map[types.UID]*v1.NodeClaim{}, byMachine: map[types.NamespacedName]*v1.NodeClaim{}, byProviderID: map[string]*v1.NodeClaim{},
	}
	for i := range list.Items {
		nodeClaim := &list.Items[i]
		o.byUID[nodeClaim.UID] = nodeClaim
		if id := nodeClaim.Status.ProviderID; id != "" {
			o.byProviderID[id] = nodeClaim
		}
		if machine, named, err := claim.MachineOf(nodeClaim); named && err == nil { // what cannot be read names none
			o.byMachine[machine] = nodeClaim
		}
	}
	return o, nil
}

// homes are the clusters of the deployments that take part.
func (r *Reader) homes(ctx context.Context) (map[types.NamespacedName]bool, error) {
	var list capi.MachineDeploymentList
	if err := r.Management.Cache.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing MachineDeployments: %w", err)
	}
	out := map[types.NamespacedName]bool{}
	for i := range list.Items {
		if d := &list.Items[i]; r.Scope.Member(d) {
			out[homeOf(d.Namespace, d.Spec.ClusterName)] = true
		}
	}
	return out, nil
}

// candidate is a Machine with what the workload cluster says of it. What its Node does is
// not asked if somebody has the Machine.
func (r *Reader) candidate(ctx context.Context, m *capi.Machine, o *Owners) (claim.Candidate, error) {
	c := claim.Candidate{Machine: m, Node: claim.Serving}
	if o.By(m) != nil {
		c.Referenced = true
		return c, nil
	}
	var err error
	if c.Void, err = r.void(ctx, m, o); err != nil {
		return c, err
	}
	if _, claimed := claim.Of(m); claimed && !c.Void {
		return c, nil
	}
	c.Node, err = r.node(ctx, m)
	return c, err
}

// void reports whether the claim on a Machine is of a NodeClaim that does not exist: by
// the cache, and then by the API server (CAPI-057). Whether one of another cluster exists
// is not to be known here.
func (r *Reader) void(ctx context.Context, m *capi.Machine, o *Owners) (bool, error) {
	by, claimed := claim.Of(m)
	if !claimed || o.byUID[by.UID] != nil || o.Foreign(m) {
		return false, nil
	}
	if by.Name == "" || by.UID == "" {
		return true, nil
	}
	return r.gone(ctx, by)
}

// node tells what there is of a Machine's Node. One that is named and not to be seen may
// be there all the same.
func (r *Reader) node(ctx context.Context, m *capi.Machine) (claim.Node, error) {
	if id := m.Spec.ProviderID; id != "" {
		found, err := index.Nodes(ctx, r.Workload.Cache, id)
		if err != nil {
			return claim.Serving, err
		}
		if len(found) > 0 {
			return stateOf(&found[0]), nil
		}
	}
	if m.Status.NodeRef.Name == "" {
		return claim.NoNode, nil
	}
	node := &corev1.Node{}
	err := r.Workload.Cache.Get(ctx, types.NamespacedName{Name: m.Status.NodeRef.Name}, node)
	if apierrors.IsNotFound(err) {
		return claim.Serving, nil
	}
	if err != nil {
		return claim.Serving, fmt.Errorf("getting Node %s of Machine %s: %w", m.Status.NodeRef.Name, claim.NameOf(m), err)
	}
	return stateOf(node), nil
}

func stateOf(node *corev1.Node) claim.Node {
	if nodes.HasTaint(node.Spec.Taints, v1.UnregisteredTaint()) {
		return claim.Unregistered
	}
	return claim.Serving
}
