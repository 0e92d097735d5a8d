// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/test/oracle/living/internal/store"
)

// Driver is the one of all volumes.
const Driver = "csi.example.com"

// Starting is the taint that an agent takes off a node once it is ready.
const Starting = "example.com/starting"

// Truth is how machines differ from what the catalogue says. The zero Truth is
// that they do not.
type Truth struct {
	// Less is by how many percent allocatable falls short.
	Less int64
	// NoDevices are never registered by the kubelet.
	NoDevices bool
	// LateTaint comes to nodes as soon as they are ready, before the scheduler does.
	LateTaint *corev1.Taint
	// Attach is how many volumes nodes can attach; 0 does not limit them.
	Attach int32
}

// Machine is an instance with its kubelet.
type Machine struct {
	node  *corev1.Node
	truth Truth
	gone  bool
}

// Boot lets a launched machine join the cluster, unless it is there already.
func (k *Kube) Boot(claim *v1.NodeClaim, truth Truth) {
	if k.machines[claim.Status.ProviderID] != nil {
		return
	}
	m := &Machine{node: Node(claim, truth), truth: truth}
	k.machines[claim.Status.ProviderID] = m
	k.line.After(bootTime, func() { k.join(m) })
}

// Node is what a machine will be once it is ready.
func Node(claim *v1.NodeClaim, truth Truth) *corev1.Node {
	node := fake.NodeFor(claim)
	for _, list := range []corev1.ResourceList{node.Status.Capacity, node.Status.Allocatable} {
		for name := range list {
			if truth.NoDevices && device(name) {
				delete(list, name)
			}
		}
	}
	for name, q := range node.Status.Allocatable {
		if name != corev1.ResourcePods && !device(name) {
			node.Status.Allocatable[name] = *resource.NewMilliQuantity(q.MilliValue()/100*(100-truth.Less), q.Format)
		}
	}
	return node
}

func device(name corev1.ResourceName) bool {
	return name != corev1.ResourceCPU && name != corev1.ResourceMemory && name != corev1.ResourcePods && name != corev1.ResourceEphemeralStorage
}

// join creates the Node, which is not ready and shows no devices yet.
func (k *Kube) join(m *Machine) {
	if m.gone {
		return
	}
	node := m.node.DeepCopy()
	for _, list := range []corev1.ResourceList{node.Status.Capacity, node.Status.Allocatable} {
		for name := range list {
			if device(name) {
				list[name] = resource.Quantity{}
			}
		}
	}
	node.Spec.Taints = append(node.Spec.Taints, corev1.Taint{Key: corev1.TaintNodeNotReady, Effect: corev1.TaintEffectNoSchedule})
	node.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionFalse}}
	if err := k.store.Create(node); err != nil {
		return // a Node of that name is there
	}
	if m.truth.Attach > 0 {
		k.fail(k.store.Create(&storagev1.CSINode{ObjectMeta: metav1.ObjectMeta{Name: node.Name}, Spec: storagev1.CSINodeSpec{
			Drivers: []storagev1.CSINodeDriver{{Name: Driver, NodeID: node.Name, Allocatable: &storagev1.VolumeNodeResources{Count: &m.truth.Attach}}},
		}}))
	}
	k.line.After(readyTime, func() { k.ready(m) })
}

// ready lets the node take pods.
func (k *Kube) ready(m *Machine) {
	key := types.NamespacedName{Name: m.node.Name}
	there := !m.gone && store.Change(k.store, key, func(node *corev1.Node) {
		node.Status.Capacity, node.Status.Allocatable = m.node.Status.Capacity.DeepCopy(), m.node.Status.Allocatable.DeepCopy()
		node.Status.Conditions = []corev1.NodeCondition{{
			Type: corev1.NodeReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(k.line.Clock().Now()),
		}}
		node.Spec.Taints = without(node.Spec.Taints, corev1.TaintNodeNotReady, Starting)
	})
	if taint := m.truth.LateTaint; there && taint != nil {
		k.line.After(schedulingDelay/2, func() { k.Taint(m.node.Name, *taint) })
	}
}

// Taint adds a taint to a node.
func (k *Kube) Taint(name string, taint corev1.Taint) {
	store.Change(k.store, types.NamespacedName{Name: name}, func(node *corev1.Node) {
		node.Spec.Taints = append(without(node.Spec.Taints, taint.Key), taint)
	})
}

// Untaint takes a taint off all nodes.
func (k *Kube) Untaint(key string) {
	for _, node := range store.All[*corev1.Node](k.store) {
		store.Change(k.store, types.NamespacedName{Name: node.Name}, func(node *corev1.Node) {
			node.Spec.Taints = without(node.Spec.Taints, key)
		})
	}
}

func without(taints []corev1.Taint, keys ...string) []corev1.Taint {
	return slices.DeleteFunc(slices.Clone(taints), func(t corev1.Taint) bool { return slices.Contains(keys, t.Key) })
}

// Halt ends a machine with all that runs on it.
func (k *Kube) Halt(providerID string) {
	m := k.machines[providerID]
	if m == nil || m.gone {
		return
	}
	m.gone = true
	k.line.After(time.Second, func() {
		store.Change(k.store, types.NamespacedName{Name: m.node.Name}, func(node *corev1.Node) {
			if node.Spec.ProviderID == providerID {
				node.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionUnknown}}
			}
		})
	})
}
