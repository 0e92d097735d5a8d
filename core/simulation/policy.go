// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"time"

	v1 "karpenter.sh/core/apis/v1"
)

// Policy gives up nodes. It keeps nothing but what makes it faster: the same view
// gives the same answer.
type Policy interface {
	// Name is how reports call it.
	Name() string
	// Serial policies are not asked while one of their commands waits for its
	// validation.
	Serial() bool
	// Decide returns the commands to propose, in the order in which they are to be
	// started, once the time has passed that the policy says it takes. They name
	// no node twice and no node that is held.
	Decide(v *View) ([]Command, error)
	// Validate looks at a proposal again in the view of a later time, and returns
	// what is left of it; one without nodes is abandoned.
	Validate(v *View, c Command) (Command, error)
}

// Command says to give up machines, and what is to be ready before their pods are
// evicted.
type Command struct {
	// Method tells commands of a policy apart.
	Method string
	// Nodes are the IDs of the machines, as in [disrupt.Node].
	Nodes []string
	// Replacements are the NodeClaims to launch.
	Replacements []*v1.NodeClaim
	// Wait is how long after the decision the command is validated; zero means
	// that it is started at once, without.
	Wait time.Duration
}
