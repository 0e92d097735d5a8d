// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/cluster/volume"
	"karpenter.sh/core/simulation/trace"
)

// slot is the place of one replica.
type slot struct {
	pod *pod // nil while it is not wanted
	// pods is how many there were.
	pods int
	// moved is when consolidation last moved the replica, after was says that
	// it ever did.
	moved time.Duration
	was   bool
}

// pod is one pod, from its creation to its end.
type pod struct {
	slot   *slot
	number int // of the slot
	shape  *trace.Shape
	need   amount
	app    *app
	object *corev1.Pod
	on     *machine // nil while it is pending
	since  time.Duration
	// asked is set once the scheduler has found no place for it.
	asked bool
	ready bool
	// leaving is set from its eviction, gone when it is over.
	leaving, gone bool
}

func (p *pod) key() types.NamespacedName {
	return types.NamespacedName{Namespace: namespace, Name: p.object.Name}
}

// app is an application.
type app struct {
	// most is how many pods may be missing for one to be evicted; negative for
	// any number.
	most int
	// wanted is how many slots want it, ready how many of their pods run.
	wanted, ready int
	// zones are the bound pods that stay.
	zones map[string]int
	// moves are when the policy has evicted its pods.
	moves []time.Duration
}

// lets reports whether the disruption budget lets a pod go.
func (a *app) lets() bool { return a.most < 0 || a.wanted-a.ready < a.most }

func (r *replay) appOf(name string) *app {
	a := r.apps[name]
	if a == nil {
		a = &app{most: -1, zones: map[string]int{}}
		if most, bounded := r.Trace.MaxUnavailable[name]; bounded {
			a.most = most
		}
		r.apps[name] = a
	}
	return a
}

// want has a slot run a shape.
func (r *replay) want(s *slot, number int, shape *trace.Shape) {
	app := r.appOf(shape.App)
	app.wanted++
	r.meter.demand(needOf(shape), 1)
	r.create(s, number, shape)
}

// unwant has a slot run nothing.
func (r *replay) unwant(s *slot) {
	p := s.pod
	p.app.wanted--
	r.meter.demand(p.need, -1)
	s.pod = nil
	r.remove(p)
}

// create makes the next pod of a slot.
func (r *replay) create(s *slot, number int, shape *trace.Shape) {
	s.pods++
	p := &pod{slot: s, number: number, shape: shape, need: needOf(shape), app: r.appOf(shape.App), since: r.now}
	p.object = r.objects.pod(shape, fmt.Sprintf("%s-%d-%d", shape.App, number, s.pods), r.Now())
	s.pod = p
	r.pending = append(r.pending, p)
	r.meter.waiting++
	r.moved = true
	r.touch()
}

// bind has a pod run on a machine.
func (r *replay) bind(p *pod, m *machine) {
	p.on = m
	p.object = r.objects.bound(p.object, m.name)
	m.pods = append(m.pods, p)
	m.free = m.free.minus(p.need)
	m.eventful(r.now)
	p.app.zones[m.zone]++
	r.meter.waiting--
	r.meter.waited(r.now - p.since)
	r.live.UpdatePod(p.object, volume.Resolution{Settled: true})
	r.after(r.Times.Start, func() { r.started(p) })
	r.touch()
}

func (r *replay) started(p *pod) {
	if p.gone || p.leaving {
		return
	}
	p.ready = true
	p.app.ready++
	r.touch()
}

// leave has a bound pod be on its way out: it counts no more, and takes its room
// until it is gone.
func (r *replay) leave(p *pod) {
	if p.leaving {
		return
	}
	p.leaving = true
	if p.ready {
		p.app.ready--
	}
	p.app.zones[p.on.zone]--
	p.on.eventful(r.now)
	r.touch()
}

// remove ends a pod.
func (r *replay) remove(p *pod) {
	if p.gone {
		return
	}
	if p.on == nil {
		r.pending = slices.DeleteFunc(r.pending, func(o *pod) bool { return o == p })
		r.meter.waiting--
		r.meter.waited(r.now - p.since)
	} else {
		r.leave(p)
		p.on.pods = slices.DeleteFunc(p.on.pods, func(o *pod) bool { return o == p })
		p.on.free, p.on.looks = p.on.free.plus(p.need), nil
	}
	p.gone = true
	r.live.DeletePod(p.key())
	r.moved = true
	r.touch()
	if p.on != nil {
		r.emptied(p.on)
	}
}

// cause is why a pod was evicted.
type cause int

const (
	byPolicy cause = iota
	byReclaim
)

// evict has a bound pod end after a while, and its slot get another at once.
func (r *replay) evict(p *pod, why cause) {
	r.meter.evicted(p.slot, r.now, why)
	if why == byPolicy {
		p.app.moves = append(p.app.moves, r.now)
	}
	r.leave(p)
	p.object = r.objects.terminating(p.object, r.Now())
	r.live.UpdatePod(p.object, volume.Resolution{Settled: true})
	r.after(r.Times.Stop, func() { r.remove(p) })
	r.replace(p)
}

// replace makes the successor of a pod whose slot is still wanted.
func (r *replay) replace(p *pod) {
	if p.slot.pod == p {
		r.create(p.slot, p.number, p.shape)
	}
}
