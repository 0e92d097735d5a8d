// SPDX-License-Identifier: Apache-2.0

package testserver

import (
	"os"
	"testing"
)

const (
	// Assets names the environment variable with the directory of the binaries.
	Assets = "KUBEBUILDER_ASSETS"
	// CI names the one that every system for continuous integration sets.
	CI = "CI"
)

// Need skips a test that has no API server to start, unless nobody would notice:
// in continuous integration it fails.
func Need(t testing.TB) {
	t.Helper()
	if os.Getenv(Assets) != "" {
		return
	}
	const why = Assets + " is not set to the directory of etcd and kube-apiserver: there is no API server to start"
	if os.Getenv(CI) != "" {
		t.Fatal(why)
	}
	t.Skip(why)
}
