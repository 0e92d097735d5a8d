// SPDX-License-Identifier: Apache-2.0

package spec

import "slices"

// Chapter is one file of the specification.
type Chapter struct {
	// Name is the file's path as it is shown to people.
	Name string
	// Requirements are the IDs it defines, sorted.
	Requirements []ID
	// Outside are those of them that no test has to cite ([Outside]), sorted.
	Outside []ID
}

// Binding is how many requirements tests should cite.
func (c Chapter) Binding() int { return len(c.Requirements) - len(c.Outside) }

// Coverage says how far tests cite a chapter.
type Coverage struct {
	Chapter Chapter
	// Uncited are the requirements that no test cites, sorted.
	Uncited []ID
}

// Cited is how many of the chapter's binding requirements some test cites.
func (c Coverage) Cited() int { return c.Chapter.Binding() - len(c.Uncited) }

// Compare returns the coverage of each chapter, in the order given, and the
// citations of IDs that no chapter defines although it owns their prefix:
// misprints, or requirements that were removed.
func Compare(chapters []Chapter, cited []ID) (coverage []Coverage, unknown []ID) {
	defined, prefixes, has := map[ID]bool{}, map[string]bool{}, map[ID]bool{}
	for _, id := range cited {
		has[id] = true
	}
	for _, chapter := range chapters {
		c := Coverage{Chapter: chapter}
		for _, id := range chapter.Requirements {
			defined[id], prefixes[id.Prefix] = true, true
			if !has[id] && !slices.Contains(chapter.Outside, id) {
				c.Uncited = append(c.Uncited, id)
			}
		}
		coverage = append(coverage, c)
	}
	for id := range has {
		if !defined[id] && prefixes[id.Prefix] {
			unknown = append(unknown, id)
		}
	}
	slices.SortFunc(unknown, ID.Compare)
	return coverage, unknown
}
