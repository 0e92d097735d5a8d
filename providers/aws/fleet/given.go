// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"karpenter.sh/providers/aws/instance"
)

// given remembers for a while which machine a NodeClaim was given: who writes it down may
// fail, and asks again. Machines of shared fleets carry no NodeClaim's name, so nobody
// else could tell.
type given struct {
	clock clock.PassiveClock

	mu       sync.Mutex
	machines map[types.UID]gift
	owners   map[string]types.UID
	order    []types.UID // the oldest first
	asking   map[types.UID]question
}

// question is a launch under way.
type question struct {
	answered chan struct{}
	since    time.Time
}

type gift struct {
	machine instance.Instance
	at      time.Time
}

// How long, and how many, machines are remembered.
const (
	giftsFor  = 10 * time.Minute
	giftsKept = 10000
)

func newGiven(c clock.PassiveClock) *given {
	return &given{
		clock: c, machines: map[types.UID]gift{}, owners: map[string]types.UID{}, asking: map[types.UID]question{},
	}
}

// once launches a machine unless there is one. Of several that ask for one NodeClaim,
// one launches and the others wait.
func (g *given) once(ctx context.Context, uid types.UID, launch func() (instance.Instance, error)) (instance.Instance, error) {
	for {
		g.mu.Lock()
		g.expire()
		if had, there := g.machines[uid]; there {
			g.mu.Unlock()
			return had.machine, nil
		}
		other, busy := g.asking[uid]
		if !busy {
			g.asking[uid] = question{make(chan struct{}), g.clock.Now()}
			g.mu.Unlock()
			return g.launch(uid, launch)
		}
		g.mu.Unlock()
		select {
		case <-other.answered:
		case <-ctx.Done():
			return instance.Instance{}, context.Cause(ctx)
		}
	}
}

func (g *given) launch(uid types.UID, launch func() (instance.Instance, error)) (instance.Instance, error) {
	machine, err := instance.Instance{}, error(nil)
	launched := false
	defer func() { // a panic too leaves nobody waiting
		g.mu.Lock()
		defer g.mu.Unlock()
		close(g.asking[uid].answered)
		delete(g.asking, uid)
		if launched {
			g.machines[uid] = gift{machine, g.clock.Now()}
			g.owners[machine.ID] = uid
			g.order = append(g.order, uid)
		}
	}()
	machine, err = launch()
	launched = err == nil
	return machine, err
}

func (g *given) forget(instanceID string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if uid, there := g.owners[instanceID]; there {
		delete(g.owners, instanceID)
		delete(g.machines, uid) // its place in the order goes when its time is over
	}
}

func (g *given) claimant(instanceID string) types.UID {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.owners[instanceID]
}

// skew is how far the cloud's clock may be behind ours.
const skew = time.Minute

// underWay reports whether a machine born at a time may come of a launch under way.
func (g *given) underWay(born time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, q := range g.asking {
		if !born.Before(q.since.Add(-skew)) {
			return true
		}
	}
	return false
}

// expire drops what is old; mu is held.
func (g *given) expire() {
	for len(g.order) > 0 {
		uid := g.order[0]
		had, there := g.machines[uid]
		if there && len(g.order) <= giftsKept && g.clock.Since(had.at) < giftsFor {
			return
		}
		if there {
			delete(g.owners, had.machine.ID)
			delete(g.machines, uid)
		}
		g.order = g.order[1:]
	}
}
