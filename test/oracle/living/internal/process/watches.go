// SPDX-License-Identifier: Apache-2.0

package process

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cluster/volume"
	"karpenter.sh/core/reconcile/index"
	"karpenter.sh/test/oracle/living/internal/store"
)

// take hands an object to the live model, as the controllers of package state do,
// and tells the controllers that watch its kind.
func (p *Process) take(e store.Event) {
	switch o := e.Object().(type) {
	case *corev1.Pod:
		p.takePod(e, o)
	case *corev1.Node:
		p.takeNode(e, o)
	case *v1.NodeClaim:
		if e.New == nil {
			p.cluster.DeleteNodeClaim(e.Key.Name)
		} else {
			p.cluster.UpdateNodeClaim(o)
		}
		p.enqueue(lifecycleName, e.Key, 0)
		p.enqueue(conditionsOf, e.Key, 0)
	case *v1.NodePool:
		if e.New == nil {
			p.cluster.DeleteNodePool(e.Key.Name)
		} else {
			p.cluster.UpdateNodePool(o)
		}
	case *appsv1.DaemonSet:
		if e.New == nil {
			p.cluster.DeleteDaemonSet(e.Key)
		} else {
			p.cluster.UpdateDaemonSet(o)
		}
	case *corev1.LimitRange:
		if e.New == nil {
			p.cluster.DeleteLimitRange(e.Key)
		} else {
			p.cluster.UpdateLimitRange(o)
		}
	case *storagev1.CSINode:
		p.takeLimits(e.Key.Name)
	}
}

func (p *Process) takePod(e store.Event, pod *corev1.Pod) {
	if e.New == nil {
		p.cluster.DeletePod(e.Key)
	} else {
		resolution := volume.Resolution{Settled: true}
		if pod.Spec.NodeName != "" {
			resolution = p.volumes.Resolve(p.ctx, pod)
		}
		p.cluster.UpdatePod(pod, resolution)
		p.enqueue(podTrigger, e.Key, 0)
	}
	if pod.Spec.NodeName != "" && pod.DeletionTimestamp != nil {
		p.enqueue(terminationOf, types.NamespacedName{Name: pod.Spec.NodeName}, 0)
	}
}

func (p *Process) takeNode(e store.Event, node *corev1.Node) {
	p.takeLimits(e.Key.Name)
	if e.New == nil {
		p.cluster.DeleteNode(e.Key.Name)
	} else {
		p.cluster.UpdateNode(node)
	}
	p.enqueue(nodeTrigger, e.Key, 0)
	p.enqueue(terminationOf, e.Key, 0)
	owners, err := index.NodeClaims(p.ctx, p.reader, node.Spec.ProviderID)
	if err != nil && p.err == nil {
		p.err = err
	}
	for i := range owners {
		p.enqueue(lifecycleName, types.NamespacedName{Name: owners[i].Name}, 0)
	}
}

func (p *Process) takeLimits(node string) {
	if csi, ok := store.Sees[*storagev1.CSINode](p.cache, types.NamespacedName{Name: node}); ok {
		p.cluster.UpdateCSINode(csi)
	} else {
		p.cluster.DeleteCSINode(node)
	}
}

// sweepDaemons examines the DaemonSets again, as state.daemonset does.
func (p *Process) sweepDaemons() reconcile.Result {
	for _, set := range store.Seen[*appsv1.DaemonSet](p.cache) {
		p.cluster.UpdateDaemonSet(set)
	}
	return reconcile.Result{RequeueAfter: time.Minute}
}

// sweepClaims does what state.nodeclaimgc does.
func (p *Process) sweepClaims() reconcile.Result {
	const appearance = 15 * time.Second
	for _, u := range p.cluster.Unlaunched() {
		key := types.NamespacedName{Name: u.NodeClaim.Name}
		if _, seen := store.Sees[*v1.NodeClaim](p.cache, key); seen || p.Line.Clock().Since(u.Since) < appearance {
			continue
		}
		if _, exists := store.Get[*v1.NodeClaim](p.Store, key); !exists {
			p.cluster.DropUnlaunched(key.Name)
		}
	}
	return reconcile.Result{RequeueAfter: 5 * time.Second}
}
