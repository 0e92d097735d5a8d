// SPDX-License-Identifier: Apache-2.0

// Package wire reads requests and writes answers in the protocols of the clouds,
// driven by the services' published models.
//
// # What it holds
//
// [Tree] is what a request or an answer says, typed by its shape. A [Codec] turns
// HTTP into trees and back: EC2 query, AWS query, AWS JSON 1.0 and 1.1, and REST
// JSON. [Validate] checks a request against its model. [Router] finds the service
// and call that a request is for.
//
// # What it never does
//
// It knows no call by name and no state. A field that a model does not have can
// neither be read nor written: an answer with one is an error, so that a slip in
// the simulation is seen at once. It imports package model and the standard library.
//
// # Vocabulary
//
// A violation is one way in which a request breaks its model; each protocol has its
// own error codes for them. A fault is whose mistake an error is: the sender's or
// the service's.
//
// # Another cloud
//
// Its codec goes into a file of its own here, implements [Codec] and is chosen by
// the protocol named in the model.
//
// # Cost
//
// Linear in the size of the request or answer.
//
// # Start reading at
//
// tree.go, codec.go, then ec2.go.
package wire
