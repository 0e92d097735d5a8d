// SPDX-License-Identifier: Apache-2.0

// Package userdata writes what machines boot with: the user data of each image
// family, and what belongs to a family beside it, its default volumes.
//
// # What it knows
//
// How AL2, AL2023, Bottlerocket, Windows and Custom images take a cluster, labels,
// taints and kubelet settings (AWS-160 to AWS-170), and how a user's own data are
// merged with that. The blocks it is made of are those of package kit/bootstrap.
//
// It computes no kubelet settings, resolves nothing, calls nobody and logs nothing:
// user data hold secrets. What a caller should log is returned ([Dropped], [Size]).
// It may import neither clients of AWS nor other packages of the provider, apart
// from the API types.
//
// # Vocabulary
//
// Custom is the user's own data, spec.userData. Told are the settings that a machine
// is told, as opposed to those that its image comes to by itself.
//
// # Invariants
//
// Equal input gives equal bytes. Whatever a name or label holds, it stays one word
// of a script or the user data are refused. Whatever a user brings, a machine that
// boots with the result registers with our labels, taints and settings; data that
// cannot be merged so are an error ([Check]), never dropped.
//
// # Judges
//
// Beside the tests here, programs that nobody wrote for this tree judge the golden
// files: cloud-init splits the archives and checks cloud-configs (cloudinit_test.go),
// nodeadm of the EKS images reads those of AL2023 (the module judge, make judge-aws),
// and the simulated cloud lets machines join (join_test.go).
//
// Start reading at userdata.go.
package userdata
