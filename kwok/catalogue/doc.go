// SPDX-License-Identifier: Apache-2.0

// Package catalogue reads the instance types of fake nodes from a file, or takes
// the embedded ones.
//
// # What it decides
//
// What a file may say (KWOK-006 to KWOK-008), and what follows from it: the
// labels of a type (KWOK-011 to KWOK-014), its overhead (KWOK-015), the
// reservation behind a reserved offering. Each problem of a file names file,
// line, column and entry; all problems are reported together. Unknown keys are
// not a problem but are listed, to be logged.
//
// It never talks to an API server, knows no NodeClass and no running node; what
// is left of a reservation is the provider's business.
//
// # Vocabulary
//
// An entry is one instance type in the file. The short form of an offering has
// capacityType and zone, the long form has Requirements.
//
// # Cost
//
// Reading is done once, at start: some 50 ms for the embedded 144 types.
//
// Start reading at catalogue.go. The embedded file is written by the program in
// the directory generate.
package catalogue
