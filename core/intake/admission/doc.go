// SPDX-License-Identifier: Apache-2.0

// Package admission works out what the API server makes of a DaemonSet's pod
// template once a pod is created from it: defaults of the API, RuntimeClasses and
// LimitRanges decide what a daemon asks for, and whether it comes to be at all.
//
// # What it never does
//
// It reads nothing and changes none of the objects that it is given. It knows
// nothing of webhooks: what they do shows on live pods only.
//
// # Vocabulary
//
// Complete is a spec with all that a created pod would have. A live pod is
// outdated where a LimitRange that filled it in has changed or gone since.
//
// # Cost
//
// Linear in the containers and their resources.
//
// Start reading at rules.go.
package admission
