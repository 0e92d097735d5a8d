// SPDX-License-Identifier: Apache-2.0

// Package clusterapi is the end-to-end suite of the Cluster API provider: an unmodified
// controller binary scales MachineDeployments of Cluster API's own controllers, whose
// Machines are hosts of package machines and join a local control plane.
//
//	make e2e PROVIDER=clusterapi
//
// Each spec has MachineDeployments of its own, which its NodeClass selects by label. When
// it ends, its NodeClaims and Machines are gone and all replicas are given back. At the end
// the suite sees that the chart's rules were enough for all that was done.
//
// Specs that last for minutes have the label long (LABELS='!long' leaves them out). They
// run one after the other: some restart the controller with another management cluster.
//
// Start reading at suite_test.go.
package clusterapi
