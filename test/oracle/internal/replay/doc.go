// SPDX-License-Identifier: Apache-2.0

// Package replay does to a plan what would be done to it: the provider makes a
// machine of each bin, all nodes join, their daemons start, and then the real
// scheduler is asked to bind the pods one after another where the plan wants
// them.
//
// # What counts as a disagreement
//
// A plan is right if there is an order in which every pod passes all filters on
// its node, given those bound before it. The order is searched for exhaustively:
// first in the order in which the engine placed the pods, then in all others,
// remembering which sets of pods lead nowhere.
//
// What a bin becomes is the provider's choice, so any choice must do.
package replay
