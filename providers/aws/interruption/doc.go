// SPDX-License-Identifier: Apache-2.0

// Package interruption knows how AWS tells that it will take an instance back, stop it
// or reboot it, and that an instance's checks fail (AWS-386 to AWS-390).
//
// # What it knows
//
// Two sources for the kit's interruption controllers: the SQS queue that EventBridge
// writes to ([Queue]), and the status of instances, which EC2 is asked for every minute
// ([Status]). What is done about a notice is the kit's.
//
// # What it may not import
//
// Anything of the provider but the API types and providerid. What a notice says about
// capacity reservations is handed to [Reservations].
//
// # Invariants
//
// [Parse] never panics, whatever a queue holds. A message stays in the queue until all
// it says is done. An instance's terminations come before its deletions, since the kit
// leaves a NodeClaim alone that is being deleted. What [Status] remembers is bounded by
// the instances of the cluster that are impaired now.
//
// # Cost
//
// One call for up to ten messages, one for each to delete it; three calls a minute for
// the statuses, however many NodeClaims there are.
//
// Start reading at notice.go, then controllers.go.
package interruption
