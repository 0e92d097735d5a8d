// SPDX-License-Identifier: Apache-2.0

// Command release does of a release what needs no registry: it sees that the tree can be
// released, writes the charts and the compatibility page, the notes from the commits since
// the release before, and the checksums of the files (OPS-257 to OPS-260). It publishes
// nothing: the workflows do.
//
//	go run ./tools/release check -version 1.2.3
//	go run ./tools/release charts -version 1.2.3 -registry example.org/karpenter
//	go run ./tools/release page -version 1.2.3
//	go run ./tools/release notes -version 1.2.3
//	go run ./tools/release checksums -dir bin/release
//
// A snapshot has the hash of its commit in place of a version. Start reading at
// commands.go.
package main
