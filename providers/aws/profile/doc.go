// SPDX-License-Identifier: Apache-2.0

// Package profile makes the instance profiles by which machines get the node role,
// and deletes those that are used no more (AWS-340 to AWS-343, AWS-094).
//
// # What it knows
//
// [Profiles] finds or makes the profile of a NodeClass ([Profiles.Ensure]) and
// deletes all of a NodeClass that ends ([Profiles.CleanUp]). [Collector] deletes what
// nothing refers to. A profile that the user names is never read or touched.
//
// # What it may not import
//
// Other packages of the provider but the API. It writes nothing to the API server:
// who calls Ensure puts the name into the status.
//
// # Vocabulary
//
// A draft is a profile whose making has begun and has not succeeded. A profile is
// protected while something may use it that is written nowhere yet.
//
// # Invariants
//
// A making that is retried goes on with its draft, so that retries, lost answers and
// refused calls leave no profiles behind. Only a process that dies between the
// making and the write of the status leaves one, which the collector deletes. The
// profile of a status stays unless IAM itself says that it, or its role, is missing.
//
// IAM shows writes late. What was made or read here is believed before IAM is asked
// again; a successor that asks too early makes a second profile, which is used from
// then on, and the first is collected.
//
// # Cost
//
// Ensure costs no call while the look-up is fresh (15 min), and three calls for a new
// profile. Memory is bounded. IAM is called for one profile at a time.
//
// Start reading at profiles.go, then collector.go.
package profile
