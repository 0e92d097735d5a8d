// SPDX-License-Identifier: Apache-2.0

// Package cloudinit writes the boot data of machines, and the medium that they are on.
//
// # What it decides
//
// [Render] makes the files of a medium of templates and [Data]: the user's templates, and
// the defaults of those that are missing. [ISO] writes the medium.
//
// # What it never does
//
// It reads no secrets and uploads nothing. A template that is wrong is an error with the
// name of its key, and never the end of the process.
//
// # Invariants
//
// Equal templates and data give equal files. Errors quote a template, never what it was
// given: values are secrets.
//
// # Start reading at
//
// render.go and data.go, then functions.go and defaults.go.
package cloudinit
