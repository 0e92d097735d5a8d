// SPDX-License-Identifier: Apache-2.0

// Package hydration gives NodeClaims of older releases the label that tells
// their NodeClass. It is the controller nodeclaim.hydration.
//
// NodeClaims rendered by this release carry the label from the start, so in the
// ordinary case nothing is written. Nodes are labelled by another family.
package hydration
