// SPDX-License-Identifier: Apache-2.0

// Package overhead learns from Nodes that run what pods cannot use of the machines of a
// MachineDeployment (CAPI-028).
//
// # What it decides
//
// Which Nodes tell: ready ones, of the same deployment and template. What the largest of
// them keeps for itself counts, of the resources that kubelets reserve: what a device
// plugin takes back is no overhead.
//
// # What it never does
//
// It forgets nothing because the last Node went: else the next machine would be bought for
// pods that the last one was too small for. Its memory is that of the process: after a
// restart it knows what the Nodes of then tell, and the first machine of a deployment that
// has none is planned without overhead. It calls nobody: it reads caches.
//
// # Cost
//
// A look at all Machines, MachineSets and Nodes, once a minute; an answer is a look-up.
//
// Start reading at [Learner.Of].
package overhead

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/objects/nodes"
	"karpenter.sh/providers/clusterapi/capi"
)

// lookEvery is how often Nodes are looked at.
const lookEvery = time.Minute

// Options are what a Learner works with; all are required.
type Options struct {
	// Management and Workload read the caches of the two clusters.
	Management, Workload client.Reader
	Clock                clock.PassiveClock
}

// Learner knows what machines keep for themselves. It is safe for concurrent use.
type Learner struct {
	opts Options

	mu    sync.Mutex
	at    time.Time
	known map[template]corev1.ResourceList
}

// template is one that a deployment has, or had.
type template struct {
	deployment types.UID
	revision   string
}

// New returns a Learner that knows nothing yet.
func New(o Options) *Learner { return &Learner{opts: o, known: map[template]corev1.ResourceList{}} }

// Of returns what pods cannot use of a machine of a deployment, by its template as it is
// now; nil if that is not known. It is shared, and not to be changed.
func (l *Learner) Of(ctx context.Context, d *capi.MachineDeployment) (corev1.ResourceList, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := l.opts.Clock.Now(); now.Sub(l.at) >= lookEvery {
		if err := l.look(ctx); err != nil {
			return nil, err
		}
		l.at = now
	}
	return l.known[template{d.UID, d.Annotations[capi.AnnotationRevision]}], nil
}

// look learns from all Nodes.
func (l *Learner) look(ctx context.Context) error {
	sets, err := l.templates(ctx)
	if err != nil {
		return err
	}
	nodes, err := l.nodes(ctx)
	if err != nil {
		return err
	}
	var machines capi.MachineList
	if err := l.opts.Management.List(ctx, &machines, client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("listing Machines: %w", err)
	}
	seen := map[template]corev1.ResourceList{}
	for i := range machines.Items {
		m := &machines.Items[i]
		of, controlled := sets[controllerOf(m)]
		node := nodes[m.Spec.ProviderID]
		if controlled && node != nil && m.Spec.ProviderID != "" {
			seen[of] = larger(seen[of], kept(node))
		}
	}
	present := map[template]bool{}
	for _, of := range sets {
		present[of] = true
	}
	maps.DeleteFunc(l.known, func(of template, _ corev1.ResourceList) bool { return !present[of] })
	maps.Copy(l.known, seen)
	return nil
}

// templates are those of all MachineSets, by UID.
func (l *Learner) templates(ctx context.Context) (map[types.UID]template, error) {
	var list capi.MachineSetList
	if err := l.opts.Management.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing MachineSets: %w", err)
	}
	out := make(map[types.UID]template, len(list.Items))
	for i := range list.Items {
		set := &list.Items[i]
		out[set.UID] = template{controllerOf(set), set.Annotations[capi.AnnotationRevision]}
	}
	return out, nil
}

// nodes are those that are ready, by provider ID.
func (l *Learner) nodes(ctx context.Context) (map[string]*corev1.Node, error) {
	var list corev1.NodeList
	if err := l.opts.Workload.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing nodes: %w", err)
	}
	out := make(map[string]*corev1.Node, len(list.Items))
	for i := range list.Items {
		if node := &list.Items[i]; nodes.Ready(node) {
			out[node.Spec.ProviderID] = node
		}
	}
	return out, nil
}

// kept is what of its machine a Node keeps from pods.
func kept(node *corev1.Node) corev1.ResourceList {
	out := corev1.ResourceList{}
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceEphemeralStorage} {
		capacity, told := node.Status.Capacity[name]
		allocatable, also := node.Status.Allocatable[name]
		if told && also && capacity.Cmp(allocatable) > 0 {
			capacity.Sub(allocatable)
			out[name] = capacity
		}
	}
	return out
}

// larger takes the larger amount of each resource.
func larger(a, b corev1.ResourceList) corev1.ResourceList {
	out := corev1.ResourceList{}
	for _, list := range []corev1.ResourceList{a, b} {
		for name, quantity := range list {
			if have, ok := out[name]; !ok || quantity.Cmp(have) > 0 {
				out[name] = quantity
			}
		}
	}
	return out
}

// controllerOf is the UID of what controls an object; empty if nothing does.
func controllerOf(o metav1.Object) types.UID {
	if owner := metav1.GetControllerOfNoCopy(o); owner != nil {
		return owner.UID
	}
	return ""
}
