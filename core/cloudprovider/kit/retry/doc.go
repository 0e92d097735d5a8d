// SPDX-License-Identifier: Apache-2.0

// Package retry repeats calls that a cloud has throttled.
//
// # What it holds
//
// [Do] makes a call, and makes it again after a pause that grows, as long as the
// caller's deadline leaves time for the pause. It is specified in
// docs/spec/provider-kit.md (KIT-097 to KIT-099).
//
// It does not know which errors mean throttling: the provider's error table does.
// It limits no rates: golang.org/x/time/rate does, as for calls that write tags,
// one each second (CP-094). The back-off of k8s.io/apimachinery does not serve: it
// waits into the deadline and then reports the deadline, not the throttling.
//
// # Invariants
//
// The error is always that of the last call. The number of calls is bounded.
//
// Start reading at retry.go.
package retry
