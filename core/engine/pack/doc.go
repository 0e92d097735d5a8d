// SPDX-License-Identifier: Apache-2.0

// Package pack decides which machines hold a set of items at the lowest cost:
// variable-sized vector bin packing with many copies of few shapes.
//
// # What it decides
//
// [Cheapest] takes shapes of items with their counts, and machines with room
// and price, and returns loads: a machine, what it holds, and how many times.
// A first search is guided by the prices that the linear relaxation puts on
// resources ([Prices]): a load is worth what its items are worth at these prices,
// and the next load is always the one that wastes the smallest share of its
// price. It is repeated until one of its items runs out. Among loads that waste
// about the same the larger machine is preferred: fewer nodes to run, and more
// room for later corrections.
//
// That uses small items up before large ones have to leave room for them, so
// where there is enough to gain a second search asks a linear program how often
// to use each load (package simplex). Its duals say what each item is worth
// beside the others, and with that which loads are missing: machines are filled
// and the last items of them thought over, and everything is packed again at
// values between those of the program and those of the resources. The amounts
// are rounded down, the first search packs the rest, and the cheaper of the two
// answers is returned.
//
// # What it never does
//
// It knows nothing of pods, labels or catalogues. Which groups of items may
// share a machine, and at what price, is asked of a [Space].
//
// # Cost
//
// Machines that are no larger than another of no higher price are left out first.
// Filling one machine costs the items it takes times the shapes there are, a few
// nanoseconds each. Machines are tried lazily: what a machine wasted when it was
// last tried is a good guess of what it would waste now, so a load takes two or
// three trials however many machines there are. A load is repeated as often as
// the items allow. The second search has as much to do however many items there
// are of a shape, at most some dozen milliseconds, and does not begin with too
// many shapes, too few machines for each, or a first answer near the bound. The
// caller bounds how often shapes are looked at in all.
//
// Start reading at pack.go, then improve.go. Imports the standard library and
// packages resource and simplex only.
package pack
