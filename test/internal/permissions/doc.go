// SPDX-License-Identifier: Apache-2.0

// Package permissions compares what Karpenter was granted in a cluster with what it
// asked for.
//
// # What it decides
//
// Which grants no request needed ([Unused]), and which requests the API server
// refused for want of a grant ([Requests]). Both are functions of values; [Granted]
// and [ReadAudit] gather them, from the roles bound to the service account and from the
// API server's audit log.
//
// # What it never does
//
// It changes nothing, and judges no request that was allowed.
//
// # Vocabulary
//
// A grant is one verb on one resource. The verbs get, list and watch are one, read:
// whoever may do one of them sees the same, and which of them is sent is a matter of
// caches. A waiver is a grant that stays although no request shows that it is needed,
// with the reason.
package permissions
