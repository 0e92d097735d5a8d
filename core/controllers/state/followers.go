// SPDX-License-Identifier: Apache-2.0

package state

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/cluster/volume"
)

// NewNodeClaim returns state.nodeclaim, which follows managed NodeClaims.
func NewNodeClaim(o Options) Controller {
	return &follower[*v1.NodeClaim]{
		name: "state.nodeclaim", kind: &v1.NodeClaim{}, clock: o.Clock, cpu: o.CPUMillis,
		managed: func(nc *v1.NodeClaim) bool { return o.NodeClasses.Manages(nc.Spec.NodeClassRef) },
		take: func(_ context.Context, nc *v1.NodeClaim) {
			o.Cluster.UpdateNodeClaim(nc)
			o.Ledger.UpdateNodeClaim(nc)
		},
		drop: func(key types.NamespacedName) {
			o.Cluster.DeleteNodeClaim(key.Name)
			o.Ledger.DeleteNodeClaim(key.Name)
		},
		current: o.Cluster.CurrentNodeClaim,
	}
}

// NewNodePool returns state.nodepool, which tells the model of new and changed
// managed NodePools.
func NewNodePool(o Options) Controller {
	return &follower[*v1.NodePool]{
		name: "state.nodepool", kind: &v1.NodePool{}, clock: o.Clock, cpu: o.CPUMillis,
		managed: func(np *v1.NodePool) bool { return o.NodeClasses.Manages(np.Spec.Template.Spec.NodeClassRef) },
		take:    func(_ context.Context, np *v1.NodePool) { o.Cluster.UpdateNodePool(np) },
		drop:    func(key types.NamespacedName) { o.Cluster.DeleteNodePool(key.Name) },
	}
}

// NewDaemonSet returns state.daemonset, which follows DaemonSets. Each is
// examined every minute: its newest pod may have gone.
func NewDaemonSet(o Options) Controller {
	return &follower[*appsv1.DaemonSet]{
		name: "state.daemonset", kind: &appsv1.DaemonSet{}, clock: o.Clock, cpu: o.CPUMillis,
		take:    func(_ context.Context, set *appsv1.DaemonSet) { o.Cluster.UpdateDaemonSet(set) },
		drop:    o.Cluster.DeleteDaemonSet,
		current: func(*appsv1.DaemonSet) bool { return false },
	}
}

// NewLimitRange returns state.limitrange, which follows LimitRanges: they decide
// what daemons to come ask for.
func NewLimitRange(o Options) Controller {
	return &follower[*corev1.LimitRange]{
		name: "state.limitrange", kind: &corev1.LimitRange{}, clock: o.Clock, cpu: o.CPUMillis,
		take: func(_ context.Context, l *corev1.LimitRange) { o.Cluster.UpdateLimitRange(l) },
		drop: o.Cluster.DeleteLimitRange,
	}
}

// NewRuntimeClass returns state.runtimeclass, which follows RuntimeClasses: they
// add to what daemons to come ask for.
func NewRuntimeClass(o Options) Controller {
	return &follower[*nodev1.RuntimeClass]{
		name: "state.runtimeclass", kind: &nodev1.RuntimeClass{}, clock: o.Clock, cpu: o.CPUMillis,
		take: func(_ context.Context, class *nodev1.RuntimeClass) { o.Cluster.UpdateRuntimeClass(class) },
		drop: func(key types.NamespacedName) { o.Cluster.DeleteRuntimeClass(key.Name) },
	}
}

// NewPod returns state.pod, which follows pods and resolves their volumes.
func NewPod(o Options) Controller {
	volumes := volume.NewResolver(o.Reader)
	return &follower[*corev1.Pod]{
		name: "state.pod", kind: &corev1.Pod{}, clock: o.Clock, cpu: o.CPUMillis,
		take: func(ctx context.Context, pod *corev1.Pod) {
			o.Cluster.UpdatePod(pod, resolve(ctx, volumes, pod))
		},
		drop:    o.Cluster.DeletePod,
		current: o.Cluster.CurrentPod,
	}
}

// resolve finds the volumes of a bound pod and logs what of the pod is left out of
// the model.
func resolve(ctx context.Context, volumes *volume.Resolver, pod *corev1.Pod) volume.Resolution {
	if pod.Spec.NodeName == "" {
		return volume.Resolution{Settled: true}
	}
	if _, err := cluster.EvictionCost(pod); err != nil {
		log.FromContext(ctx).Error(err, "ignoring the deletion cost of a pod")
	}
	resolution := volumes.Resolve(ctx, pod)
	for _, err := range resolution.Unresolved {
		log.FromContext(ctx).Error(err, "leaving a volume out of cluster state")
	}
	return resolution
}

// nodeFollower is state.node. What a node can attach is told by the CSINode of
// its name.
type nodeFollower struct {
	*follower[*corev1.Node]
	csiNodes store[*storagev1.CSINode]
}

// NewNode returns state.node, which follows all Nodes, managed or not.
func NewNode(o Options) Controller {
	n := &nodeFollower{}
	n.follower = &follower[*corev1.Node]{
		name: "state.node", kind: &corev1.Node{}, clock: o.Clock, cpu: o.CPUMillis,
		take: func(_ context.Context, node *corev1.Node) {
			n.takeLimits(o.Cluster, node.Name)
			o.Cluster.UpdateNode(node)
		},
		drop: func(key types.NamespacedName) {
			n.takeLimits(o.Cluster, key.Name)
			o.Cluster.DeleteNode(key.Name)
		},
		current: o.Cluster.CurrentNode,
		beside:  &storagev1.CSINode{},
	}
	return n
}

// Register adds the controller to a manager.
func (n *nodeFollower) Register(ctx context.Context, m manager.Manager) error {
	var err error
	if n.csiNodes, err = newStore(ctx, m.GetCache(), &storagev1.CSINode{}); err != nil {
		return err
	}
	return n.follower.Register(ctx, m)
}

func (n *nodeFollower) takeLimits(c *cluster.Cluster, name string) {
	if csiNode, ok := n.csiNodes.get(types.NamespacedName{Name: name}); ok {
		c.UpdateCSINode(csiNode)
	} else {
		c.DeleteCSINode(name)
	}
}
