// SPDX-License-Identifier: Apache-2.0

// Package machineconfig reads what the options of a machine say, and decides what a launch
// makes of them.
//
// # What it decides
//
// Which disk a machine boots from and whether a template can be used (PVE-032, PVE-065),
// what identifies a template (PVE-033), whose machine it is ([Owner]), and the options
// that a clone gets ([Launch]).
//
// # What it never does
//
// It calls nobody.
//
// # Vocabulary
//
// A property string is a value that holds values: "virtio=BC:24:11:00:00:01,bridge=vmbr0".
// What is not understood in one is kept as it is.
//
// # Start reading at
//
// launch.go, then drive.go and owner.go.
package machineconfig
