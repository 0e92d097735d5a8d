// SPDX-License-Identifier: Apache-2.0

// Command images builds the images of the controllers, for several platforms, without
// a daemon and without a registry: it writes an OCI layout for each, and a bill of
// materials (SPDX) for each platform (OPS-254, OPS-256). What it builds with is ko.
//
// Without -base an image has nothing but the controller and the roots of certificates
// that it trusts, and runs as a user that is nobody. With it, an image is built on
// the one that is named: the directory of an OCI layout, or a reference in a registry.
//
// With -archive the image is also written to a file that container runtimes load, which
// is how it gets into a local cluster.
//
// Two builds of one commit have equal digests: paths are trimmed, and the time of the
// commit stands where a time has to.
//
//	make images VERSION=1.2.3
package main
