// SPDX-License-Identifier: Apache-2.0

// Package round runs one provisioning round on a world, the way the controller
// does: objects go into the live model, pods through validation and intake, the
// engine plans, and planned bins are rendered to NodeClaims. Nothing is
// simulated but the API server.
package round
