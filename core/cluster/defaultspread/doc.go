// SPDX-License-Identifier: Apache-2.0

// Package defaultspread finds out for each pod what the cluster's default spread
// constraints mean for it: it reads the Services of its namespace and its
// controller, and lets package intake deduce the selector.
//
// # What it never does
//
// It changes no pod and writes nothing. Without default constraints it reads
// nothing either, so that no cache of these kinds exists. What cannot be read
// counts as not being there: the pass goes on.
//
// # Cost
//
// In one pass each namespace and each controller is read once, and pods that
// share namespace, controller and labels share the answer.
//
// Start reading at [Source.Pass].
package defaultspread
