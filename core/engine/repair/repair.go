// SPDX-License-Identifier: Apache-2.0

package repair

import "time"

// Retry is after what time a node that is not given up is looked at again.
const Retry = 5 * time.Minute

// Peers counts the nodes among which too many must not be sick.
type Peers struct {
	// Sick have an unhealthy condition, tolerated or not, and whether or not they are on
	// their way out.
	Sick int
	// All of them.
	All int
}

// onePartIn is the share of peers that may be sick, rounded up: a fifth.
const onePartIn = 5

// Bearable is how many peers may be sick.
func (p Peers) Bearable() int { return (p.All + onePartIn - 1) / onePartIn }

// Blocked reports whether so many are sick that the cause is not theirs, and new nodes
// would fare no better (EXT-141).
func (p Peers) Blocked() bool { return p.Sick > p.Bearable() }

// Case is a node whose toleration is over.
type Case struct {
	Now time.Time
	// Peers include the node.
	Peers Peers
	// Deleting is whether its NodeClaim is being deleted.
	Deleting bool
	// Deadline is by when its NodeClaim shall be gone, RFC 3339, as it is written there;
	// empty if it is not.
	Deadline string
}

// Decision is what to do.
type Decision struct {
	// Blocked: nothing, for too many peers are sick; look again after [Retry].
	Blocked bool
	// Delete the NodeClaim.
	Delete bool
	// Hurry is the deadline to write; zero to leave what is written.
	Hurry time.Time
}

// Decide says what becomes of a node whose toleration is over. The deletion comes before
// the deadline: a deadline left on a NodeClaim that could not be deleted would force a
// later, peaceful end.
func Decide(c Case) Decision {
	if c.Peers.Blocked() {
		return Decision{Blocked: true}
	}
	d := Decision{Delete: !c.Deleting}
	if !passed(c.Deadline, c.Now) {
		d.Hurry = c.Now
	}
	return d
}

// passed reports whether a time that is written down is over. One that cannot be read is
// not.
func passed(text string, now time.Time) bool {
	at, err := time.Parse(time.RFC3339, text)
	return err == nil && !at.After(now)
}
