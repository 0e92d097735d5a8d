// SPDX-License-Identifier: Apache-2.0

// Package charts tests the Helm charts: what they render, what they refuse, and what
// an API server says of it.
//
//	make charts-test
//
// It runs Helm's own program, as users do, and the commands of charts/README.md as
// they stand there. It knows the charts from outside: values in, objects out. What the
// controller's options and the CRDs are is taken from their sources, so that a chart
// that falls behind fails here. No kubelet runs the pods; that the permissions are
// enough, and needed, is what the end-to-end suites see.
//
// Golden files are in testdata. Write them anew with
//
//	go test ./test/charts -update
//
// Start reading at helm_test.go.
package charts
