// SPDX-License-Identifier: Apache-2.0

// Package simplex solves linear programs whose columns are found one by one:
// buy columns at the lowest cost so that what they hold adds up to what each row
// demands.
//
// # What it decides
//
// [Program.Solve] finds how much of each column to buy, in fractions, and what
// one more unit of each row would cost ([Program.Duals]). Columns may be added
// to a solved program, which then goes on from where it was. That is what
// column generation wants: the duals say which column to add next.
//
// # What it never does
//
// It promises nothing about duals or amounts but what the arithmetic of floating
// point gives: callers check what they build on them.
//
// # Cost
//
// The revised simplex method with a dense inverse: a pivot costs the square of
// the number of rows, plus the entries of all columns. There are about as many
// pivots as rows, and a few for each column that is added later. The caller
// bounds their number.
//
// Imports the standard library only.
package simplex
