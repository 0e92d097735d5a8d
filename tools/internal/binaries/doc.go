// SPDX-License-Identifier: Apache-2.0

// Package binaries brings the programs that development needs into one
// directory: the control plane, Helm, the linter and kind, each built from the Go
// module that pins its version.
//
// # What it decides
//
// Which programs of a [Set] must be built, which are current, and which are
// taken from a directory that the developer already has. [Plan] decides this
// from values alone; [Ensure] looks at the disk, plans, and carries out.
//
// # What it never does
//
// It downloads nothing but Go modules, and repeats no version: versions come
// from the go.mod of the set's module.
//
// # Vocabulary
//
// A set is a group of programs of one module. A key is a hash over everything
// that a build depends on; the stamp beside an output records the key it was
// built with. Assets are binaries made elsewhere, found through the
// environment variable KUBEBUILDER_ASSETS.
//
// # Invariants
//
// An output appears under its name only when it is complete (built aside, then
// renamed), so an interrupted build leaves nothing half-written, and a running
// program keeps the file it was started from.
//
// # Where to start reading
//
// [Sets], then [Plan].
package binaries
