// SPDX-License-Identifier: Apache-2.0

package repair_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/internal/fixture"
	"karpenter.sh/core/controllers/nodeclaim/repair"
	"karpenter.sh/core/testkit/stubmanager"
)

// reads counts how often a Node is looked at.
type reads struct {
	client.Client
	nodes atomic.Int32
}

func (r *reads) Get(ctx context.Context, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	if _, ok := o.(*corev1.Node); ok {
		r.nodes.Add(1)
	}
	return r.Client.Get(ctx, key, o, opts...)
}

// EXT-139, OPS-289: what says nothing of a node's health, heartbeats above all, brings no
// look at it.
func TestWatch(t *testing.T) {
	condition := func(n *corev1.Node) *corev1.NodeCondition { return &n.Status.Conditions[0] }
	managed := func(n *corev1.Node) { n.Labels[fixture.NodeClassLabel] = "default" }
	tests := []struct {
		name          string
		before, after func(*corev1.Node)
		looks         int
	}{
		{name: "a heartbeat", after: func(n *corev1.Node) { condition(n).LastHeartbeatTime = metav1.Now() }},
		{name: "another label", after: func(n *corev1.Node) { n.Labels["a"] = "b" }},
		{name: "another message", after: func(n *corev1.Node) { condition(n).Message = "still" }},
		{name: "another status", after: func(n *corev1.Node) { condition(n).Status = corev1.ConditionUnknown }, looks: 1},
		{name: "another transition", after: func(n *corev1.Node) { condition(n).LastTransitionTime = metav1.NewTime(time.Now().Add(-time.Hour)) }, looks: 1},
		{name: "a condition more", after: unhealthy("DiskGood", corev1.ConditionTrue, 0), looks: 1},
		{name: "a condition less", after: func(n *corev1.Node) { n.Status.Conditions = nil }, looks: 1},
		{name: "managed from now on", before: func(n *corev1.Node) { delete(n.Labels, fixture.NodeClassLabel) }, after: managed, looks: 1},
		{name: "registered", before: func(n *corev1.Node) { delete(n.Labels, v1.NodeRegisteredLabelKey) },
			after: func(n *corev1.Node) { n.Labels[v1.NodeRegisteredLabelKey] = v1.LabelValueTrue }, looks: 1},
		{name: "somebody else's", before: func(n *corev1.Node) { delete(n.Labels, fixture.NodeClassLabel) },
			after: func(n *corev1.Node) { condition(n).Status = corev1.ConditionUnknown }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, informed := watched(t)
				before := fixture.Node(fixture.NodeClaim("a"))
				if tt.before != nil {
					tt.before(before)
				}
				after := before.DeepCopy()
				tt.after(after)
				informed.update(before, after)
				if got := int(w.nodes.Load()); got != tt.looks {
					t.Errorf("%d looks, want %d", got, tt.looks)
				}
				informed.stop()
			})
		})
	}
}

// EXT-140: a node is looked at when its toleration ends, and not before.
func TestLooksAgainInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, informed := watched(t, machine("a", func(n *corev1.Node) {
			n.Status.Conditions = nil
			unhealthy(corev1.NodeReady, corev1.ConditionFalse, time.Minute)(n)
		})...)
		informed.create(fixture.Node(fixture.NodeClaim("a")))
		if time.Sleep(tolerated - 2*time.Minute); w.nodes.Load() != 1 {
			t.Errorf("%d looks while it is tolerated", w.nodes.Load())
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if claim := w.claim("a"); claim.DeletionTimestamp.IsZero() || w.nodes.Load() != 2 {
			t.Errorf("the NodeClaim stays after %d looks", w.nodes.Load())
		}
		informed.stop()
	})
}

// watching is a world whose controller runs.
type watching struct {
	*world
	*reads
}

// informing tells a running controller of Nodes, and waits until it is done.
type informing struct {
	update func(before, after *corev1.Node)
	create func(*corev1.Node)
	stop   func()
}

func watched(t *testing.T, objects ...client.Object) (watching, informing) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w := &world{World: fixture.New(t, objects...), t: t}
	counting := &reads{Client: w.Client}
	controller := repair.New(repair.Options{
		Client: counting, Live: w.Live, Policies: policies(), NodeClasses: w.NodeClasses, Clock: clock.RealClock{},
		Recorder: w.Recorder, NodeClaims: w.NodeClaims, CPUMillis: 1000,
	})
	m, err := stubmanager.New(ctx, w.Client.Scheme(), &corev1.Node{})
	if err != nil {
		t.Fatal(err)
	}
	if err := controller.Register(ctx, m); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- m.Added.Start(ctx) }()
	synctest.Wait()
	informer, err := m.Informer(ctx, &corev1.Node{})
	if err != nil {
		t.Fatal(err)
	}
	return watching{w, counting}, informing{
		update: func(before, after *corev1.Node) { informer.Update(before, after); synctest.Wait() },
		create: func(node *corev1.Node) { informer.Add(node); synctest.Wait() },
		stop: func() {
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		},
	}
}
