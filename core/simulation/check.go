// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"errors"
	"fmt"

	"karpenter.sh/core/cluster"
	"karpenter.sh/core/engine/resource"
)

// check returns what is wrong with the world: it compares what is kept up to date
// with what can be counted, and the live model with both.
func (r *replay) check() error {
	on, errs, snapshot := map[*pod]*machine{}, []error(nil), r.live.Snapshot()
	for _, m := range r.machines {
		used := amount{}
		for _, p := range m.pods {
			if on[p] != nil || p.on != m || p.gone {
				errs = append(errs, fmt.Errorf("pod %s is on %s, and elsewhere or nowhere", p.object.Name, m.name))
			}
			on[p] = m
			used = used.plus(p.need)
		}
		if !used.fits(m.room) || used.plus(m.free) != m.room {
			errs = append(errs, fmt.Errorf("%s has room for %v, of which %v is used and %v free", m.name, m.room, used, m.free))
		}
		if m.stage == ready && !m.is(snapshot.Node(m.key)) {
			errs = append(errs, fmt.Errorf("the live model takes %s for something else", m.name))
		}
	}
	return errors.Join(append(errs, r.checkPods(on))...)
}

// is reports whether a state node says of a machine what is true.
func (m *machine) is(n *cluster.StateNode) bool {
	return n != nil && len(n.Pods()) == len(m.pods) && n.Available().Get(resource.CPU) == m.free[0]
}

// checkPods returns what is wrong with the number of pods.
func (r *replay) checkPods(on map[*pod]*machine) error {
	wanted, running := 0, 0
	for i := range r.slots {
		if p := r.slots[i].pod; p != nil {
			wanted++
			if on[p] != nil {
				running++
			}
		}
	}
	if wanted == running+len(r.pending) && wanted == r.meter.pods && r.meter.waiting == len(r.pending) {
		return nil
	}
	return fmt.Errorf("%d pods are wanted, %d run, %d wait, %d and %d are measured", wanted, running, len(r.pending), r.meter.pods, r.meter.waiting)
}
