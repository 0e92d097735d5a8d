// SPDX-License-Identifier: Apache-2.0

package capi

// Keys that Cluster API defines (CAPI-005).
const (
	// LabelDeployment on a Machine names its MachineDeployment, in the same namespace.
	LabelDeployment = "cluster.x-k8s.io/deployment-name"
	// LabelCluster names the cluster; spec.clusterName is authoritative.
	LabelCluster = "cluster.x-k8s.io/cluster-name"
	// AnnotationDelete on a Machine, with any value, lets every scale-down delete it
	// first: the mark.
	AnnotationDelete = "cluster.x-k8s.io/delete-machine"
	// AnnotationPaused stops the reconciliation of an object, with any value.
	AnnotationPaused = "cluster.x-k8s.io/paused"
	// AnnotationRevision numbers the roll-outs of a deployment, on it and on its
	// MachineSets.
	AnnotationRevision = "machinedeployment.clusters.x-k8s.io/revision"
	// AnnotationMaxSize limits the replicas of a deployment.
	AnnotationMaxSize = "cluster.x-k8s.io/cluster-api-autoscaler-node-group-max-size"
)
