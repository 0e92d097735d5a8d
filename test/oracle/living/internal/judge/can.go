// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"context"
	"fmt"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/controller/daemon"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/test/oracle/living/internal/kube"
	"karpenter.sh/test/oracle/living/internal/scheduling"
	"karpenter.sh/test/oracle/living/internal/store"
	"karpenter.sh/test/oracle/living/internal/world"
)

// virtual is the name of nodes that are only thought of.
const virtual = "virtual"

// Stranded returns an error for a pod that waits although it could run: on a node
// that is there, or on a new one of some pool, beside its daemons. It tries them
// all.
func Stranded(ctx context.Context, w *world.World, s *scheduling.Scheduler) error {
	view := w.Kube.View()
	pending := kube.Pending(view.Pods)
	if len(pending) == 0 {
		return nil
	}
	var nodes []*corev1.Node
	for _, pool := range store.All[*v1.NodePool](w.Store) {
		more, err := fresh(ctx, w, pool)
		if err != nil {
			return err
		}
		nodes = append(nodes, more...)
	}
	for _, pod := range pending {
		if pod.Status.NominatedNodeName != "" {
			return fmt.Errorf("pod %s waits for the victims of its preemption", pod.Name)
		}
		for _, node := range nodes {
			ok, err := runs(ctx, w, s, pod, node, alike(nodes, node))
			if err != nil {
				return err
			}
			if ok {
				return fmt.Errorf("pod %s waits, but could run on a new node of %v\n%s", pod.Name, node.Labels, Waiting(w))
			}
		}
	}
	return nil
}

// alike are the nodes of the same pool and type.
func alike(nodes []*corev1.Node, node *corev1.Node) []*corev1.Node {
	return slices.DeleteFunc(slices.Clone(nodes), func(n *corev1.Node) bool {
		return n.Labels[v1.NodePoolLabelKey] != node.Labels[v1.NodePoolLabelKey] || n.Labels[label.InstanceType] != node.Labels[label.InstanceType]
	})
}

// runs asks the scheduler about one pod on one more node, beside all daemons that
// any node of its pool and type would run (SCH-123).
func runs(ctx context.Context, w *world.World, s *scheduling.Scheduler, pod *corev1.Pod, node *corev1.Node, alike []*corev1.Node) (bool, error) {
	view := w.Kube.View()
	view.Nodes = append(view.Nodes, node)
	for _, set := range store.All[*appsv1.DaemonSet](w.Store) {
		if !slices.ContainsFunc(alike, func(n *corev1.Node) bool {
			run, _ := daemon.NodeShouldRunDaemonPod(klog.Background(), n, set)
			return run
		}) {
			continue
		}
		completions := w.Kube.Completions(kube.DaemonPod(set, node.Name))
		d := completions[0]
		if sample := newest(view.Pods, set); sample != nil { // SCH-120: what it asks for counts, too
			completions = append(completions, sample)
		}
		for _, other := range completions {
			for i := range min(len(d.Spec.Containers), len(other.Spec.Containers)) {
				c := &d.Spec.Containers[i].Resources
				c.Requests = atLeast(c.Requests, other.Spec.Containers[i].Resources.Requests)
			}
		}
		d.Name, d.Spec.NodeName, d.Status.Phase = set.Name+"-"+virtual, node.Name, corev1.PodRunning
		view.Pods = append(view.Pods, d)
	}
	pass, err := s.Look(view)
	if err != nil {
		return false, err
	}
	if room, err := pass.Room(node.Name); err != nil || room.Overcommitted() { // SCH-028
		return false, err
	}
	out, err := pass.Place(ctx, pod, w.Kube.Admits)
	return out.Node != "", err
}

// atLeast is the larger of two requests, resource by resource.
func atLeast(a, b corev1.ResourceList) corev1.ResourceList {
	out := corev1.ResourceList{}
	maps.Copy(out, a)
	for name, q := range b {
		if known, ok := out[name]; !ok || q.Cmp(known) > 0 {
			out[name] = q
		}
	}
	return out
}

// newest is the youngest pod of a DaemonSet, or nil.
func newest(pods []*corev1.Pod, set *appsv1.DaemonSet) *corev1.Pod {
	var out *corev1.Pod
	for _, pod := range pods {
		if metav1.IsControlledBy(pod, set) && (out == nil || !pod.CreationTimestamp.Before(&out.CreationTimestamp)) {
			out = pod
		}
	}
	return out
}

// fresh are the nodes that could be opened in a pool now: one for each offering.
func fresh(ctx context.Context, w *world.World, pool *v1.NodePool) ([]*corev1.Node, error) {
	types, err := w.Cloud.GetInstanceTypes(ctx, pool)
	if err != nil {
		return nil, fmt.Errorf("getting the types of pool %s: %w", pool.Name, err)
	}
	var out []*corev1.Node
	for _, it := range types {
		if !withinLimits(w, pool, it) {
			continue
		}
		for _, o := range it.Offerings {
			if !o.Available {
				continue
			}
			if node := machine(ctx, w, pool, it, o); node != nil {
				out = append(out, node)
			}
		}
	}
	return out, nil
}

func withinLimits(w *world.World, pool *v1.NodePool, it *cloudprovider.InstanceType) bool {
	if len(pool.Spec.Limits) == 0 {
		return true
	}
	usage := it.Capacity.DeepCopy()
	nodes := int64(1)
	for _, claim := range store.All[*v1.NodeClaim](w.Store) {
		if claim.Labels[v1.NodePoolLabelKey] != pool.Name {
			continue
		}
		nodes++
		for name, q := range claim.Status.Capacity {
			sum := usage[name]
			sum.Add(q)
			usage[name] = sum
		}
	}
	usage[v1.ResourceNodes] = quantity(nodes)
	return len(pool.Spec.Limits.ExceededBy(usage)) == 0
}

// machine asks a cloud of its own what it would make of a NodeClaim for just one
// offering; nil if the pool does not admit it.
func machine(ctx context.Context, w *world.World, pool *v1.NodePool, it *cloudprovider.InstanceType, o *cloudprovider.Offering) *corev1.Node {
	spec := pool.Spec.Template.Spec
	claim := &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: virtual, UID: virtual, Labels: maps.Clone(pool.Spec.Template.ObjectMeta.Labels)}}
	if claim.Labels == nil {
		claim.Labels = map[string]string{}
	}
	claim.Labels[v1.NodePoolLabelKey] = pool.Name
	claim.Spec.NodeClassRef = spec.NodeClassRef
	claim.Spec.Requirements = append(claim.Spec.Requirements, spec.Requirements...)
	for key, value := range map[string]string{label.InstanceType: it.Name, label.Zone: o.Zone(), label.CapacityType: o.CapacityType()} {
		claim.Spec.Requirements = append(claim.Spec.Requirements, v1.NodeSelectorRequirementWithMinValues{
			Key: key, Operator: corev1.NodeSelectorOpIn, Values: []string{value},
		})
	}
	created, err := fake.New(fake.Options{Clock: w.Line.Clock(), InstanceTypes: w.Types}).Create(ctx, claim)
	if err != nil {
		return nil
	}
	node := kube.Node(created, w.Truth)
	maps.Copy(node.Labels, claim.Labels)
	maps.Copy(node.Labels, created.Labels)
	node.Name, node.Labels[label.Hostname] = virtual, virtual
	node.Labels[v1.NodeRegisteredLabelKey], node.Labels[v1.NodeInitializedLabelKey] = v1.LabelValueTrue, v1.LabelValueTrue
	node.Spec.Taints = spec.Taints
	if taint := w.Truth.LateTaint; taint != nil {
		node.Spec.Taints = append(node.Spec.Taints, *taint)
	}
	return node
}

func quantity(n int64) resource.Quantity { return *resource.NewQuantity(n, resource.DecimalSI) }
