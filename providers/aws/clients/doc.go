// SPDX-License-Identifier: Apache-2.0

// Package clients makes the clients of the services that the provider calls (AWS-002 (1)
// to (3), AWS-006, AWS-007, AWS-420).
//
// # What it knows
//
// [Load] makes the SDK's configuration from the default credential chain, finds the
// region, and puts on what every call has: user agent, timeout, metrics (AWS-401) and the
// keys by which errors are logged. [New] makes one client of each service, [Probe] asks
// EC2 whether it can be reached. Retries are the SDK's own.
//
// # What it may not import
//
// Anything of the provider. It knows no cluster and no settings.
//
// # Invariants
//
// An error keeps its text and its chain: the keys are for the logger only. What is
// measured never changes a call.
//
// Start reading at load.go, then instrument.go.
package clients
