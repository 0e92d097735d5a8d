// SPDX-License-Identifier: Apache-2.0

// Package simcapi is a management cluster in memory, for tests: an API server that holds
// the objects of Cluster API, and controllers that do with them what Cluster API does. It
// makes and deletes Machines until there are as many as a MachineDeployment says, the
// marked ones first; a Machine that is deleted terminates until it is let go.
//
// It is a small real implementation, not a script: tests say what the world is like (what
// is in stock, what fails, which controllers stand still) and not what is answered. It
// works by itself after each write, so that a test need wait for nothing.
//
// Start reading at cluster.go, then controllers.go.
package simcapi
