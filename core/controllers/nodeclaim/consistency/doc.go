// SPDX-License-Identifier: Apache-2.0

// Package consistency compares nodes with what their NodeClaims promised and
// reports what is missing. It is the controller nodeclaim.consistency.
//
// It never deletes or repairs anything: a node that came up short is for people
// to look at. A NodeClaim is looked at when it becomes initialized, or ten
// minutes after its creation if it does not, and then every ten minutes.
package consistency
