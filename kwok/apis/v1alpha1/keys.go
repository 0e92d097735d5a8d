// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// Labels of the provider's own, all well-known (KWOK-004).
const (
	// LabelInstanceSize is the size of an instance type.
	LabelInstanceSize = Group + "/instance-size"
	// LabelInstanceFamily is the family of an instance type.
	LabelInstanceFamily = Group + "/instance-family"
	// LabelInstanceCPU is the CPU capacity of an instance type as a quantity.
	LabelInstanceCPU = Group + "/instance-cpu"
	// LabelInstanceMemory is the memory capacity of an instance type as a
	// quantity.
	LabelInstanceMemory = Group + "/instance-memory"
	// LabelReservationID names the reservation behind a reserved offering
	// (KWOK-008).
	LabelReservationID = Group + "/reservation-id"
	// LabelNodeClass carries the NodeClass name on NodeClaims and Nodes (CP-004).
	LabelNodeClass = Group + "/kwoknodeclass"
)

// Keys on Nodes that others read.
const (
	// LabelPartition says which kwok controller animates a Node (KWOK-034).
	LabelPartition = "kwok-partition"
	// LabelPrice is read by eks-node-viewer: the price of the Node per hour.
	LabelPrice = "eks-node-viewer/instance-price"
	// KeyFakeNode, a label and an annotation, marks a Node as fake for the kwok
	// controller; its value is FakeNode.
	KeyFakeNode = "kwok.x-k8s.io/node"
	// FakeNode is the value of KeyFakeNode.
	FakeNode = "fake"
)

// Annotations of a KWOKNodeClass that provoke failures (KWOK-039).
const (
	// AnnotationCreateError is the class of error that launches fail with.
	AnnotationCreateError = Group + "/inject-create-error"
	// AnnotationCreateErrorRate is the share of launches that fail, 0 to 1.
	AnnotationCreateErrorRate = Group + "/inject-create-error-rate"
	// AnnotationUnavailableOfferings lists offerings that cannot be had.
	AnnotationUnavailableOfferings = Group + "/inject-unavailable-offerings"
	// AnnotationNeverRegister, when "true", keeps Nodes from appearing.
	AnnotationNeverRegister = Group + "/inject-never-register"
	// AnnotationDriftReason makes nodes drifted for this reason.
	AnnotationDriftReason = Group + "/inject-drift-reason"
	// AnnotationTerminationDelay is how long machines take to go.
	AnnotationTerminationDelay = Group + "/inject-termination-delay"
	// AnnotationAPILatency is added to each operation.
	AnnotationAPILatency = Group + "/inject-api-latency"
)
