// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"fmt"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/replicas"
	"karpenter.sh/providers/clusterapi/selection"
)

// maxLabel is the longest value of a label. Cluster API labels the Machines of a
// deployment with a longer name by something else.
const maxLabel = 63

// Management reads the objects of Cluster API.
type Management struct {
	// Cache answers without a call; Live reads past it.
	Cache, Live client.Reader
}

// Workload reads NodeClaims and Nodes.
type Workload struct {
	// Cache has the indexes of the core's package index; Live reads past it.
	Cache, Live client.Reader
}

// Reader reads inventories. It is safe for concurrent use, and not to be copied.
type Reader struct {
	graves     graveyard
	Management Management
	Workload   Workload
	// Scope is what of the management cluster takes part: all that read here go by it.
	Scope selection.Scope

	identity atomic.Pointer[types.UID] // of the workload cluster, once it is known
}

// Identity tells workload clusters apart: the UID of the namespace kube-system. It is empty
// if there is no such namespace.
func (r *Reader) Identity(ctx context.Context) (types.UID, error) {
	if known := r.identity.Load(); known != nil {
		return *known, nil
	}
	namespace := &corev1.Namespace{}
	err := r.Workload.Live.Get(ctx, types.NamespacedName{Name: metav1.NamespaceSystem}, namespace)
	if apierrors.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("getting the identity of the workload cluster: %w", err)
	}
	r.identity.Store(&namespace.UID)
	return namespace.UID, nil
}

// Fresh reads past the cache of the management cluster. A deployment that is gone is an
// error for which apierrors.IsNotFound is true.
func (r *Reader) Fresh(ctx context.Context, deployment types.NamespacedName) (*Inventory, error) {
	return r.read(ctx, r.Management.Live, deployment)
}

// Cached reads without a call.
func (r *Reader) Cached(ctx context.Context, deployment types.NamespacedName) (*Inventory, error) {
	return r.read(ctx, r.Management.Cache, deployment)
}

func (r *Reader) read(ctx context.Context, from client.Reader, deployment types.NamespacedName) (*Inventory, error) {
	i := &Inventory{Deployment: &capi.MachineDeployment{}}
	if err := from.Get(ctx, deployment, i.Deployment); err != nil {
		return nil, fmt.Errorf("reading MachineDeployment %s: %w", deployment, err)
	}
	sets, err := setsOf(ctx, from, i.Deployment)
	if err != nil {
		return nil, err
	}
	machines, err := machinesOf(ctx, from, i.Deployment)
	if err != nil {
		return nil, err
	}
	owners, err := r.Owners(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range machines {
		set, ok := sets[controllerOf(m)]
		if !ok || m.Spec.ClusterName != i.Deployment.Spec.ClusterName {
			continue
		}
		if !m.Terminating() {
			set.machines++
		}
		candidate, err := r.candidate(ctx, m, owners)
		if err != nil {
			return nil, err
		}
		candidate.Current = set.revision == i.Deployment.Annotations[capi.AnnotationRevision]
		i.Machines = append(i.Machines, candidate)
	}
	for _, set := range sets {
		i.Sets = append(i.Sets, replicas.Set{Replicas: set.replicas, Machines: set.machines})
	}
	return i, nil
}

// set is a MachineSet of a deployment.
type set struct {
	revision string
	replicas int32
	machines int
}

// setsOf are the MachineSets that a deployment controls, by UID.
func setsOf(ctx context.Context, from client.Reader, d *capi.MachineDeployment) (map[types.UID]*set, error) {
	var list capi.MachineSetList
	if err := from.List(ctx, &list, of(d)...); err != nil {
		return nil, fmt.Errorf("listing the MachineSets of MachineDeployment %s: %w", client.ObjectKeyFromObject(d), err)
	}
	out := map[types.UID]*set{}
	for i := range list.Items {
		ms := &list.Items[i]
		if metav1.IsControlledBy(ms, d) {
			s := &set{revision: ms.Annotations[capi.AnnotationRevision]}
			if ms.Spec.Replicas != nil {
				s.replicas = *ms.Spec.Replicas
			}
			out[ms.UID] = s
		}
	}
	return out, nil
}

// machinesOf are the Machines that may be a deployment's.
func machinesOf(ctx context.Context, from client.Reader, d *capi.MachineDeployment) ([]*capi.Machine, error) {
	var list capi.MachineList
	if err := from.List(ctx, &list, of(d)...); err != nil {
		return nil, fmt.Errorf("listing the Machines of MachineDeployment %s: %w", client.ObjectKeyFromObject(d), err)
	}
	out := make([]*capi.Machine, len(list.Items))
	for i := range list.Items {
		out[i] = &list.Items[i]
	}
	return out, nil
}

// of restricts a list to what may be a deployment's.
func of(d *capi.MachineDeployment) []client.ListOption {
	options := []client.ListOption{client.InNamespace(d.Namespace)}
	if len(d.Name) <= maxLabel {
		options = append(options, client.MatchingLabels{capi.LabelDeployment: d.Name})
	}
	return options
}

// controllerOf is the UID of what controls an object; empty if nothing does.
func controllerOf(o metav1.Object) types.UID {
	if owner := metav1.GetControllerOfNoCopy(o); owner != nil {
		return owner.UID
	}
	return ""
}
