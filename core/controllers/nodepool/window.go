// SPDX-License-Identifier: Apache-2.0

package nodepool

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Size of the window, and how many failures in it make a pool unhealthy
// (LIF-230).
const (
	windowSize        = 4
	unhealthyFailures = 2
)

// outcome is how one NodeClaim fared.
type outcome bool

const (
	registered    outcome = true
	notRegistered outcome = false
)

// window holds the last outcomes of a pool, oldest first. It is nil while nothing
// is known, and empty when outcomes were forgotten because the spec has changed.
type window []outcome

// with returns the window after another outcome.
func (w window) with(o outcome) window {
	next := append(append(window{}, w...), o)
	return next[max(0, len(next)-windowSize):]
}

// health is the status that the outcomes speak for: Unknown without any.
func (w window) health() metav1.ConditionStatus {
	failures := 0
	for _, o := range w {
		if o == notRegistered {
			failures++
		}
	}
	switch {
	case len(w) == 0:
		return metav1.ConditionUnknown
	case failures >= unhealthyFailures:
		return metav1.ConditionFalse
	}
	return metav1.ConditionTrue
}

// seed is the window that a stored status stands for after a restart
// (LIF-235).
func seed(stored metav1.ConditionStatus) window {
	switch stored {
	case metav1.ConditionTrue:
		return window{registered}
	case metav1.ConditionFalse:
		return window{notRegistered, notRegistered}
	}
	return nil
}
