// SPDX-License-Identifier: Apache-2.0

package join

import (
	"context"
	"maps"
	"sync"
	"time"

	"karpenter.sh/test/cloudsim/world"
)

// Outcome is what became of a machine's boot.
type Outcome struct {
	// Node is its node, if it joined.
	Node *Node `json:"node,omitempty"`
	// Reason says why it did not join.
	Reason string `json:"reason,omitempty"`
	// Trouble is why its node could not yet be written or taken away.
	Trouble string `json:"trouble,omitempty"`
	// Time is when that was known.
	Time time.Time `json:"time"`
}

// Yard boots machines.
type Yard struct {
	agenda *world.Agenda
	joiner Joiner // nil: nodes are recorded only

	mu       sync.Mutex
	delay    time.Duration
	booting  map[string]Machine
	outcomes map[string]Outcome
}

// NewYard returns a yard whose machines take so long to boot. The joiner may be nil.
func NewYard(agenda *world.Agenda, joiner Joiner, delay time.Duration) *Yard {
	return &Yard{agenda: agenda, joiner: joiner, delay: delay, booting: map[string]Machine{}, outcomes: map[string]Outcome{}}
}

// Delay changes how long machines take to boot that are launched from now on.
func (y *Yard) Delay(d time.Duration) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.delay = d
}

// Boot starts a machine.
func (y *Yard) Boot(m Machine, with Bootstrap, now time.Time) {
	y.mu.Lock()
	y.booting[m.ID] = m
	at := now.Add(y.delay)
	y.mu.Unlock()
	y.agenda.Add(at, func(now time.Time) { y.up(m.ID, with, now) })
}

func (y *Yard) up(id string, with Bootstrap, now time.Time) {
	y.mu.Lock()
	m, ok := y.booting[id]
	delete(y.booting, id)
	y.mu.Unlock()
	if !ok {
		return // ended before
	}
	outcome := Outcome{Time: now}
	node, err := with.Boot(m)
	if err == nil && y.joiner != nil {
		err = y.joiner.Join(context.Background(), node)
	}
	if err != nil {
		outcome.Reason = err.Error()
	} else {
		outcome.Node = &node
	}
	y.mu.Lock()
	y.outcomes[id] = outcome
	y.mu.Unlock()
}

// End takes a machine away. Its node, if it has one, is told to leave.
func (y *Yard) End(id string) error {
	y.mu.Lock()
	delete(y.booting, id)
	outcome := y.outcomes[id]
	delete(y.outcomes, id)
	y.mu.Unlock()
	if outcome.Node == nil || y.joiner == nil {
		return nil
	}
	return y.joiner.Leave(context.Background(), outcome.Node.Machine)
}

// Lose lets a machine's host fail: its node falls silent, or, if it still boots, it
// never joins. It can be ended later.
func (y *Yard) Lose(id string) error {
	silencer, ok := y.joiner.(Silencer)
	if !ok {
		return y.End(id)
	}
	y.mu.Lock()
	delete(y.booting, id)
	outcome := y.outcomes[id]
	y.mu.Unlock()
	if outcome.Node == nil {
		return nil
	}
	return silencer.Silence(context.Background(), outcome.Node.Machine)
}

// Outcome is what became of a machine; false: it still boots, or there is none.
func (y *Yard) Outcome(id string) (Outcome, bool) {
	y.mu.Lock()
	o, ok := y.outcomes[id]
	y.mu.Unlock()
	return y.troubled(id, o), ok
}

// Outcomes are those of all machines, by ID.
func (y *Yard) Outcomes() map[string]Outcome {
	y.mu.Lock()
	out := maps.Clone(y.outcomes)
	y.mu.Unlock()
	for id, o := range out {
		out[id] = y.troubled(id, o)
	}
	return out
}

func (y *Yard) troubled(id string, o Outcome) Outcome {
	if later, ok := y.joiner.(Laggard); ok {
		if err := later.Trouble(id); err != nil {
			o.Trouble = err.Error()
		}
	}
	return o
}
