// SPDX-License-Identifier: Apache-2.0

// Package bootstrap holds the blocks that the boot data of a machine are made of.
//
// # What it holds
//
// Documents that users may bring a part of, and that a provider adds its own to:
// MIME archives ([ParseMIME], [RenderMIME]), TOML and YAML ([Tree]), cloud-config
// ([ParseCloudConfig]); what a kubelet is told ([RegistrationOf], [Flags],
// [Document]); scripts ([Script], [PowerShellQuote]); and the wrapping of it all
// ([Gzip], [Base64], [Limit]). They are specified in docs/spec/provider-kit.md
// (KIT-180 to KIT-199).
//
// It knows no image family: which blocks, in which order and under which names, is
// the provider's. It runs nothing, and it logs nothing: boot data hold secrets.
//
// # Vocabulary
//
// User data is what the user gives; boot data is what the machine gets. A part is
// one document of a MIME archive.
//
// # Invariants
//
// Equal input gives equal bytes. What the user gave is kept, unless it is at a
// place that the provider requires. Input that cannot be read is an error that
// names the part, never a panic, and never dropped. A text put into a script is one
// word of it, whatever it holds.
//
// # Cost
//
// Linear in the data.
//
// Start reading at mime.go, tree.go and registration.go.
package bootstrap
