// SPDX-License-Identifier: Apache-2.0

// Package managedtemplate keeps the machines of ProxmoxTemplates as they are described, and
// takes them away (PVE-022 to PVE-030).
//
// # What it decides
//
// What a template's status says of what there is in the regions ([Judge]), when an old
// image goes, and when the annotations are written: of the hash once image and zones exist,
// of what was written in place once all machines have it.
//
// # What it never does
//
// It downloads nothing: package templateimage does. What happens in a cluster is for package
// making.
//
// # Invariants
//
// Status, updates in place and the end of a template are one controller, so that no two of
// them work on the machines of one template. The finalizer goes only when all machines and
// images are gone from the regions that are known. An image that another template uses in
// a region stays there. Images that were fetched are recorded by package templateimage
// before they come, and that record is trimmed here only after they have gone, while none
// is fetched, or when another template will delete them. Before anything goes for good the
// template is read past the cache.
//
// # Start reading at
//
// controller.go, then judge.go, images.go, inplace.go, termination.go.
package managedtemplate
