// SPDX-License-Identifier: Apache-2.0

// Package placetest checks plans for tests: whatever the engine was asked, its
// plan must keep these rules. It is the slow and obvious counterpart of package
// place and shares no decision with it, only the model and its algebra.
//
// [Check] reads a plan with its question. [Fingerprint] tells whether a value
// was changed, and [Scribble] spoils a plan in place, so that a test can see
// whether anything else shares its memory.
//
// Topology rules are not checked here: the scheduler itself is asked about them
// in the module test/oracle.
package placetest
