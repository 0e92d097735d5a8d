// SPDX-License-Identifier: Apache-2.0

// Package lenient reads stored objects of which a part cannot be read.
//
// A list is decoded as one: a single object whose quantity or time Go does not
// accept hides all others of its kind, for good, and some quantities that an API
// server once stored take minutes of computing to read. Types that decode
// through [Unmarshal] cannot do either: what can be read of an object is read,
// and the rest is named.
//
// # What it decides
//
// Which fields of an object are left out, and how they are told. It does not
// decide what becomes of the object: whoever would act on a field that is
// missing has to look at the problems first.
//
// # Invariants
//
// The time that reading takes is linear in the size of the text, whatever is in
// it: numbers are parsed only if their digits and exponents are few. An object
// without problems is decoded exactly as without this package.
//
// # Cost
//
// One more pass over the bytes of an object that has no problem. The parts of
// one that has are decoded one by one.
//
// Start reading at [Unmarshal].
package lenient
