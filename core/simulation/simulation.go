// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"fmt"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"

	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/intake"
	"karpenter.sh/core/intake/storage"
	"karpenter.sh/core/simulation/trace"
)

// Run replays a trace. The error says what broke: an object that cannot be
// compiled, or an invariant of the world.
func Run(o Options) (*Report, error) {
	r, err := newReplay(o)
	if err != nil {
		return nil, err
	}
	r.feed(0)
	r.inspect()
	for r.err == nil {
		at, more := r.next()
		if !more || at >= o.Trace.Length {
			break
		}
		r.meter.advance(at)
		r.happen(at)
		r.settle()
	}
	r.meter.advance(o.Trace.Length)
	if r.err == nil {
		r.err = r.check()
	}
	return r.report(), r.err
}

// replay is one run.
type replay struct {
	Options
	timeline
	live     *cluster.Cluster
	words    *vocabulary.Vocabulary
	storage  *storage.Rules
	meter    meter
	objects  objects
	slots    []slot
	apps     map[string]*app
	machines []*machine // all that are not gone, in the order of their orders
	byKey    map[string]*machine
	zones    map[string]int // of nodes that exist
	ordered  int            // machines so far
	pending  []*pod
	batch    batch
	loop     loop
	// moved is set when something happened that may let a pending pod be bound.
	moved bool
	// version counts what happened to the world.
	version uint64
	err     error
}

func newReplay(o Options) (*replay, error) {
	words := vocabulary.Core()
	r := &replay{
		Options: o, words: words, storage: storage.NewRules(words), meter: newMeter(o.Types),
		objects: objects{pods: newPodObjects()}, slots: make([]slot, o.Trace.Slots), apps: map[string]*app{},
		byKey: map[string]*machine{}, zones: map[string]int{}, loop: loop{held: map[string]bool{}},
	}
	live, err := cluster.New(cluster.Options{
		Clock:      &r.timeline,
		Compiler:   intake.New(intake.Options{Vocabulary: words, Preferences: intake.RespectPreferences}),
		Registerer: prometheus.NewRegistry(), Log: logr.Discard(),
	})
	if err != nil {
		return nil, fmt.Errorf("making the live model of a replay: %w", err)
	}
	r.live = live
	live.UpdateNodePool(o.Pool)
	return r, nil
}

// feed lets the changes of the trace happen, one time after the other.
func (r *replay) feed(i int) {
	changes := r.Trace.Changes
	if i == len(changes) {
		return
	}
	at := changes[i].At
	r.after(at-r.now, func() {
		for ; i < len(changes) && changes[i].At == at; i++ {
			r.change(changes[i])
		}
		r.feed(i)
	})
}

// change sets the shape of a slot.
func (r *replay) change(c trace.Change) {
	s := &r.slots[c.Slot]
	if s.pod != nil {
		r.unwant(s)
	}
	if c.Shape != nil {
		r.want(s, c.Slot, c.Shape)
	}
}

// settle lets everybody who waits for something to happen see what has happened.
func (r *replay) settle() {
	if r.moved {
		r.moved = false
		r.schedule()
	}
	r.wakeRounds()
	r.wakeLoop()
}

// touch notes that something happened.
func (r *replay) touch() { r.version++ }

// fail keeps the first error and ends the replay.
func (r *replay) fail(err error) {
	if r.err == nil {
		r.err = fmt.Errorf("replaying, after %s: %w", r.now, err)
	}
}

// inspect checks the world every hour.
func (r *replay) inspect() {
	if err := r.check(); err != nil {
		r.fail(err)
	}
	r.after(time.Hour, r.inspect)
}
