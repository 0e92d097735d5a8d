// SPDX-License-Identifier: Apache-2.0

// Package image finds the images that a NodeClass selects and chooses the one for an
// instance type (AWS-140 to AWS-148).
//
// # What it knows
//
// [Images] resolve a NodeClass: an alias through parameters of SSM, which the table in
// families.go names, other terms through DescribeImages. Of the images with equal
// requirements one is kept. [For] chooses among the images of a status.
//
// # What it may not import
//
// Other packages of the provider but apis/v1 and internal/query.
//
// # Vocabulary
//
// A parameter is one of SSM that holds the ID of an image. A variant is what an image
// is made for: accelerators of a vendor, or none. A candidate is an image with the
// requirements of one variant.
//
// # Invariants
//
// A list is whole or an error. An alias is resolved for one version of Kubernetes;
// another version is another list. Equal images give equal lists in equal order.
//
// Start reading at images.go, then families.go.
package image
