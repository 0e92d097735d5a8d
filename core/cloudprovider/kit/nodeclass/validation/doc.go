// SPDX-License-Identifier: Apache-2.0

// Package validation is the resolver of ValidationSucceeded: the last word on
// whether a NodeClass can be launched with, by checks of its content and by a
// launch that is tried dry (KIT-125 to KIT-127).
//
// # What it never does
//
// It launches nothing itself, and knows neither what is checked nor how a dry run
// is made: both are the provider's functions.
//
// # Vocabulary
//
// A check judges a NodeClass; its verdict accepts it or refuses it with a reason
// and a message. Early checks need nothing but the spec. Dependencies are the
// conditions that must be settled before anything else is asked.
//
// # Invariants
//
// The memory holds at most one outcome for each NodeClass; Forget drops it.
//
// Start reading at [Validator].
package validation
