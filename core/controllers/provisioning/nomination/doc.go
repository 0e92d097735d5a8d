// SPDX-License-Identifier: Apache-2.0

// Package nomination tells the scheduler what was planned: it writes the node of
// a pod to the pod's status.nominatedNodeName (SCH-310 to SCH-316). The scheduler
// tries that node first, and counts the pod as being there when it places others.
//
// # What it decides
//
// Which pods need it, and which writes may be made: never to a pod that is bound or
// gone, or that somebody else has nominated; a few times at most for one pod and
// node. Whether somebody else's nomination is to be waited for.
//
// # What it never does
//
// It plans nothing, and no plan depends on its success: a write that is refused is
// told once, and the plan holds as well as it did without. It knows what it wrote
// as long as the process lives; afterwards its nominations are somebody else's.
//
// Start reading at [Nominator.Announce].
package nomination
