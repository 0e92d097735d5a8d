// SPDX-License-Identifier: Apache-2.0

// Package placement says on which hosts machines can be launched, and in which order they
// are tried.
//
// # What it decides
//
// Which templates there are for which host ([Find], PVE-024, PVE-031, PVE-032), which
// hosts a NodeClass selects ([Select], PVE-018), and which of them comes first ([Order],
// PVE-062). All of it is functions from values to values.
//
// # Vocabulary
//
// An entry is a host with the template that machines on it are cloned from.
//
// # Start reading at
//
// entry.go, then templates.go, select.go, order.go.
package placement
