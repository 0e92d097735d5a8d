// SPDX-License-Identifier: Apache-2.0

// Package wiring builds the AWS provider and its controllers out of their parts: the
// only place that knows all of them.
//
// It decides nothing but the order of the start (AWS-002) and who is told what. The
// binary calls [Start], which asks the cloud; tests that bring a cloud of their own call
// [New].
//
// Start reading at start.go, then parts.go (and discovery.go, catalogue.go,
// launching.go), then controllers.go.
package wiring
