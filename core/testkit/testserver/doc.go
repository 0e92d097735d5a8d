// SPDX-License-Identifier: Apache-2.0

// Package testserver starts API servers for tests, and tells whether there are the
// binaries for one: etcd and kube-apiserver. Only tests import it.
package testserver
