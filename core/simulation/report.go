// SPDX-License-Identifier: Apache-2.0

package simulation

import "time"

// Report is what a replay measured. Money is in the currency of the prices.
type Report struct {
	Policy string  `json:"policy"`
	Seed   uint64  `json:"seed"`
	Hours  float64 `json:"hours"`
	// Cost is the bill, Bound what no cluster that runs all wanted pods at every
	// moment could cost less than: nodes and pods may be cut into fractions for
	// it. Ratio is Cost by Bound; below 1 pods have waited.
	Cost  float64 `json:"cost"`
	Bound float64 `json:"bound"`
	Ratio float64 `json:"ratio"`
	// Evictions are those by the policy. Repeated ones are of replicas that it
	// had evicted less than an hour before.
	Evictions int `json:"evictions"`
	Repeated  int `json:"repeatedEvictions"`
	// Reclaims are machines that the cloud took back, ReclaimEvictions the pods
	// that it cost.
	Reclaims         int `json:"reclaims"`
	ReclaimEvictions int `json:"reclaimEvictions"`
	// Launched and Removed are machines that were bought, and given back or lost.
	Launched int `json:"launched"`
	Removed  int `json:"removed"`
	// FailedLaunches are NodeClaims for which nothing was for sale.
	FailedLaunches int `json:"failedLaunches"`
	// Passes is how often the policy was asked. Commands were started, Abandoned ones were given up by their validation.
	Passes    int `json:"passes"`
	Commands  int `json:"commands"`
	Abandoned int `json:"abandoned"`
	// WaitingPodMinutes are minutes in which pods were wanted and ran nowhere,
	// added up over pods.
	WaitingPodMinutes float64 `json:"waitingPodMinutes"`
	// LongestWait is the most minutes that a pod ran nowhere, Waiting how many do
	// in the end.
	LongestWait float64 `json:"longestWaitMinutes"`
	Waiting     int     `json:"waiting"`
	Series      []Hour  `json:"series"`
	// Spans are the machines, those first that ended first.
	Spans []Span `json:"-"`
}

// Hour is what was measured in an hour; the last one may be shorter.
type Hour struct {
	Cost              float64 `json:"cost"`
	Bound             float64 `json:"bound"`
	WaitingPodMinutes float64 `json:"waitingPodMinutes"`
	Evictions         int     `json:"evictions"` // by the policy
	// Nodes are bought and Pods wanted at the end of the hour.
	Nodes int `json:"nodes"`
	Pods  int `json:"pods"`
}

// Span is when a machine was paid for, counted from the start, at a price per hour.
type Span struct {
	Node     string
	Price    float64
	From, To time.Duration
}
