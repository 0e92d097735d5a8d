// SPDX-License-Identifier: Apache-2.0

// Package manifests reads YAML files of Kubernetes objects, and changes how many
// pods they make.
//
// It talks to no API server. Start reading at [Decode].
package manifests
