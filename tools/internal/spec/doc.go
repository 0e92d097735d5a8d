// SPDX-License-Identifier: Apache-2.0

// Package spec reads requirements from the chapters of the specification and
// their citations from tests, and says which requirements no test cites.
//
// # Vocabulary
//
// A requirement has an ID such as LIF-083: a prefix that its chapter owns and
// a number. It is defined where the ID opens a bullet, paragraph or table row;
// anywhere else the ID is a mention. A test cites a requirement by naming its
// ID in a comment or string; LIF-083..085 cites three. One marked "(outside)" behind its
// ID says what others do with what is built here; nobody has to cite it.
//
// # What it never does
//
// It judges no test: a citation is a claim by its author, checked in review. But a
// test of code that no main program calls proves nothing of what users get, so its
// citations do not count ([CitationsOfCalled]). What is called is decided by names
// alone ([Unused]): cheap, and never wrong about code that is called.
//
// # Where to start reading
//
// [Requirements], [Citations], [Compare], [Unused].
package spec
