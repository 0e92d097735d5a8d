// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/test/cloudsim/join"
)

// Options say how a [Joiner] works.
type Options struct {
	// Clock is the time; nil: the real one.
	Clock clock.WithTicker
	// Labels are those by which kwok manages Nodes, beside its annotation.
	Labels map[string]string
	// CA is the authority of the cluster, in PEM, that machines with a bootstrap token must
	// have been told; empty: any will do.
	CA []byte
	// Grace is from the end of a machine to the deletion of its Node: until the node
	// controller has found it silent and the cloud's controller has asked the cloud.
	Grace time.Duration
}

// Joiner writes the Nodes of machines. Its methods only note what is wanted; Run does
// it, again and again until it is done.
type Joiner struct {
	client  client.Client
	options Options
	queue   workqueue.TypedRateLimitingInterface[string]

	mu      sync.Mutex
	entries map[string]*entry // by machine ID
}

// entry is a machine's Node.
type entry struct {
	node   *corev1.Node // as it is to be written
	token  string       // with which the kubelet asks for its certificate; "": it has one
	uid    types.UID    // of the Node as it was written; "": not yet
	silent bool         // the kubelet has stopped
	again  bool         // the machine was started anew
	ended  time.Time    // zero: the machine exists
	err    error        // of the last attempt
}

// Back-off between attempts, how long one takes at most, and how many go on at a time.
const (
	firstPause = 250 * time.Millisecond
	longPause  = 30 * time.Second
	patience   = 15 * time.Second
	workers    = 8
)

// New returns a joiner that writes with a client, which must not read from a cache.
func New(c client.Client, o Options) *Joiner {
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	limiter := workqueue.NewTypedItemExponentialFailureRateLimiter[string](firstPause, longPause)
	return &Joiner{
		client: c, options: o, entries: map[string]*entry{},
		queue: workqueue.NewTypedRateLimitingQueueWithConfig(limiter, workqueue.TypedRateLimitingQueueConfig[string]{Clock: o.Clock}),
	}
}

// Join implements join.Joiner. It fails if the kubelet would not start. A machine that
// had joined, fell silent and was started anew speaks again.
func (j *Joiner) Join(_ context.Context, n join.Node) error {
	node, err := NodeOf(n, j.options.Labels)
	if err == nil {
		err = j.trusts(n)
	}
	if err != nil {
		return err
	}
	j.mu.Lock()
	switch e := j.entries[n.Machine.ID]; {
	case e == nil:
		j.entries[n.Machine.ID] = &entry{node: node, token: n.Token}
	case e.silent && e.ended.IsZero():
		e.silent, e.again = false, true
	}
	j.mu.Unlock()
	j.queue.Add(n.Machine.ID)
	return nil
}

// Silence implements join.Silencer.
func (j *Joiner) Silence(_ context.Context, m join.Machine) error {
	j.note(m.ID, func(e *entry) { e.silent = true })
	return nil
}

// Leave implements join.Joiner.
func (j *Joiner) Leave(_ context.Context, m join.Machine) error {
	now := j.options.Clock.Now()
	j.note(m.ID, func(e *entry) {
		e.silent = true
		if e.ended.IsZero() {
			e.ended = now
		}
	})
	return nil
}

// Trouble implements join.Laggard.
func (j *Joiner) Trouble(machineID string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if e := j.entries[machineID]; e != nil {
		return e.err
	}
	return nil
}

// Open is how many machines have an entry.
func (j *Joiner) Open() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.entries)
}

func (j *Joiner) note(id string, change func(*entry)) {
	j.mu.Lock()
	e := j.entries[id]
	if e != nil {
		change(e)
	}
	j.mu.Unlock()
	if e != nil {
		j.queue.Add(id)
	}
}

// Run writes until the context ends, and returns when all writes have. A joiner runs
// once.
func (j *Joiner) Run(ctx context.Context) {
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for j.next(ctx) {
			}
		})
	}
	<-ctx.Done()
	j.queue.ShutDown()
	all.Wait()
}

// next does one machine's work; false: there is no more.
func (j *Joiner) next(ctx context.Context) bool {
	id, down := j.queue.Get()
	if down {
		return false
	}
	defer j.queue.Done(id)
	if ctx.Err() != nil {
		return true // empties the queue
	}
	attempt, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	after, err := j.work(attempt, id)
	switch {
	case err != nil:
		j.queue.AddRateLimited(id)
	case after > 0:
		j.queue.Forget(id)
		j.queue.AddAfter(id, after)
	default:
		j.queue.Forget(id)
	}
	return true
}

// work does what is wanted for a machine now. If there will be more to do, it says
// after how long.
func (j *Joiner) work(ctx context.Context, id string) (time.Duration, error) {
	j.mu.Lock()
	e := j.entries[id]
	if e == nil {
		j.mu.Unlock()
		return 0, nil
	}
	seen := *e
	j.mu.Unlock()
	s := step{joiner: j, entry: seen, left: j.options.Grace}
	if !seen.ended.IsZero() {
		s.left = j.options.Grace - j.options.Clock.Since(seen.ended)
	}
	uid, err := s.do(ctx)
	j.mu.Lock()
	defer j.mu.Unlock()
	e.uid, e.err = uid, err
	switch {
	case err != nil || seen.ended.IsZero():
		return 0, err
	case s.left > 0:
		return s.left, nil
	}
	delete(j.entries, id)
	return 0, nil
}
