// SPDX-License-Identifier: Apache-2.0

package claim

import (
	"cmp"
	"strings"
	"time"

	"karpenter.sh/providers/clusterapi/capi"
)

// Node is what is known of a Machine's Node.
type Node int

const (
	// NoNode has joined yet.
	NoNode Node = iota
	// Unregistered Nodes keep all pods off until Karpenter has registered them.
	Unregistered
	// Serving Nodes take pods: nobody can tell how long they have been part of the
	// cluster.
	Serving
)

// Candidate is a Machine with what others say of it.
type Candidate struct {
	Machine *capi.Machine
	// Void says that the claim on the Machine, if there is one, is of a NodeClaim that
	// does not exist.
	Void bool
	// Referenced says that some NodeClaim names it, or has its provider ID.
	Referenced bool
	// Node of the Machine.
	Node Node
	// Current says that it is of the template as it is now: no roll-out will replace it.
	Current bool
}

// Claimable reports whether a NodeClaim that has waited since a moment may take the
// Machine (CAPI-041). One whose Node serves may only be taken if it is younger than the
// wait: older ones are users' own, and bring no capacity that was not there.
func (c Candidate) Claimable(since time.Time) bool {
	return c.free() && (c.Node != Serving || c.Machine.CreationTimestamp.After(since))
}

// Surplus reports whether nobody would miss the Machine: nobody has it, and no pod runs
// on it (CAPI-056).
func (c Candidate) Surplus() bool { return c.free() && c.Node != Serving }

// free holds for Machines that serve nobody and may yet serve.
func (c Candidate) free() bool {
	_, claimed := Of(c.Machine)
	return !c.Machine.Terminating() && !c.Machine.Marked() && !c.Machine.Failed() && (!claimed || c.Void) && !c.Referenced
}

// Order says which of two Machines is taken first: those that no roll-out will replace,
// then the oldest (CAPI-040), then by name.
func Order(a, b Candidate) int {
	if a.Current != b.Current {
		if a.Current {
			return -1
		}
		return 1
	}
	return cmp.Or(
		a.Machine.CreationTimestamp.Compare(b.Machine.CreationTimestamp.Time),
		strings.Compare(a.Machine.Name, b.Machine.Name),
	)
}
