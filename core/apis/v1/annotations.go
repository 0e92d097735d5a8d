// SPDX-License-Identifier: Apache-2.0

package v1

// Annotations that the core reads or writes.
const (
	// DoNotDisruptAnnotationKey protects a Pod or Node from voluntary disruption.
	DoNotDisruptAnnotationKey = Group + "/do-not-disrupt"
	// NodePoolHashAnnotationKey carries the static hash of a NodePool, and on a
	// NodeClaim the hash of the pool it was rendered from.
	NodePoolHashAnnotationKey = Group + "/nodepool-hash"
	// NodePoolHashVersionAnnotationKey carries the version of the hash beside it.
	NodePoolHashVersionAnnotationKey = Group + "/nodepool-hash-version"
	// NodeClaimTerminationTimestampAnnotationKey carries the time (RFC 3339) by
	// which a NodeClaim under deletion is terminated whatever still runs on it.
	NodeClaimTerminationTimestampAnnotationKey = Group + "/nodeclaim-termination-timestamp"
	// NodeClaimMinValuesRelaxedAnnotationKey tells whether a NodeClaim was
	// rendered with fewer distinct values than its pool's minValues ask for.
	NodeClaimMinValuesRelaxedAnnotationKey = Group + "/nodeclaim-min-values-relaxed"
	// RequestedDRADriversAnnotationKey lists the drivers of the devices that
	// were allocated to a NodeClaim, sorted and separated by commas.
	RequestedDRADriversAnnotationKey = Group + "/requested-dra-drivers"
	// PriceOverlayAppliedAnnotationKey marks a NodeClaim with an instance type
	// whose price a NodeOverlay set.
	PriceOverlayAppliedAnnotationKey = Group + "/price-overlay-applied"
	// CapacityOverlayAppliedAnnotationKey marks a NodeClaim with an instance type
	// whose capacity a NodeOverlay extended.
	CapacityOverlayAppliedAnnotationKey = Group + "/capacity-overlay-applied"
	// ProviderCompatibilityAnnotationKey is reserved: older releases wrote it,
	// this one never does.
	ProviderCompatibilityAnnotationKey = "compatibility." + Group + "/provider"
)

// Annotations of the in-memory pods that stand for the chunks of a
// CapacityBuffer. They never reach the API server.
const (
	CapacityBufferFakePodAnnotationKey   = Group + "/capacity-buffer-fake-pod"
	CapacityBufferNameAnnotationKey      = Group + "/capacity-buffer-name"
	CapacityBufferNamespaceAnnotationKey = Group + "/capacity-buffer-namespace"
)

// TerminationFinalizer holds back the deletion of a NodeClaim until its
// instance is gone, and of a Node until it is drained.
const TerminationFinalizer = Group + "/termination"
