// SPDX-License-Identifier: Apache-2.0

// Package policy holds the ways to give up nodes that replays compare: [None],
// [Emptiness], and [Practice], a model of what node autoscalers commonly do.
//
// It decides from a view of the world and what-ifs asked of it, and changes
// nothing.
package policy
