// SPDX-License-Identifier: Apache-2.0

// Package tiltfile evaluates the repository's Tiltfile, in tests only, with an interpreter
// of its language and stand-ins for the functions of Tilt.
//
// # What it decides
//
// Whether what the Tiltfile tells Tilt is sound: arguments that the functions have, of the
// right types; paths, resources, targets of make, programs and their flags that exist; an
// image and ports that are those of the chart.
//
// # What it never does
//
// It runs no Tilt and asks no cluster. Charts are rendered by the real Helm.
//
// # Where to start reading
//
// tiltfile_test.go, then api_test.go with the stand-ins.
package tiltfile
