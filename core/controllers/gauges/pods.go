// SPDX-License-Identifier: Apache-2.0

package gauges

import (
	"context"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"karpenter.sh/core/metrics/families"
	"karpenter.sh/core/reconcile/concurrency"
)

// pods is metrics.pod. It collects the state of every pod and how long those
// that wait have been waiting, and observes how long those waited that wait no
// more (OPS-128 to OPS-135).
type pods struct {
	Options
	state *prometheus.Desc
	waits waits
	waited

	mu    sync.Mutex
	known map[types.NamespacedName]pod
}

func newPods(o Options, r *families.Registry) (*pods, error) {
	durations, err := newWaited(r)
	if err != nil {
		return nil, err
	}
	const name = "karpenter_pods_state"
	p := &pods{Options: o, state: r.Desc(name), waits: newWaits(r), waited: durations, known: map[types.NamespacedName]pod{}}
	r.Register(name, p)
	return p, nil
}

// Register adds the controller to a manager.
func (p *pods) Register(_ context.Context, m manager.Manager) error {
	return builder.ControllerManagedBy(m).
		Named("metrics.pod").
		For(&corev1.Pod{}).
		WithOptions(concurrency.Options[reconcile.Request](concurrency.Fixed(1), p.CPUMillis)).
		Complete(p)
}

// Reconcile takes in one pod. It keeps strings of the cache's object and changes
// nothing of it, so there is no need for a copy.
func (p *pods) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	var object corev1.Pod
	err := p.Client.Get(ctx, req.NamespacedName, &object, &client.GetOptions{UnsafeDisableDeepCopy: ptr.To(true)})
	if client.IgnoreNotFound(err) != nil {
		return reconcile.Result{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		delete(p.known, req.NamespacedName)
		return reconcile.Result{}, nil
	}
	now := newPod(&object)
	if before, known := p.known[req.NamespacedName]; known && before.uid == now.uid {
		now.starting, now.binding = before.starting, before.binding
	}
	decision, _ := p.Cluster.Decisions.OfPod(req.NamespacedName, now.uid)
	p.known[req.NamespacedName] = p.settle(now, decision)
	return reconcile.Result{}, nil
}

// Describe implements [prometheus.Collector].
func (p *pods) Describe(to chan<- *prometheus.Desc) {
	to <- p.state
	p.waits.describe(to)
}

// Collect implements [prometheus.Collector].
func (p *pods) Collect(to chan<- prometheus.Metric) {
	nodes := map[string]map[string]string{}
	for _, n := range p.Cluster.Snapshot().Nodes() {
		if n.Node() != nil {
			nodes[n.Node().Name] = n.Node().Labels
		}
	}
	now := p.Clock.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	for key, pod := range p.known {
		gauge(to, p.state, 1, pod.values(key, nodes[pod.node])...)
		if pod.waits() {
			decision, _ := p.Cluster.Decisions.OfPod(key, pod.uid)
			p.waits.collect(to, waiting{key: key, pod: pod, decision: decision, now: now})
		}
	}
}
