// SPDX-License-Identifier: Apache-2.0

// Package aws is the end-to-end suite of the AWS provider: an unmodified
// controller binary talks through the real SDK to a simulated account, whose machines
// join a local control plane if their boot data would have booted.
//
//	make e2e PROVIDER=aws
//
// The account holds what providers/aws/internal/cmd/account prints: the controller may
// do what the documented policies allow. At the end the suite sees that this was enough
// and, if every spec ran, that all of it was needed. The same is seen of the chart's
// rules in the cluster. Zonal shift is switched on, too.
// Specs that last for minutes have the label long (LABELS='!long' leaves them out).
//
// Specs run one after the other: what they do to the account (selling it out, taking
// it down, losing answers) is done to everybody in it. The suite that needs no cloud
// is ../.
//
// Start reading at suite_test.go.
package aws
