// SPDX-License-Identifier: Apache-2.0

// Package installation is the handle on the Karpenter under test: where its
// metrics and its log are, and how to stop and start it.
//
// # What it holds
//
// Nothing of its own. A cluster started by tools/cluster keeps its state in a
// file beside its kubeconfig; that file is read anew for every question, so the
// answers are right whoever restarted the controller.
//
// # What it never does
//
// It does not start processes itself: tools/cluster does, so that what a test
// leaves behind is still on record there. It signals only a process that has
// just answered on its own probe port.
//
// # Vocabulary
//
// A local installation is a process on this machine that tools/cluster started. One that
// it installed in a cluster of kind is not: where its metrics and its log are is on record
// all the same. For any other only the metrics are known, from METRICS_URL.
//
// Start reading at [Find].
package installation
