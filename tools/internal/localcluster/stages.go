// SPDX-License-Identifier: Apache-2.0

package localcluster

import (
	_ "embed"

	nodefast "sigs.k8s.io/kwok/kustomize/stage/node/fast"
	nodelease "sigs.k8s.io/kwok/kustomize/stage/node/heartbeat-with-lease"
	podfast "sigs.k8s.io/kwok/kustomize/stage/pod/fast"
)

//go:embed stages/pod-delete-delayed.yaml
var podDeleteDelayed string

//go:embed stages/pod-unhealthy.yaml
var podUnhealthy string

// Stages returns what the fake kubelet does to nodes and pods: kwok's own fast
// stages, and two that tests steer by annotation and label (OPS-274).
func Stages() []string {
	return []string{
		nodefast.DefaultNodeInit,
		nodelease.DefaultNodeHeartbeatWithLease,
		podfast.DefaultPodReady,
		podfast.DefaultPodComplete,
		podfast.DefaultPodDelete,
		podDeleteDelayed,
		podUnhealthy,
	}
}
