// SPDX-License-Identifier: Apache-2.0

// Package imagerecord reads and writes the annotation of a ProxmoxTemplate that says which
// images may have been downloaded for it (PVE-029).
//
// It knows the object only, calls nobody and may not import packages that do. What it reads
// is what others may have written: a record of another object is none, and names that cannot
// be image IDs make it unreadable.
//
// Start reading at [Record]; [Mended] is for those who watch templates.
package imagerecord
