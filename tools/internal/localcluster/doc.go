// SPDX-License-Identifier: Apache-2.0

// Package localcluster starts and stops a whole Kubernetes cluster of fake
// nodes on this machine, with Karpenter's controller for them beside it.
//
// # What it decides
//
// How the cluster is configured ([Configuration]), whether one that is found
// is kept or replaced ([Decide]), which ports it takes ([PickPorts]). These are
// functions of values. [Up], [Down], [Restart] and [Observe] gather what they
// need and carry out what they say.
//
// # What it never does
//
// It downloads nothing for the binary runtime, writes nothing outside the
// output directory, and stops no process but those of the named cluster.
//
// # Vocabulary
//
// A cluster has a name and a [Layout], its directory. Its components are the
// processes of the control plane and the fake kubelet (the kwok controller),
// started by kwokctl; the controller is Karpenter's own process, started by
// this package, with the service account and the permissions of its Helm chart. A
// runtime is how the components run: as plain processes
// ([RuntimeBinary]) or in a container made by kind ([RuntimeKind]).
//
// # Invariants
//
// The state file is written last: a cluster without one was never finished. A
// cluster is thrown away rather than repaired, because its etcd writes without
// fsync and is not to be trusted after a crash.
//
// # Where to start reading
//
// [Up].
package localcluster
