// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"time"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/simulation/trace"
)

// Options are what is replayed, and how the world around it behaves.
type Options struct {
	Trace *trace.Trace
	// Pool is the only node pool; its budgets and its consolidateAfter bind.
	Pool *v1.NodePool
	// Types are for sale in the pool. Offerings that the pool would not buy must
	// be unavailable: the lower bound takes the cheapest of those that are not.
	Types []*cloudprovider.InstanceType
	// Policy gives up nodes.
	Policy Policy
	// Seed decides every chance.
	Seed uint64
	// Reclaims is how often the cloud takes back a spot machine, on average per
	// hour of its life.
	Reclaims float64
	// MostAllocated has the scheduler prefer full nodes; it prefers empty ones
	// otherwise.
	MostAllocated bool
	Times         Times
}

// Times are how long things take.
type Times struct {
	// Launch is from the NodeClaim to the purchase, Register from there to a
	// node that is ready for pods.
	Launch, Register time.Duration
	// Start is from the binding of a pod to its readiness, Stop from its eviction
	// to its end.
	Start, Stop time.Duration
	// Terminate is from the end of a drain to the end of the bill.
	Terminate time.Duration
	// Notice is from the announcement of a reclaim to the loss of the machine.
	Notice time.Duration
	// Idle and Most are those of the batching of pods.
	Idle, Most time.Duration
	// Retry is when pods without a place, and evictions that a budget forbids,
	// are tried again.
	Retry time.Duration
	// Poll is the least time between two passes of disruption.
	Poll time.Duration
}

// DefaultTimes are those of an ordinary cloud.
func DefaultTimes() Times {
	return Times{
		Launch: 5 * time.Second, Register: 40 * time.Second,
		Start: 5 * time.Second, Stop: 10 * time.Second,
		Terminate: 30 * time.Second, Notice: 2 * time.Minute,
		Idle: time.Second, Most: 10 * time.Second,
		Retry: 10 * time.Second, Poll: 10 * time.Second,
	}
}
