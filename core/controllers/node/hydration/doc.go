// SPDX-License-Identifier: Apache-2.0

// Package hydration gives Nodes of older releases the label that tells their
// NodeClass, without which their termination is not ours to handle. It is the
// controller node.hydration.
//
// Registration labels every Node of this release, so in the ordinary case
// nothing is written. A Node that is about to register is left to registration
// for a minute: two writers at once would only hold each other up.
package hydration
