// SPDX-License-Identifier: Apache-2.0

package eviction

import (
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"karpenter.sh/core/engine/drain"
	"karpenter.sh/core/events"
	"karpenter.sh/core/metrics"
	"karpenter.sh/core/objects/pods"
	"karpenter.sh/core/reconcile/concurrency"
)

// Name is the name of the controller in logs and metrics.
const Name = "eviction-queue"

// Options are what the queue works with; all but CPUMillis are required.
type Options struct {
	// Client reads from the cache, with the indexes of package index.
	Client   client.Client
	Clock    clock.PassiveClock
	Recorder events.Recorder
	Nodes    *metrics.Nodes
	// CPUMillis is the CPU request of the process, which scales the number of
	// workers.
	CPUMillis int64
}

// Queue is eviction-queue.
type Queue struct {
	Options
	entries *entries
	// backoff delays the next attempt of a pod that could not be evicted yet.
	backoff workqueue.TypedRateLimiter[Key]

	mu   sync.Mutex
	work workqueue.TypedRateLimitingInterface[Key] // nil until the controller runs
}

// New returns the queue.
func New(o Options) *Queue {
	return &Queue{Options: o, entries: newEntries(), backoff: concurrency.Limiter[Key](profile(), o.CPUMillis)}
}

func profile() concurrency.Profile {
	return concurrency.Profile{Min: 100, Max: 5000, Backoff: concurrency.Backoff{
		Base: 100 * time.Millisecond, Longest: 10 * time.Second, RatePercent: 100,
	}}
}

// Submit asks for pods to leave a node by a deadline; the zero deadline is none.
// A pod that is queued keeps its place and the tighter of its deadlines.
func (q *Queue) Submit(node *corev1.Node, deadline time.Time, leaving ...*corev1.Pod) {
	now := q.Clock.Now()
	for _, pod := range leaving {
		attempt := q.entries.submit(submission{
			key: keyOf(pod), node: node.Name, deadline: deadline,
			mustDelete: drain.MustDelete(pods.ForDrain(pod), deadline, now),
		})
		if attempt {
			q.add(keyOf(pod))
		}
	}
}

// Abandon forgets the pods of a node that is gone or no longer terminating.
func (q *Queue) Abandon(nodeName string) {
	for _, key := range q.entries.dropNode(nodeName) {
		q.backoff.Forget(key)
	}
}

// Reconcile makes one attempt at one pod (LIF-151).
func (q *Queue) Reconcile(ctx context.Context, key Key) (reconcile.Result, error) {
	e, ok := q.entries.get(key)
	if !ok {
		return reconcile.Result{}, nil
	}
	pod, node, ok, err := q.read(ctx, key, e)
	if err != nil {
		return reconcile.Result{}, err
	}
	if !ok {
		q.drop(key)
		return reconcile.Result{}, nil
	}
	now := q.Clock.Now()
	switch p := pods.ForDrain(pod); {
	case !p.Waiting(now):
		q.drop(key)
		return reconcile.Result{}, nil
	case drain.MustDelete(p, e.deadline, now):
		return reconcile.Result{}, q.force(ctx, pod, node, e.deadline)
	case !p.Active():
		q.drop(key)
		return reconcile.Result{}, nil
	case !p.Evictable(now):
		return q.retry(key, p, e), nil
	default:
		return q.evict(ctx, pod, node, e)
	}
}

// read returns the pod and its node as they are now, and false when the entry
// has outlived one of them.
func (q *Queue) read(ctx context.Context, key Key, e entry) (*corev1.Pod, *corev1.Node, bool, error) {
	pod, node := &corev1.Pod{}, &corev1.Node{}
	if err := q.Client.Get(ctx, key.NamespacedName, pod); err != nil {
		return nil, nil, false, ignoreNotFound(err, "reading pod %s", key.NamespacedName)
	}
	if err := q.Client.Get(ctx, client.ObjectKey{Name: e.node}, node); err != nil {
		return nil, nil, false, ignoreNotFound(err, "reading node %s", e.node)
	}
	return pod, node, pod.UID == key.UID && !node.DeletionTimestamp.IsZero(), nil
}

func ignoreNotFound(err error, format string, args ...any) error {
	if errors.IsNotFound(err) {
		return nil
	}
	return fmt.Errorf(format+": %w", append(args, err)...)
}

// retry puts off the next attempt, but not beyond the moment at which the pod
// must be deleted (LIF-153, LIF-160).
func (q *Queue) retry(key Key, p drain.Pod, e entry) reconcile.Result {
	delay := q.backoff.When(key)
	if left, ok := drain.UntilMustDelete(p, e.deadline, q.Clock.Now()); ok {
		delay = min(delay, left)
	}
	return reconcile.Result{RequeueAfter: max(delay, time.Nanosecond)}
}

// drop forgets a pod that no longer has to leave, or is gone.
func (q *Queue) drop(key Key) {
	q.entries.drop(key)
	q.backoff.Forget(key)
}

// finish marks a pod as evicted or deleted.
func (q *Queue) finish(key Key, done stage) {
	q.entries.finish(key, done)
	q.backoff.Forget(key)
}

// add brings a pod up for an attempt now, once the controller runs.
func (q *Queue) add(key Key) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.work != nil {
		q.work.Add(key)
	}
}
