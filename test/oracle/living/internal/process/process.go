// SPDX-License-Identifier: Apache-2.0

// Package process is this project's controller, as one process in a living
// world: its live model, the provisioner, the life of NodeClaims and nodes, and
// disruption, all real, each driven by hand when its watch, its queue or its
// timer would have.
//
// Objects reach it through a cache that may be late. A restart loses all that
// the process knows. What it leaves out: webhooks and gauges, the conditions of
// NodePools (they are ready), leader election.
//
// Start reading at [Process.Observe] and, for what runs when, controllers.go.
package process

import (
	"context"
	"math/rand/v2"
	"reflect"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/uuid"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/events/eventstest"
	"karpenter.sh/test/oracle/living/internal/store"
	"karpenter.sh/test/oracle/living/internal/timeline"
)

// Options are what a Process is made of.
type Options struct {
	Store *store.Store
	Line  *timeline.Timeline
	Cloud cloudprovider.CloudProvider
	// Lag is how late the cache sees objects of a kind, by the name of their type;
	// those that are not named come at once.
	Lag map[string]time.Duration
	// LaunchAhead lets the provisioner launch, while a window is open, what later pods
	// would not change.
	LaunchAhead bool
	// Launched is told of each NodeClaim right after the round that created it; nil
	// tells nobody.
	Launched func(Launch)
	// Log takes what the process logs; the zero Logger takes nothing.
	Log logr.Logger
}

// Process is one life of the controller after the other. It serves one goroutine.
type Process struct {
	Options
	ctx context.Context
	*life
	// Launches are the NodeClaims that it created.
	Launches []Launch
	err      error
}

// Launch is a NodeClaim with the pods it was created for.
type Launch struct {
	At        time.Time
	NodeClaim string
	Pods      []types.NamespacedName
}

// life is what a restart loses.
type life struct {
	over     bool
	cache    *store.Cache
	cluster  *cluster.Cluster
	recorder *eventstest.Recorder
	controllers
	queue map[work]time.Time
	fails map[work]int
	batch *window
	known map[string]bool // NodeClaims that were noted as launched
}

// work is something a controller is to look at.
type work struct {
	controller string
	key        any
}

// New starts a process.
func New(ctx context.Context, o Options) (*Process, error) {
	p := &Process{Options: o, ctx: log.IntoContext(ctx, o.Log)}
	return p, p.Restart()
}

// Err is the first thing that broke.
func (p *Process) Err() error { return p.err }

// Cluster is the live model.
func (p *Process) Cluster() *cluster.Cluster { return p.cluster }

// Messages are the events that were published about an object by its name.
func (p *Process) Messages(name string) []string {
	var out []string
	for _, e := range p.recorder.Events() {
		if o, ok := e.Object.(client.Object); ok && o.GetName() == name {
			out = append(out, e.Reason+": "+e.Message)
		}
	}
	return out
}

// Restart ends the process and starts another, which knows what is stored and
// nothing else.
func (p *Process) Restart() error {
	if p.life != nil {
		p.over = true
	}
	// Names of simulations and commands are random by nature: here they are not.
	uuid.SetRand(seeded{rand.NewPCG(1, 1)})
	p.life = &life{
		cache: p.Store.NewCache(), recorder: &eventstest.Recorder{},
		queue: map[work]time.Time{}, fails: map[work]int{}, known: map[string]bool{}, batch: &window{},
	}
	if err := p.build(); err != nil {
		return err
	}
	for _, o := range p.cache.All() {
		p.take(store.Event{Key: client.ObjectKeyFromObject(o), New: o})
	}
	p.startLoops()
	return nil
}

type seeded struct{ *rand.PCG }

// Read implements io.Reader.
func (s seeded) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(s.Uint64())
	}
	return len(b), nil
}

// Observe lets the watches of the process bring what happened.
func (p *Process) Observe(events []store.Event) {
	current := p.life
	for _, e := range events {
		lag := p.Lag[reflect.TypeOf(e.Object()).Elem().Name()]
		if lag == 0 {
			p.see(e)
			continue
		}
		p.Line.After(lag, func() {
			if !current.over {
				p.see(e)
			}
		})
	}
}

func (p *Process) see(e store.Event) {
	p.cache.See(e)
	p.take(e)
}

// enqueue asks a controller to look at something after a delay, the soonest of
// those asked for.
func (p *Process) enqueue(controller string, key any, wait time.Duration) {
	w, at := work{controller, key}, p.Line.Clock().Now().Add(wait)
	if due, queued := p.queue[w]; queued && !at.Before(due) {
		return
	}
	p.queue[w] = at
	current := p.life
	p.Line.After(wait, func() {
		if current.over || current.queue[w] != at {
			return
		}
		delete(current.queue, w)
		p.work(w)
	})
}

// work lets a controller look at something, and again when it asks for that.
func (p *Process) work(w work) {
	result, err := p.run(w)
	if err != nil {
		p.fails[w]++
		p.enqueue(w.controller, w.key, min(100*time.Millisecond<<min(p.fails[w], 10), 10*time.Second))
		return
	}
	delete(p.fails, w)
	if result.RequeueAfter > 0 {
		p.enqueue(w.controller, w.key, max(result.RequeueAfter, time.Millisecond))
	}
}

// Failing lists what controllers fail at, and how often they have.
func (p *Process) Failing() map[string]int {
	out := map[string]int{}
	for w, n := range p.fails {
		out[w.controller] = max(out[w.controller], n)
	}
	return out
}

func request(key types.NamespacedName) reconcile.Request {
	return reconcile.Request{NamespacedName: key}
}

func keyOf(o client.Object) types.NamespacedName { return client.ObjectKeyFromObject(o) }
