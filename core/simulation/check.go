// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"errors"
	"fmt"

	"karpenter.sh/core/engine/resource"
)

// check returns what is wrong with the world: it compares what is kept up to date
// with what can be counted, and the live model with both.
func (r *replay) check() error {
	on, running, errs := map[*pod]*machine{}, 0, []error(nil)
	snapshot := r.live.Snapshot()
	for _, m := range r.machines {
		used := amount{}
		for _, p := range m.pods {
			if other := on[p]; other != nil || p.on != m || p.gone {
				errs = append(errs, fmt.Errorf("pod %s is on %s, and elsewhere or nowhere", p.object.Name, m.name))
			}
			on[p] = m
			used = used.plus(p.need)
			if p.slot.pod == p {
				running++
			}
		}
		if !used.fits(m.room) || used.plus(m.free) != m.room {
			errs = append(errs, fmt.Errorf("%s has room for %v, of which %v is used and %v free", m.name, m.room, used, m.free))
		}
		if m.stage != ready {
			continue
		}
		n := snapshot.Node(m.key)
		if n == nil || len(n.Pods()) != len(m.pods) || n.Available().Get(resource.CPU) != m.free[0] {
			errs = append(errs, fmt.Errorf("the live model takes %s for something else", m.name))
		}
	}
	wanted := 0
	for i := range r.slots {
		if r.slots[i].pod != nil {
			wanted++
		}
	}
	if wanted != running+len(r.pending) || wanted != r.meter.pods || r.meter.waiting != len(r.pending) {
		errs = append(errs, fmt.Errorf("%d pods are wanted, %d run, %d wait, %d and %d are measured", wanted, running, len(r.pending), r.meter.pods, r.meter.waiting))
	}
	return errors.Join(errs...)
}
