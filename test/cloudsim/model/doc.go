// SPDX-License-Identifier: Apache-2.0

// Package model holds the published models of the clouds' services: which calls
// there are, of which shapes, under which names on the wire.
//
// # What it holds
//
// [Service], [Operation] and [Shape], and the models themselves as embedded JSON
// ([AWS]), trimmed to the calls that a provider uses. NOTICE says where they come
// from. The command in generate/ trims them anew.
//
// # What it never does
//
// It knows no wire format (package wire does) and no behaviour (packages named
// after clouds do). It imports the standard library only.
//
// # Another cloud
//
// Its description (OpenAPI, discovery document) is translated into the same
// [Service] by a generator beside the one for AWS, and embedded beside it.
//
// # Invariants
//
// A Service does not change after [Read] returned it; it may be shared.
package model
