// SPDX-License-Identifier: Apache-2.0

// Package report tells users what voluntary disruption decides and does: the
// events on Nodes, NodeClaims, NodePools and Pods, and the collectors of its
// metrics.
//
// It decides nothing: causes come from the engine as data and become text here.
// Whoever calls it says what happened and when.
//
// An event is told again when its cause changes, whatever the window of the one
// before (DIS-152): the message is part of what tells events apart.
//
// Start reading at events.go.
package report
