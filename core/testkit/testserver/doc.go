// SPDX-License-Identifier: Apache-2.0

// Package testserver tells tests whether there is an API server that they can
// start: the binaries etcd and kube-apiserver. Only tests import it.
package testserver
