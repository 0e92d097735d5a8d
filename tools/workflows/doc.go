// SPDX-License-Identifier: Apache-2.0

// Package workflows holds the tests of what runs outside of this repository's reach: the
// workflows in .github, which need a registry, an identity or other versions of
// Kubernetes, and .ci/run. That they are well-formed is told by actionlint; that the steps
// a requirement speaks of are there, in their order and with the permissions they need, by
// the tests here. It has no code.
//
// go test takes results from its cache although a workflow has changed; whoever changes
// one runs go test -count=1. Start reading at workflows_test.go.
package workflows
