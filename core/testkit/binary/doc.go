// SPDX-License-Identifier: Apache-2.0

// Package binary runs a controller as a process of its own, so that a test can end it by
// a signal or by a crash, and start it again. The test binary is also the binary under
// test: [Main] tells which of the two it is. Only tests import it.
//
// It knows no provider and starts no API server. Start reading at [Start].
package binary
