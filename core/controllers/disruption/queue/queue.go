// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/disruption/cordon"
	"karpenter.sh/core/controllers/disruption/report"
	"karpenter.sh/core/controllers/disruption/setbacks"
	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/events"
	"karpenter.sh/core/metrics"
)

// Name is the name of the controller in logs and metrics.
const Name = "disruption.queue"

// poll is how soon replacements are looked at again (DIS-124).
const poll = time.Second

// Model is the live model.
type Model interface {
	UnmarkForDeletion(ids ...string)
	// HasNodeClaim reports whether the model has this very NodeClaim.
	HasNodeClaim(*v1.NodeClaim) bool
}

// Options are what a [Queue] works with; all are required.
type Options struct {
	// Client reads from the cache.
	Client client.Client
	// Live reads from the API server.
	Live       client.Reader
	Cordon     *cordon.Cordon
	Model      Model
	Clock      clock.PassiveClock
	Recorder   events.Recorder
	NodeClaims *metrics.NodeClaims
	Metrics    *report.Metrics
	// Setbacks are told which pools commands fail of.
	Setbacks *setbacks.Ledger
	// LaunchTimeout is how long a launch of the provider may take.
	LaunchTimeout time.Duration
	// CPUMillis is the CPU request of the process, which scales the number of
	// workers.
	CPUMillis int64
}

// ID names a command.
type ID string

// Command is a command whose nodes are tainted and marked for deletion, and whose
// replacements are created.
type Command struct {
	ID      ID
	Kind    disrupt.Kind
	Started time.Time
	// Candidates are the nodes to give up.
	Candidates []Candidate
	// Replacements are the NodeClaims that must be in service first.
	Replacements []*v1.NodeClaim
	// Divisible is set if each candidate may go without the others.
	Divisible bool
	// Confirm is the method's word on a node of which nothing but the pods is
	// known: why it must stay, or false.
	Confirm func(disrupt.Node, time.Time) (disrupt.Refusal, bool)
	// Fields describe the command in logs.
	Fields []any
}

// Candidate is a node to give up.
type Candidate struct {
	// Target names the machine and its objects.
	Target cordon.Target
	// Objects are as they were judged; NodeClaim is never nil.
	Objects report.Both
	// Pool is the node's, Policy its consolidation policy.
	Pool   string
	Policy v1.ConsolidationPolicy
}

// Queue holds commands. Safe for concurrent use.
type Queue struct {
	Options

	mu       sync.Mutex
	commands map[ID]*entry
	held     map[string]ID    // by ID of the node
	awaited  map[types.UID]ID // by UID of the replacement
	work     workqueue.TypedRateLimitingInterface[ID]
}

// entry is a command in the queue. What is open is changed by the worker that has
// the command, and by nobody else.
type entry struct {
	Command
	open []Candidate
	// ready are the replacements that have been in service, by UID.
	ready map[types.UID]bool
}

// New returns an empty queue.
func New(o Options) *Queue {
	return &Queue{Options: o, commands: map[ID]*entry{}, held: map[string]ID{}, awaited: map[types.UID]ID{}}
}

// Add takes a command in. The queue must hold none of its nodes yet.
func (q *Queue) Add(c Command) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, candidate := range c.Candidates {
		q.held[candidate.Target.ID] = c.ID
	}
	for _, r := range c.Replacements {
		q.awaited[r.UID] = c.ID
	}
	q.commands[c.ID] = &entry{Command: c, open: slices.Clone(c.Candidates), ready: map[types.UID]bool{}}
	if q.work != nil {
		q.work.Add(c.ID)
	}
}

// Holds reports whether a command is about the node of an ID.
func (q *Queue) Holds(id string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	_, held := q.held[id]
	return held
}

// Commands are the IDs of the commands in the queue, sorted.
func (q *Queue) Commands() []ID {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Sorted(maps.Keys(q.commands))
}

// nodes is how many nodes the commands in the queue are about.
func (q *Queue) nodes() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	count := 0
	for _, e := range q.commands {
		count += len(e.Candidates)
	}
	return count
}

// errHopeless marks what no further try can mend: the command has failed.
var errHopeless = errors.New("the command cannot be carried through")

// errWaiting says that replacements are not in service yet.
var errWaiting = errors.New("replacements are not initialized")

// Reconcile carries a command on.
func (q *Queue) Reconcile(ctx context.Context, id ID) (reconcile.Result, error) {
	e := q.command(id)
	if e == nil {
		return reconcile.Result{}, nil
	}
	err := q.carry(ctx, e)
	switch {
	case len(e.open) == 0:
		q.forget(ctx, e)
		return reconcile.Result{}, nil
	case errors.Is(err, errHopeless), q.Clock.Since(e.Started) > disrupt.Timeout(q.nodes(), q.LaunchTimeout): // DIS-128
		q.fail(ctx, e, err)
		return reconcile.Result{}, nil
	case errors.Is(err, errWaiting):
		return reconcile.Result{RequeueAfter: poll}, nil
	}
	return reconcile.Result{}, err
}

func (q *Queue) command(id ID) *entry {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.commands[id]
}
