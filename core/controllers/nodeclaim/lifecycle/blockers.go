// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/objects/nodes"
)

// blocker is what keeps a node from being initialized, as reason and message of
// the condition.
type blocker struct{ reason, message string }

// firstBlocker goes through the checks of LIF-101 in order. Devices allocated by
// Dynamic Resource Allocation are not among them: without DRA no NodeClaim asks
// for any.
func firstBlocker(node *corev1.Node, nodeClaim *v1.NodeClaim) (blocker, bool) {
	for _, check := range []func(*corev1.Node, *v1.NodeClaim) (blocker, bool){
		notReady,             // the kubelet itself must be up
		startupTaint,         // then the agents that the user waits for
		ephemeralTaint,       // then the cluster's own controllers
		unregisteredResource, // last the device plugins, which need a running node
	} {
		if b, blocked := check(node, nodeClaim); blocked {
			return b, true
		}
	}
	return blocker{}, false
}

func notReady(node *corev1.Node, _ *v1.NodeClaim) (blocker, bool) {
	return blocker{"NodeNotReady", "Node status is NotReady"}, !nodes.Ready(node)
}

func startupTaint(node *corev1.Node, nodeClaim *v1.NodeClaim) (blocker, bool) {
	for _, taint := range nodeClaim.Spec.StartupTaints {
		if nodes.HasTaint(node.Spec.Taints, taint) {
			return blocker{"StartupTaintsExist", fmt.Sprintf("StartupTaint %q still exists", formatTaint(taint))}, true
		}
	}
	return blocker{}, false
}

func ephemeralTaint(node *corev1.Node, _ *v1.NodeClaim) (blocker, bool) {
	for _, taint := range node.Spec.Taints {
		if v1.IsEphemeralTaint(taint) {
			return blocker{"KnownEphemeralTaintsExist", fmt.Sprintf("KnownEphemeralTaint %q still exists", formatTaint(taint))}, true
		}
	}
	return blocker{}, false
}

func unregisteredResource(node *corev1.Node, nodeClaim *v1.NodeClaim) (blocker, bool) {
	requests := nodeClaim.Spec.Resources.Requests
	for _, name := range slices.Sorted(maps.Keys(requests)) {
		quantity, found := requests[name], node.Status.Allocatable[name]
		if !quantity.IsZero() && found.IsZero() {
			return blocker{"ResourceNotRegistered", fmt.Sprintf("Resource %q was requested but not registered", name)}, true
		}
	}
	return blocker{}, false
}

// formatTaint writes key=value:effect, and key:effect without a value.
func formatTaint(taint corev1.Taint) string {
	if taint.Value == "" {
		return fmt.Sprintf("%s:%s", taint.Key, taint.Effect)
	}
	return fmt.Sprintf("%s=%s:%s", taint.Key, taint.Value, taint.Effect)
}
