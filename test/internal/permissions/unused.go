// SPDX-License-Identifier: Apache-2.0

package permissions

import "slices"

// Waiver excuses grants that no request shows to be needed.
type Waiver struct {
	// Group, Resource and Verb as in a [Grant].
	Group, Resource, Verb string
	// Why the grant stays.
	Why string
	// Rarely means that a request may need it after all, by chance: then the waiver is not
	// one too many.
	Rarely bool
}

func (w Waiver) excuses(g Grant) bool {
	return w.Group == g.Group && w.Resource == g.Resource && w.Verb == g.Verb
}

// Unused returns the grants that no request needed and no waiver excuses, and the
// waivers that excuse nothing: of what is not granted, or was needed after all.
func Unused(grants []Grant, made map[Request]bool, waivers []Waiver) (unused []Grant, stale []Waiver) {
	idle := slices.DeleteFunc(slices.Clone(grants), func(g Grant) bool {
		for r := range made {
			if g.covers(r) {
				return true
			}
		}
		return false
	})
	for _, w := range waivers {
		if !slices.ContainsFunc(idle, w.excuses) && !(w.Rarely && slices.ContainsFunc(grants, w.excuses)) {
			stale = append(stale, w)
		}
	}
	return slices.DeleteFunc(idle, func(g Grant) bool {
		return slices.ContainsFunc(waivers, func(w Waiver) bool { return w.excuses(g) })
	}), stale
}
