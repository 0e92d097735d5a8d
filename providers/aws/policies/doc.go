// SPDX-License-Identifier: Apache-2.0

// Package policies has the ValidatingAdmissionPolicy that an installation on AWS may
// add: which roles, images and user data EC2NodeClasses may have (OPS-324). A ConfigMap
// says which; parameters.yaml is an example.
//
// It holds files, and imports nothing but the standard library.
package policies
