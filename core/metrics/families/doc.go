// SPDX-License-Identifier: Apache-2.0

// Package families holds what metrics there are: each with its name, type, labels,
// buckets, stage and help, in tables that a reader, the generated reference and the
// code that counts share.
//
// # What it holds
//
// [Core] lists what every binary of the core shows, [Kit] what providers show that use
// the kit, [Libraries] what libraries show by themselves. [Binary] puts together all
// that one binary shows. A provider has a table of its own, of the same form.
//
// # What it never does
//
// It counts nothing and keeps no global state. A [Registry] makes collectors of the
// families of its tables and of no others, so that no metric is missing in the
// reference.
//
// # Vocabulary
//
// A family is a metric with all its series. A group is a table of families that are
// read together.
//
// It imports the API and nothing else of the project, for contract, controllers and
// providers all count.
//
// Start reading at [Family], then core.go.
package families
