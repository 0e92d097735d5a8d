// SPDX-License-Identifier: Apache-2.0

// Package sdktest drives the simulated AWS with the real SDK over TLS, through the
// SDK's own environment variables: every call that the provider makes.
//
// It is a module of its own, outside the workspace, so that the SDK stays out of the
// dependencies of the simulation. make cloudsim runs it.
package sdktest
