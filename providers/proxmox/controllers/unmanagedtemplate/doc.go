// SPDX-License-Identifier: Apache-2.0

// Package unmanagedtemplate finds the templates that ProxmoxUnmanagedTemplates mean
// (PVE-031 to PVE-033).
//
// [Judge] decides what the status says of what was found. The package changes nothing in a
// cluster. What was known of a region or a host stays while it cannot be reached.
//
// Cost: three calls for each region, and one for each template that matches, every five
// minutes.
//
// The regions are read past package inventory: its reading may be a minute old when a
// template was just made, and does not tell of templates whose configuration this process
// could never read, on hosts that are away, nor why others were refused.
//
// Start reading at controller.go, then judge.go.
package unmanagedtemplate
