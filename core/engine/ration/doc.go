// SPDX-License-Identifier: Apache-2.0

// Package ration says which orders of machines may go ahead within limits that they
// share, such as the quotas of a cloud account (SCH-330).
//
// # What it decides
//
// A plan judges each of its machines by itself: each alone may be within what is left of
// a limit, all of them together may not. [Admit] charges them to the limits one after
// the other and holds back what would exceed one.
//
// # What it never does
//
// It chooses nothing in place of what is held back: that is for the next plan, which
// sees what the admitted ones have taken.
//
// # Vocabulary
//
// A draw is how much of a limit something takes. An order is machines that are launched
// together or not at all.
//
// # Invariants
//
// What is admitted never takes more than was left. An order that draws on nothing is
// admitted, and so is one that draws only on limits that nobody knows. Something is held
// back only if it exceeds what others leave, so that an order alone within the limits
// goes ahead.
//
// # Cost
//
// Linear in the draws.
package ration
