// SPDX-License-Identifier: Apache-2.0

// Package launch makes machines, and ends them.
//
// # What it decides
//
// In which order a machine is made on one host ([Launcher.Launch], PVE-063), which ID it
// gets ([IDs], PVE-064), and whether a machine is the one that is meant before it is ended
// ([Launcher.Delete], PVE-100). Which host and which type: who calls.
//
// # What it never does
//
// It deletes no machine that it cannot tell to be its own, by name and UID. It knows no
// Kubernetes.
//
// # Invariants
//
// A launch that fails leaves nothing: no machine, no medium, no address, no capacity, even
// if the caller has gone.
//
// # Start reading at
//
// launcher.go, then steps.go, cleanup.go, delete.go.
package launch
