// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
	apiresource "k8s.io/apimachinery/pkg/api/resource"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/objects/nodes"
)

// Stage is how far a state node has come (LIF-020). Later stages are greater.
type Stage int

// The stages.
const (
	// InFlight is a launched NodeClaim without a Node.
	InFlight Stage = iota
	// Unregistered has a Node that was not matched with its NodeClaim yet.
	Unregistered
	// Registered has a Node that is not ready for pods yet.
	Registered
	// Initialized is ready for pods, or has no NodeClaim.
	Initialized
)

// View is what a state node looks like at its stage: which of NodeClaim and
// Node is believed about what (LIF-020). Maps and slices may be shared with the
// objects and must not be changed.
type View struct {
	Stage Stage
	Name  string
	// Hostname is the label kubernetes.io/hostname, or else the name.
	Hostname    string
	ProviderID  string
	Labels      map[string]string
	Annotations map[string]string
	// Taints are those that pods have to tolerate.
	Taints []corev1.Taint
	// Capacity includes 1 of the synthetic resource nodes (LIF-023).
	Capacity    corev1.ResourceList
	Allocatable corev1.ResourceList
}

// NodePool is the name of the pool that the node belongs to, or empty.
func (v *View) NodePool() string { return v.Labels[v1.NodePoolLabelKey] }

// StageOf tells the stage of a Node and a NodeClaim, either of which may be nil.
// Labels of the Node decide, not conditions of the NodeClaim.
func StageOf(node *corev1.Node, claim *v1.NodeClaim) Stage {
	switch {
	case claim == nil:
		return Initialized
	case node == nil:
		return InFlight
	case node.Labels[v1.NodeInitializedLabelKey] == v1.LabelValueTrue:
		return Initialized
	case node.Labels[v1.NodeRegisteredLabelKey] == v1.LabelValueTrue:
		return Registered
	}
	return Unregistered
}

// ViewOf joins a Node and a NodeClaim, either of which may be nil but not both.
func ViewOf(node *corev1.Node, claim *v1.NodeClaim) View {
	v := View{Stage: StageOf(node, claim)}
	if v.Stage <= Unregistered {
		v.Name, v.Labels, v.Annotations = claim.Name, claim.Labels, claim.Annotations
		v.Taints = withoutStartup(claim.Spec.Taints, claim)
	} else {
		v.Name, v.Labels, v.Annotations = node.Name, node.Labels, node.Annotations
		v.Taints = node.Spec.Taints
		if v.Stage < Initialized {
			v.Taints = withoutStartup(v.Taints, claim)
		}
	}
	if v.Hostname = v.Labels[corev1.LabelHostname]; v.Hostname == "" {
		v.Hostname = v.Name
	}
	v.ProviderID = providerID(node, claim)
	v.Capacity, v.Allocatable = resources(v.Stage, node, claim)
	return v
}

func providerID(node *corev1.Node, claim *v1.NodeClaim) string {
	if node != nil {
		return node.Spec.ProviderID
	}
	return claim.Status.ProviderID
}

func resources(stage Stage, node *corev1.Node, claim *v1.NodeClaim) (capacity, allocatable corev1.ResourceList) {
	switch stage {
	case InFlight:
		capacity, allocatable = maps.Clone(claim.Status.Capacity), claim.Status.Allocatable
	case Initialized:
		capacity, allocatable = maps.Clone(node.Status.Capacity), node.Status.Allocatable
	default:
		capacity = reported(node.Status.Capacity, claim.Status.Capacity)
		allocatable = reported(node.Status.Allocatable, claim.Status.Allocatable)
	}
	if capacity == nil {
		capacity = corev1.ResourceList{}
	}
	capacity[v1.ResourceNodes] = *apiresource.NewQuantity(1, apiresource.DecimalSI)
	return capacity, allocatable
}

// reported is what the Node says, with the NodeClaim's estimate for what it does
// not report yet: kubelets report extended resources as zero at first.
func reported(node, estimate corev1.ResourceList) corev1.ResourceList {
	out := make(corev1.ResourceList, len(node)+1)
	maps.Copy(out, node)
	for name, quantity := range estimate {
		if known := out[name]; known.IsZero() {
			out[name] = quantity
		}
	}
	return out
}

// withoutStartup leaves out the taints that are gone once the node has started:
// ephemeral ones and the NodeClaim's startup taints (LIF-021).
func withoutStartup(taints []corev1.Taint, claim *v1.NodeClaim) []corev1.Taint {
	var out []corev1.Taint
	for _, t := range taints {
		if !v1.IsEphemeralTaint(t) && !nodes.HasTaint(claim.Spec.StartupTaints, t) {
			out = append(out, t)
		}
	}
	return out
}
