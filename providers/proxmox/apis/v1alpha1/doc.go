// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 holds the kinds of Proxmox VE (karpenter.proxmox.sinextra.dev):
// ProxmoxNodeClass, the NodeClass; ProxmoxTemplate, a template of virtual machines
// that Karpenter makes; ProxmoxUnmanagedTemplate, templates that others make. And what
// follows from them alone: the keys of labels and annotations, the words that the core
// learns of them, and the hashes.
//
// # What it never does
//
// It decides nothing about machines and talks to nobody. It imports the core's API and
// the kit's parts about NodeClasses, no client.
//
// # Invariants
//
// What admission lets through can be read, and has a hash. What it does not, as from
// before a rule was, is an error or named as unreadable, and hides nothing else. The
// names of the types and fields in templatehash.go are part of a hash that others have
// written to running machines: renaming one rebuilds every template.
//
// # Where the rules are
//
// The markers on the types become the CustomResourceDefinitions in package crds (make
// generate), and the comments of fields their descriptions: they are written for users.
//
// Start reading at nodeclass.go and template.go; then nodeclasshash.go, templatehash.go,
// vocabulary.go.
//
// +kubebuilder:object:generate=true
// +groupName=karpenter.proxmox.sinextra.dev
package v1alpha1
