// SPDX-License-Identifier: Apache-2.0

// Package catalogue keeps what is on sale, in generations, and shows it as it is
// now (KIT-020 to KIT-028, CP-035, CP-087, CP-125).
//
// # What it holds
//
// A [Store] keeps what was read from the cloud last: instance types, or whatever
// a provider makes them of. A [Base] holds instance types as they would be if
// all were in stock, and makes views of them, given a [Change]: offerings that
// are marked, counts of reservations, zones that a NodeClass can use. [Views]
// keeps views by a key of all that they depend on, so that in steady state a
// call of GetInstanceTypes is one look-up. [Memo] is the same for whatever else a
// provider derives from a view.
//
// It never calls a cloud by itself, knows no NodeClass and starts no goroutine.
// It imports the contract only.
//
// # Vocabulary
//
// A base is unchanged types; a view is what is shown in their place; a state of a
// type is what a view shows for it. A generation is a number that changes with
// the content.
//
// # Invariants
//
// Equal pointers are equal content, for ever (CP-009). A type that no change
// touches is the base's own pointer; one that was shown lately in the same state
// is the same pointer again. Everything is bounded: states of a type, views,
// and a base goes with the last one who holds it.
//
// # Cost
//
// A view that is kept: one look-up and a copy of the list. A new view: one look
// at each offering, some 50 ns each plus what the change costs; new objects only
// for types in a state not shown lately.
//
// Start reading at base.go, then change.go, views.go and store.go.
package catalogue
