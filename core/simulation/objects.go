// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"maps"
	"strconv"
	"time"

	"github.com/awslabs/operatorpkg/status"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/simulation/trace"
)

// namespace is where all pods are.
const namespace = "default"

// appLabel carries the name of the application.
const appLabel = "app"

// objects makes the Kubernetes objects that the live model is fed with.
type objects struct {
	version uint64
	pods    map[*trace.Shape]*corev1.Pod
}

func newPodObjects() map[*trace.Shape]*corev1.Pod { return map[*trace.Shape]*corev1.Pod{} }

// stamp is a resource version that is newer than all before.
func (o *objects) stamp() string {
	o.version++
	return strconv.FormatUint(o.version, 10)
}

// pod is a new pod of a shape.
func (o *objects) pod(s *trace.Shape, name string, now time.Time) *corev1.Pod {
	if o.pods[s] == nil {
		o.pods[s] = podOf(s)
	}
	out := *o.pods[s]
	out.Name, out.UID, out.CreationTimestamp, out.ResourceVersion = name, types.UID(name), metav1.NewTime(now), o.stamp()
	return &out
}

// bound is a pod that runs on a node.
func (o *objects) bound(pod *corev1.Pod, node string) *corev1.Pod {
	out := *pod
	out.Spec.NodeName, out.Status.Phase, out.ResourceVersion = node, corev1.PodRunning, o.stamp()
	return &out
}

// terminating is a pod that is on its way out.
func (o *objects) terminating(pod *corev1.Pod, now time.Time) *corev1.Pod {
	out, at := *pod, metav1.NewTime(now)
	out.DeletionTimestamp, out.ResourceVersion = &at, o.stamp()
	return &out
}

func podOf(s *trace.Shape) *corev1.Pod {
	own := &metav1.LabelSelector{MatchLabels: map[string]string{appLabel: s.App}}
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Labels: own.MatchLabels},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Name: "app", Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{
				corev1.ResourceCPU:    *resource.NewMilliQuantity(s.CPU, resource.DecimalSI),
				corev1.ResourceMemory: *resource.NewQuantity(s.Memory, resource.BinarySI),
			}},
		}}},
		Status: corev1.PodStatus{Phase: corev1.PodPending},
	}
	if s.Zone != "" {
		p.Spec.NodeSelector = map[string]string{corev1.LabelTopologyZone: s.Zone}
	}
	if s.ZoneSkew > 0 {
		p.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
			MaxSkew: s.ZoneSkew, TopologyKey: corev1.LabelTopologyZone,
			WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: own,
		}}
	}
	if s.Apart {
		p.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
				TopologyKey: corev1.LabelHostname, LabelSelector: own,
			}},
		}}
	}
	return p
}

// node is the Node of a machine that has come up.
func (o *objects) node(claim *v1.NodeClaim, now time.Time) *corev1.Node {
	labels := maps.Clone(claim.Labels)
	labels[corev1.LabelHostname] = claim.Name
	labels[v1.NodeRegisteredLabelKey], labels[v1.NodeInitializedLabelKey] = v1.LabelValueTrue, v1.LabelValueTrue
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: claim.Name, UID: claim.UID, Labels: labels,
			CreationTimestamp: metav1.NewTime(now), ResourceVersion: o.stamp(),
		},
		Spec: corev1.NodeSpec{ProviderID: claim.Status.ProviderID},
		Status: corev1.NodeStatus{
			Capacity: claim.Status.Capacity, Allocatable: claim.Status.Allocatable,
			Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}},
		},
	}
}

// reached is a NodeClaim for which some conditions have become true.
func (o *objects) reached(claim *v1.NodeClaim, now time.Time, conditions ...string) *v1.NodeClaim {
	out := claim.DeepCopy()
	out.ResourceVersion = o.stamp()
	for _, c := range conditions {
		out.Status.Conditions = append(out.Status.Conditions, status.Condition{
			Type: c, Status: metav1.ConditionTrue, Reason: c, LastTransitionTime: metav1.NewTime(now),
		})
	}
	return out
}
