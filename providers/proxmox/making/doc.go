// SPDX-License-Identifier: Apache-2.0

// Package making makes the machines of a ProxmoxTemplate in the clusters, keeps them as
// they are described, and takes them away.
//
// # What it decides
//
// Which storages a template is on and which hosts can have it ([Lay], PVE-024), and what is
// to be made and removed there ([Layout.Plan], PVE-025, PVE-027). What a machine is made of
// is for package template.
//
// # What it never does
//
// Of Kubernetes it knows the types of templates only: it reads and writes no object. It
// touches no machine and no image that it cannot tell to be the template's: by name, marks
// and cluster, or by a name that holds the hash of a URL. Such an image may be of another
// Kubernetes cluster on the same Proxmox VE as well: it is not told apart.
//
// # Invariants
//
// An outdated machine goes only when all that take its place are there. A machine that was
// made half-way is removed, now or by the next pass. All is read anew each time, so that a
// process may end anywhere, but for what nobody could read: which machines were begun on a
// host that went away (made), which images are being fetched, and why that failed last. A
// process that ends forgets it.
//
// # Vocabulary
//
// An order is a template as it is wanted. A sight is a region with the machines of its name.
//
// # Cost
//
// A sight is three calls, and one for each machine of the name.
//
// # Start reading at
//
// maker.go, then plan.go, make.go, images.go, remove.go, update.go, memory.go.
package making
