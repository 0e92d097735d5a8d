// SPDX-License-Identifier: Apache-2.0

package interruption

import (
	"context"

	"karpenter.sh/core/metrics"
)

// Action is what a notice leads to.
type Action int

const (
	// Inform publishes events only, as for advice.
	Inform Action = iota
	// Delete deletes the NodeClaim, which drains.
	Delete
	// Terminate deletes the NodeClaim without time to drain: the machine is broken.
	Terminate
)

// Notice says what happens to some machines.
type Notice struct {
	// Kind such as spot_interrupted, in snake_case: the reason that is counted.
	Kind metrics.Reason
	// Action to take.
	Action Action
	// Machines are the cloud's own IDs of the machines.
	Machines []string
	// Reason of the events, in CamelCase, such as SpotInterrupted.
	Reason string
	// Message of the events, a sentence.
	Message string
}

// Message is what a source hands out.
type Message struct {
	// ID names the message in logs.
	ID string
	// Notices it carries; none is a message of no interest.
	Notices []Notice
	// Malformed says why the message cannot be read; it is dropped.
	Malformed error
	// Acknowledge tells the source that it need not be delivered again. Nil if the
	// source keeps nothing, such as one that polls.
	Acknowledge func(ctx context.Context) error
}

// Source hands out messages: a queue, a poll of machine states, a watch of node
// conditions.
type Source interface {
	// Name of the source in errors.
	Name() string
	// Receive returns what there is. It may wait for a while for something to come;
	// it does not hand out again what it waits to be acknowledged.
	Receive(ctx context.Context) ([]Message, error)
}
