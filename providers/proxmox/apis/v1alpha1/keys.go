// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// Labels of the provider's own (PVE-004).
const (
	// LabelInstanceFamily is the family of an instance type: its name up to the first
	// dot.
	LabelInstanceFamily = Group + "/instance-family"
	// LabelInstanceCPUType is the CPU that a machine shows to its guest, such as
	// x86-64-v2-AES. Launches decide it.
	LabelInstanceCPUType = Group + "/instance-cpu-type"
	// LabelInstanceImageID is the identity of the template that a machine was cloned
	// from. Launches decide it.
	LabelInstanceImageID = Group + "/instance-image-id"
	// LabelNodeClass carries the name of the ProxmoxNodeClass on NodeClaims and Nodes
	// (CP-004).
	LabelNodeClass = Group + "/proxmoxnodeclass"
	// LabelBootstrapToken marks the secrets of bootstrap tokens, with "true" (PVE-097).
	LabelBootstrapToken = Group + "/bootstrap-token"
)

// Annotations beside those of the static hash (PVE-005).
const (
	// AnnotationNodeInPlaceHash, on a NodeClaim, is the hash of tags, security groups
	// and pool that were last applied to its machine.
	AnnotationNodeInPlaceHash = Group + "/proxmoxnodeinplaceupdate-hash"
	// AnnotationPool, on a NodeClaim, is the resource pool that its machine was last
	// put into.
	AnnotationPool = Group + "/proxmoxnodeclass-pool"
	// AnnotationTemplateHash, on templates of both kinds, is the hash of what their
	// machines are made from.
	AnnotationTemplateHash = Group + "/proxmoxtemplate-hash"
	// AnnotationTemplateHashVersion is the version of that hash.
	AnnotationTemplateHashVersion = Group + "/proxmoxtemplate-hash-version"
	// AnnotationTemplateInPlaceHash, on a ProxmoxTemplate, is the hash of the fields
	// that were last written to its machines.
	AnnotationTemplateInPlaceHash = Group + "/proxmoxtemplateinplaceupdate-hash"
	// AnnotationTemplateImages, on a ProxmoxTemplate, is a JSON object: uid is that of the
	// template, images are the IDs of those that may have been downloaded for it, by region.
	AnnotationTemplateImages = Group + "/proxmoxtemplate-images"
	// AnnotationToken, on a NodeClaim, is the ID of the bootstrap token that its machine
	// was given.
	AnnotationToken = Group + "/proxmoxcloudinit-token"
	// AnnotationCloudInitStatus, on a NodeClaim, says what became of its boot data:
	// CloudInitInitialized, once medium and token are removed; of one that is being deleted,
	// once the token is.
	AnnotationCloudInitStatus = Group + "/proxmoxcloudinit-status"
	// CloudInitInitialized is the value of AnnotationCloudInitStatus.
	CloudInitInitialized = "Initialized"
)

// Finalizer keeps ProxmoxNodeClasses and ProxmoxTemplates until what belongs to them is
// cleaned up.
const Finalizer = Group + "/termination"
