// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/kwok/apis/v1alpha1"
)

// registrations are the machines whose Node does not exist yet. It is the whole
// of what the provider keeps in memory.
type registrations struct {
	client client.Client
	live   client.Reader
	clock  clock.Clock

	mu      sync.Mutex
	pending map[string]*registration // by Node name
	fresh   []*registration          // not yet begun
	begin   chan struct{}            // there are fresh ones
	// creating are the Nodes that are being created right now. A channel is closed
	// when the call has ended and what it made of a machine given up is gone.
	creating map[string]chan struct{}
	// settled are machines in reservations, by Node name, whose Node the cache may
	// not show yet.
	settled map[string]settled
}

// settleTime is how long the cache may take to show a Node.
const settleTime = time.Minute

// settled is a machine in a reservation whose Node exists.
type settled struct {
	reservation string
	until       time.Time
}

// registration is a Node to come.
type registration struct {
	launched *v1.NodeClaim
	schedule
	cancelled chan struct{}
}

// schedule says when a Node appears.
type schedule struct {
	due time.Time
	// never means that it does not.
	never bool
}

// room is what must be left for a machine in a reservation. The zero room is for
// all others.
type room struct {
	reservation string
	capacity    int
	// nodes are the names of the Nodes known to be in the reservation.
	nodes map[string]bool
}

func newRegistrations(c client.Client, live client.Reader, clock clock.Clock) *registrations {
	return &registrations{
		client:   c,
		live:     live,
		clock:    clock,
		pending:  map[string]*registration{},
		settled:  map[string]settled{},
		begin:    make(chan struct{}, 1),
		creating: map[string]chan struct{}{},
	}
}

// add takes a machine up, unless it is known already, and returns what is known.
// It is false when the reservation has no room.
func (r *registrations) add(launched *v1.NodeClaim, s schedule, room room) (*v1.NodeClaim, bool) {
	name := launched.Status.NodeName
	r.mu.Lock()
	defer r.mu.Unlock()
	if known, ok := r.pending[name]; ok {
		return known.launched.DeepCopy(), true
	}
	if room.reservation != "" && r.used(room) >= room.capacity {
		return nil, false
	}
	reg := &registration{launched: launched, schedule: s, cancelled: make(chan struct{})}
	r.pending[name] = reg
	r.fresh = append(r.fresh, reg)
	select {
	case r.begin <- struct{}{}:
	default: // it is known that there are fresh ones
	}
	return launched.DeepCopy(), true
}

// used counts the machines in a reservation: Nodes known before and what is in
// memory, so that none is missed that becomes a Node in between.
func (r *registrations) used(room room) int {
	n := len(room.nodes)
	for name := range r.membersOf()[room.reservation] {
		if !room.nodes[name] {
			n++
		}
	}
	return n
}

// find returns a machine by its Node's name, or nil.
func (r *registrations) find(name string) *v1.NodeClaim {
	r.mu.Lock()
	defer r.mu.Unlock()
	if reg, ok := r.pending[name]; ok {
		return reg.launched.DeepCopy()
	}
	return nil
}

// list returns the machines by the names of their Nodes.
func (r *registrations) list() map[string]*v1.NodeClaim {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make(map[string]*v1.NodeClaim, len(r.pending))
	for name, reg := range r.pending {
		out[name] = reg.launched.DeepCopy()
	}
	return out
}

// members are, by reservation, the names of the Nodes to come and of those that
// came just now.
func (r *registrations) members() map[string]map[string]bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.membersOf()
}

func (r *registrations) membersOf() map[string]map[string]bool {
	out := map[string]map[string]bool{}
	for name, s := range r.settled {
		if r.clock.Now().After(s.until) {
			delete(r.settled, name)
			continue
		}
		add(out, s.reservation, name)
	}
	for name, reg := range r.pending {
		if id := reg.launched.Labels[v1alpha1.LabelReservationID]; id != "" {
			add(out, id, name)
		}
	}
	return out
}

// cancel gives a machine up and waits for its Node if that is being created right
// now: nobody may see one after the machine is called gone.
func (r *registrations) cancel(ctx context.Context, name string) error {
	creating := r.forget(name)
	if creating == nil {
		return nil
	}
	select {
	case <-creating:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for Node %s, which is being created: %w", name, ctx.Err())
	}
}

// forget returns what tells that the Node is no longer being created, or nil.
func (r *registrations) forget(name string) <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if reg, ok := r.pending[name]; ok {
		close(reg.cancelled)
		delete(r.pending, name)
	}
	delete(r.settled, name)
	return r.creating[name]
}

// enter begins the creation of a Node, which the function it returns ends. It is
// false when the machine was given up.
func (r *registrations) enter(reg *registration) (leave func(), ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	name := reg.launched.Status.NodeName
	if r.pending[name] != reg {
		return nil, false
	}
	ended := make(chan struct{})
	r.creating[name] = ended
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.creating[name] == ended { // and not of a machine launched since
			delete(r.creating, name)
		}
		close(ended)
	}, true
}

// finish ends a registration whose Node exists. It is false when it was
// cancelled in the meantime.
func (r *registrations) finish(reg *registration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	name := reg.launched.Status.NodeName
	if r.pending[name] != reg {
		return false
	}
	delete(r.pending, name)
	if id := reg.launched.Labels[v1alpha1.LabelReservationID]; id != "" {
		r.settled[name] = settled{reservation: id, until: r.clock.Now().Add(settleTime)}
	}
	return true
}

// run carries registrations out until the context ends.
func (r *registrations) run(ctx context.Context) error {
	var running sync.WaitGroup
	defer running.Wait()
	for {
		for _, reg := range r.take() {
			running.Go(func() { r.register(ctx, reg) })
		}
		select {
		case <-r.begin:
		case <-ctx.Done():
			return nil
		}
	}
}

func (r *registrations) take() []*registration {
	r.mu.Lock()
	defer r.mu.Unlock()
	fresh := r.fresh
	r.fresh = nil
	return fresh
}

var errCancelled = errors.New("the machine was given up")

// register creates the Node when it is due, four times if need be (KWOK-023).
// What fails then is left to the registration timeout.
func (r *registrations) register(ctx context.Context, reg *registration) {
	if reg.never {
		return
	}
	backoff := wait.Backoff{Duration: 10 * time.Millisecond, Factor: 5, Jitter: 0.1, Steps: 3}
	err := r.sleep(ctx, reg, reg.due.Sub(r.clock.Now()))
	for err == nil {
		cause := r.create(ctx, reg)
		if cause == nil {
			return
		}
		if backoff.Steps == 0 {
			err = fmt.Errorf("creating Node %s: %w", reg.launched.Status.NodeName, cause)
			break
		}
		err = r.sleep(ctx, reg, backoff.Step())
	}
	if ctx.Err() == nil && !errors.Is(err, errCancelled) {
		log.FromContext(ctx).Error(err, "registering a fake node", "Node", client.ObjectKey{Name: reg.launched.Status.NodeName})
	}
}

// create is content when the Node exists already: its name is nobody else's.
func (r *registrations) create(ctx context.Context, reg *registration) error {
	leave, ok := r.enter(reg)
	if !ok {
		return errCancelled
	}
	defer leave()
	node := nodeOf(reg.launched)
	err := r.client.Create(ctx, node)
	known := apierrors.IsAlreadyExists(err)
	if err != nil && !known {
		return err
	}
	if r.finish(reg) {
		return nil
	}
	if known {
		if err := r.live.Get(ctx, client.ObjectKeyFromObject(node), node); err != nil {
			return client.IgnoreNotFound(err)
		}
	}
	err = r.client.Delete(ctx, node, client.Preconditions{UID: &node.UID})
	if apierrors.IsConflict(err) { // the name is another's by now
		return nil
	}
	return client.IgnoreNotFound(err)
}

// sleep waits on the clock, unless the machine is given up.
func (r *registrations) sleep(ctx context.Context, reg *registration, d time.Duration) error {
	if d <= 0 {
		select {
		case <-reg.cancelled:
			return errCancelled
		default:
			return ctx.Err()
		}
	}
	timer := r.clock.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C():
		return nil
	case <-reg.cancelled:
		return errCancelled
	case <-ctx.Done():
		return ctx.Err()
	}
}
