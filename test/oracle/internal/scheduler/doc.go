// SPDX-License-Identifier: Apache-2.0

// Package scheduler runs the filter plugins of the real kube-scheduler in this
// process, without an API server: may this pod run on that node, given these
// nodes and the pods bound to them?
//
// It never scores, never preempts and never binds anything but in memory. A
// [Filters] serves one goroutine; making one costs a few milliseconds, asking
// it costs about as much as the scheduler itself needs.
package scheduler
