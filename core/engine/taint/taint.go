// SPDX-License-Identifier: Apache-2.0

// Package taint holds taints and the tolerations that admit pods to them.
// Imports strconv only.
package taint

import "strconv"

// Effect is what a taint does to pods that do not tolerate it.
type Effect string

// The effects of the API.
const (
	NoSchedule       Effect = "NoSchedule"
	PreferNoSchedule Effect = "PreferNoSchedule"
	NoExecute        Effect = "NoExecute"
)

// Taint repels pods from a node.
type Taint struct {
	Key    string
	Value  string
	Effect Effect
}

// String is the form used in messages (SCH-223).
func (t Taint) String() string {
	if t.Value == "" {
		return t.Key + ":" + string(t.Effect)
	}
	return t.Key + "=" + t.Value + ":" + string(t.Effect)
}

// TolerationOperator says how a toleration's value is compared.
type TolerationOperator string

// The operators of the API; the empty operator means Equal.
const (
	TolerateEqual  TolerationOperator = "Equal"
	TolerateExists TolerationOperator = "Exists"
	TolerateLt     TolerationOperator = "Lt"
	TolerateGt     TolerationOperator = "Gt"
)

// Toleration admits a pod to nodes with matching taints.
type Toleration struct {
	Key      string // empty with Exists: every key
	Operator TolerationOperator
	Value    string
	Effect   Effect // empty: every effect
}

// Tolerates reports whether the toleration matches the taint (SCH-090).
func (t Toleration) Tolerates(taint Taint) bool {
	if t.Effect != "" && t.Effect != taint.Effect {
		return false
	}
	if t.Key != "" && t.Key != taint.Key {
		return false
	}
	switch t.Operator {
	case TolerateExists:
		return true
	case "", TolerateEqual:
		return t.Key != "" && t.Value == taint.Value
	case TolerateLt:
		return compareIntegers(taint.Value, t.Value, func(a, b int64) bool { return a < b })
	case TolerateGt:
		return compareIntegers(taint.Value, t.Value, func(a, b int64) bool { return a > b })
	}
	return false
}

func compareIntegers(a, b string, pass func(a, b int64) bool) bool {
	x, errX := strconv.ParseInt(a, 10, 64)
	y, errY := strconv.ParseInt(b, 10, 64)
	return errX == nil && errY == nil && pass(x, y)
}

// Tolerations are those of one pod.
type Tolerations []Toleration

// Tolerates reports whether some toleration matches the taint.
func (ts Tolerations) Tolerates(taint Taint) bool {
	for _, t := range ts {
		if t.Tolerates(taint) {
			return true
		}
	}
	return false
}

// Untolerated returns the first taint that no toleration matches. With
// softAdmitted PreferNoSchedule taints never repel (SCH-183 step 6).
func (ts Tolerations) Untolerated(taints []Taint, softAdmitted bool) (Taint, bool) {
	for _, taint := range taints {
		if softAdmitted && taint.Effect == PreferNoSchedule {
			continue
		}
		if !ts.Tolerates(taint) {
			return taint, true
		}
	}
	return Taint{}, false
}
