// SPDX-License-Identifier: Apache-2.0

// Package exhaust confirms by trying everything that a pod which a plan leaves
// over fits nowhere: not on a node that exists, and not on a new node of any
// pool, instance type, offering and label value.
//
// # What it asks
//
// The real scheduler's filters, given all that the plan has placed; beyond them
// only what the specification asks in addition: that a spread looks at domains
// where the pod could get a new node (SCH-142), and that none comes up where pods
// of the plan cannot do with one (SCH-158), that room is kept for daemons
// (SCH-123, SCH-126), limits (SCH-200) and minValues (SCH-195).
//
// # What counts as a miss
//
// What a planned bin becomes is open, so a node counts as missed only if it
// admits the pod whatever the bins become. That is what SCH-165 says from the
// other side: anti-affinity keeps away from all domains that are still possible,
// and affinity waits until one is certain.
package exhaust
