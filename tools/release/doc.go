// SPDX-License-Identifier: Apache-2.0

// Command release writes what goes beside the artifacts of a release: its notes, from
// the commits since the release before, and the checksums of its files.
//
//	go run ./tools/release check -version 1.2.3
//	go run ./tools/release notes -version 1.2.3
//	go run ./tools/release checksums -dir bin/release/1.2.3
package main
