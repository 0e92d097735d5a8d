// SPDX-License-Identifier: Apache-2.0

// Package pack decides which machines hold a set of items at the lowest cost:
// variable-sized vector bin packing with many copies of few shapes.
//
// # What it decides
//
// [Cheapest] takes shapes of items with their counts, and machines with room
// and price, and returns loads: a machine, what it holds, and how many times.
// It is guided by the prices that the linear relaxation puts on resources
// ([Prices]): a load is worth what its items are worth at these prices, and the
// next load is always the one that wastes the smallest share of its price.
// Among loads that waste about the same the larger machine is preferred: fewer
// nodes to run, and more room for later corrections.
//
// # What it never does
//
// It knows nothing of pods, labels or catalogues. Which groups of items may
// share a machine, and at what price, is asked of a [Space].
//
// # Cost
//
// Filling one machine costs the items it takes times the shapes there are, a few
// nanoseconds each. Machines are tried lazily: what a machine wasted when it was
// last tried is a good guess of what it would waste now, so a load takes two or
// three trials however many machines there are. A load is repeated as often as
// the items allow. The caller bounds how often shapes are looked at.
//
// Imports the standard library and package resource only.
package pack
