// SPDX-License-Identifier: Apache-2.0

package conformance

import "testing"

// row is one line of the checklist.
type row struct {
	id, behaviour string
	// needs returns what the row uses of the harness that may be missing.
	needs func(Cloud) map[string]bool
	run   func(*testing.T, Cloud)
}

// Run runs the suite.
func Run(t *testing.T, h Harness) {
	for _, r := range rows() {
		t.Run(r.id+" "+r.behaviour, func(t *testing.T) {
			if requirement, ok := h.Differs[r.id]; ok {
				t.Skipf("ruled differently by %s", requirement)
			}
			cloud := h.Start(t)
			if r.needs != nil {
				for name, present := range r.needs(cloud) {
					if !present {
						t.Skipf("the harness has no %s", name)
					}
				}
			}
			r.run(t, cloud)
		})
	}
}

func rows() []row {
	return append(append(createRows(), instanceRows()...), catalogueRows()...)
}
