// SPDX-License-Identifier: Apache-2.0

// Package zonalshift knows from which zones the cluster's traffic is shifted away by
// ARC zonal shift (AWS-366 to AWS-369).
//
// # What it knows
//
// A [Shifts] holds the zone IDs of the shifts that are in force. It is asked by
// listing ([Snapshot.Change]), and by look-up, deletion and tagging
// ([Shifts.Shifted], [Shifts.Refuse]). [Controller] reads them from ARC and tells
// NodePools what changed.
//
// # What it may not import
//
// Other packages of the provider but the API. It acts on no machine.
//
// # Vocabulary
//
// Zones are known by their IDs (use1-az1), which ARC names them by; names (us-east-1a)
// are for people. A shift is in force from an answer that tells of it until its
// expiry, or until an answer does not. On means that the user has switched it on.
//
// # Invariants
//
// A nil *Shifts is zonal shift switched off: no zone is shifted, nothing is refused
// and nothing is called. An answer replaces the former set as a whole; a failed call
// changes nothing, but shifts end at their expiry all the same.
//
// # Cost
//
// One call each 30 s. Asking is a lock and a look-up.
//
// Start reading at shifts.go, then controller.go.
package zonalshift
