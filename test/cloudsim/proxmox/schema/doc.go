// SPDX-License-Identifier: Apache-2.0

// Package schema is the API of Proxmox VE as it describes itself: which calls there are,
// what each takes, and who may make it.
//
// # What it holds
//
// [Parse] reads a description: a JSON object of paths, in them of methods, with
// parameters, the permission check and whether unknown parameters are refused.
// [API.Route] finds the [Operation] of a request, [Operation.Check] says what is wrong
// with its parameters, and [Operation.Allowed] who may make it.
//
// The description that Proxmox VE publishes is not part of this repository. [StandIn] is
// a small one of our own: the calls and parameters that providers use. It is stricter, as
// it knows fewer parameters, and a test holds it against the published one where that is
// at hand.
//
// # What it never does
//
// It keeps no state and carries nothing out.
//
// # Vocabulary
//
// A property string is a value that holds values: "file=local:1,iothread=1".
//
// # Start reading at
//
// schema.go, then check.go and permission.go.
package schema
