// SPDX-License-Identifier: Apache-2.0

// Command licenses sees that everything which the modules of the workspace depend on,
// their tests and tools included, has a license that lets everybody use, change and pass
// on Karpenter (OPS-261). It names each package that has another, or none.
//
//	go run ./tools/licenses ./core ./kwok
//
// A package has the licenses of the files in its directory and in those above it, up to
// the root of its module: parts that were taken from elsewhere bring their own. What a
// license says is told by its text alone. Start reading at check.go.
package main
