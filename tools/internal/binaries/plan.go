// SPDX-License-Identifier: Apache-2.0

package binaries

import "path/filepath"

// Found is what the disk holds before a plan is made.
type Found struct {
	// AssetsDir is the developer's own directory of binaries; empty: none.
	AssetsDir string
	// Assets are the names of the executables in AssetsDir.
	Assets map[string]bool
	// Stamps maps the outputs that exist as regular files to the key they
	// were built with.
	Stamps map[string]string
	// Links maps the outputs that are symbolic links to their targets.
	Links map[string]string
}

// Steps is what [Plan] found to do. Builds come before links.
type Steps struct {
	// Build lists the programs that must be built.
	Build []Program
	// Link maps names in the output directory to the targets of the symbolic
	// links to be made, relative to the output directory or absolute.
	Link map[string]string
}

// Empty reports that everything is in place.
func (s Steps) Empty() bool { return len(s.Build) == 0 && len(s.Link) == 0 }

// Plan decides what brings the set into the output directory. A program is
// built when some name of it is not among the assets and no output with this
// key exists.
func Plan(set Set, key string, found Found) Steps {
	steps := Steps{Link: map[string]string{}}
	for _, p := range set.Programs {
		own := false
		for _, name := range p.names() {
			target := p.Name
			if found.Assets[name] {
				target = filepath.Join(found.AssetsDir, name)
			} else {
				own = true
			}
			if name != target && found.Links[name] != target {
				steps.Link[name] = target
			}
		}
		if own && found.Stamps[p.Name] != key {
			steps.Build = append(steps.Build, p)
		}
	}
	return steps
}
