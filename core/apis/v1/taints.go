// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Keys of the taints that the core owns, and of a foreign one it knows.
const (
	// DisruptedTaintKey is the key of DisruptedTaint.
	DisruptedTaintKey = Group + "/disrupted"
	// UnregisteredTaintKey is the key of UnregisteredTaint.
	UnregisteredTaintKey = Group + "/unregistered"
	// ExternalCloudProviderTaintKey marks a Node that its cloud controller has
	// not initialized yet.
	ExternalCloudProviderTaintKey = "node.cloudprovider.kubernetes.io/uninitialized"
	// ReadinessTaintPrefix begins the key of every taint by which an agent holds
	// a Node back until it is ready for pods.
	ReadinessTaintPrefix = "readiness.k8s.io/"
)

// DisruptedTaint keeps new pods from a Node that is about to be given up.
func DisruptedTaint() corev1.Taint {
	return corev1.Taint{Key: DisruptedTaintKey, Effect: corev1.TaintEffectNoSchedule}
}

// UnregisteredTaint is set by the bootstrap of a Node and removed by its
// registration.
func UnregisteredTaint() corev1.Taint {
	return corev1.Taint{Key: UnregisteredTaintKey, Effect: corev1.TaintEffectNoExecute}
}

// IsEphemeralTaint tells whether a taint is expected to go away by itself while
// a Node starts, so that it is ignored until the Node is initialized. The value
// of the taint does not count (LIF-022).
func IsEphemeralTaint(taint corev1.Taint) bool {
	switch taint.Key {
	case corev1.TaintNodeNotReady:
		return taint.Effect == corev1.TaintEffectNoSchedule || taint.Effect == corev1.TaintEffectNoExecute
	case corev1.TaintNodeUnreachable, ExternalCloudProviderTaintKey:
		return taint.Effect == corev1.TaintEffectNoSchedule
	case UnregisteredTaintKey:
		return taint.Effect == corev1.TaintEffectNoExecute
	}
	return strings.HasPrefix(taint.Key, ReadinessTaintPrefix)
}
