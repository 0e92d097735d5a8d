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
// output directory but what kind makes, containers and their network, and stops no process but those of the named cluster.
//
// # Vocabulary
//
// A cluster has a name and a [Layout], its directory. A runtime is how it runs. With
// [RuntimeBinary] its components, the control plane and the fake kubelet (the kwok
// controller), are plain processes that kwokctl starts, and Karpenter is one too, with
// the service account and the permissions of its Helm chart. With [RuntimeKind] the
// control plane is a container that kind makes, and Karpenter a Deployment that its Helm
// charts make, of an image that is built without Docker; the fake kubelet and the
// simulated cloud are processes beside it.
//
// A cluster is bare if it has all but Karpenter.
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
