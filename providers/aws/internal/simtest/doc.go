// SPDX-License-Identifier: Apache-2.0

// Package simtest gives tests an AWS account: the simulated cloud of test/cloudsim
// behind the real SDK, over TLS, in this process (AWS-423).
//
// # What it holds
//
// [New] starts an [Account] and ends it with the test. Its Config points the SDK's
// clients at it without any environment variable, so tests may run in parallel. Stock,
// quotas, lag and the journal are those of [Account.Cloud]; [Account.Fault],
// [Account.Fail] and [Account.Within] let calls go wrong, [Account.Calls] counts them.
//
// Time is virtual unless a test asks for the real one: nothing happens in the cloud
// until [Account.Step].
//
// # What it may not import
//
// Anything of the provider: every package of it can use this one in its tests.
//
// Start reading at account.go.
package simtest
