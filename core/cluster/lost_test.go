// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"slices"
	"testing"
	"time"

	"github.com/awslabs/operatorpkg/status"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/engine/resource"
)

// since is a condition that is true from a moment on.
func since(kind string, at time.Time) func(*v1.NodeClaim) {
	return func(nc *v1.NodeClaim) {
		nc.Status.Conditions = append(nc.Status.Conditions, status.Condition{
			Type: kind, Status: metav1.ConditionTrue, LastTransitionTime: metav1.NewTime(at),
		})
	}
}

func joinedAs(node string) func(*v1.NodeClaim) {
	return func(nc *v1.NodeClaim) {
		condition(v1.ConditionTypeRegistered, metav1.ConditionTrue)(nc)
		nc.Status.NodeName = node
	}
}

// LIF-054: what becomes of a NodeClaim whose Node goes.
func TestNodeClaimWithoutItsNode(t *testing.T) {
	for _, tc := range []struct {
		why    string
		events func(*world)
		target bool
	}{
		{"launched, its Node has not come yet", func(w *world) { w.claim(newClaim("c", "id")) }, true},
		{"registered, with its Node", func(w *world) {
			w.claim(newClaim("c", "id", joinedAs("n")))
			w.node(newNode("n", "id", initialized("pool")))
		}, true},
		{"registered, and its Node is gone", func(w *world) {
			w.claim(newClaim("c", "id", joinedAs("n")))
			w.node(newNode("n", "id", initialized("pool")))
			w.DeleteNode("n")
		}, false},
		{"nothing but its condition tells that it ever had one", func(w *world) { w.claim(newClaim("c", "id", joinedAs("n"))) }, false},
		{"its Node is back", func(w *world) {
			w.claim(newClaim("c", "id", joinedAs("n")))
			w.node(newNode("n", "id", initialized("pool")))
			w.DeleteNode("n")
			w.node(newNode("n", "id", initialized("pool")))
		}, true},
		{"its Node is back and has no provider ID yet", func(w *world) {
			w.claim(newClaim("c", "id", joinedAs("n")))
			w.node(newNode("n", "", labels(v1.NodePoolLabelKey, "pool")))
		}, true},
		{"the model hears of the registration before it tracks the Node", func(w *world) {
			w.node(newNode("n", "id", labels(v1.NodePoolLabelKey, "pool")))
			w.claim(newClaim("c", "id", joinedAs("n")))
		}, true},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			tc.events(w)
			s := w.Snapshot()
			if got := len(s.Targets().Nodes) == 1; got != tc.target {
				t.Errorf("a target for pods: %v", got)
			}
			if s.Lost(s.Nodes()[0]) == tc.target {
				t.Errorf("lost: %v", !tc.target)
			}
			if n := s.Capacity("pool").Get(resource.Nodes); n != 1 {
				t.Errorf("%d nodes count against the limits, want 1: the machine may still run", n)
			}
		})
	}
}

// SCH-007: pods of a Node that is gone have no home until they are gone too.
func TestHomeless(t *testing.T) {
	for _, tc := range []struct {
		why   string
		event func(*world)
		want  []string
	}{
		{"the Node is there", func(*world) {}, nil},
		{"the Node is gone", func(w *world) { w.DeleteNode("n") }, []string{"n"}},
		{"the Node and its NodeClaim are gone", func(w *world) { w.DeleteNode("n"); w.DeleteNodeClaim("c") }, []string{"n"}},
		{"the Node is back", func(w *world) { w.DeleteNode("n"); w.node(newNode("n", "id", initialized("pool"))) }, nil},
		{"the pods are gone", func(w *world) { w.DeleteNode("n"); w.DeletePod(key(newPod("p", "n"))) }, nil},
		{"a pod on a Node that nobody has seen yet", func(w *world) { w.pod(newPod("early", "new")) }, nil},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			w.claim(newClaim("c", "id", joinedAs("n")))
			w.node(newNode("n", "id", initialized("pool")))
			w.pod(newPod("p", "n"))
			tc.event(w)
			for range 2 { // what is remembered survives being asked for
				if got := w.Snapshot().Homeless(); !slices.Equal(got, tc.want) {
					t.Errorf("got %v, want %v", got, tc.want)
				}
			}
			if got := w.Homeless("n"); got != slices.Contains(tc.want, "n") {
				t.Errorf("of one node: %v", got)
			}
		})
	}
}

// LIF-056: a node that does not get ready is no target for ever.
func TestOverdue(t *testing.T) {
	unready := func(c *v1.NodeClaim) { c.Status.NodeName = "n" }
	waitsFor := func(reason string) func(*v1.NodeClaim) {
		return func(nc *v1.NodeClaim) {
			nc.Status.Conditions = append(nc.Status.Conditions, status.Condition{
				Type: v1.ConditionTypeInitialized, Status: metav1.ConditionUnknown, Reason: reason,
			})
		}
	}
	for _, tc := range []struct {
		why    string
		claim  []func(*v1.NodeClaim)
		node   *corev1.Node
		within time.Duration
	}{
		{"launched", []func(*v1.NodeClaim){since(v1.ConditionTypeLaunched, start)}, nil, 15 * time.Minute},
		{"known by nothing but its age", nil, nil, 15 * time.Minute},
		{"its Node has joined", []func(*v1.NodeClaim){since(v1.ConditionTypeLaunched, start)}, newNode("n", "id", labels(corev1.LabelInstanceTypeStable, "m")), 15 * time.Minute},
		{"registered", []func(*v1.NodeClaim){unready, since(v1.ConditionTypeRegistered, start)}, newNode("n", "id", registered()), 5 * time.Minute},
		{"somebody took the label away", []func(*v1.NodeClaim){unready, since(v1.ConditionTypeRegistered, start)}, newNode("n", "id"), 5 * time.Minute},
		{"it waits for devices", []func(*v1.NodeClaim){
			unready, since(v1.ConditionTypeRegistered, start), waitsFor("ResourceNotRegistered"),
		}, newNode("n", "id", registered()), 10 * time.Minute},
		{"the Node was made anew", []func(*v1.NodeClaim){unready, since(v1.ConditionTypeRegistered, start.Add(-time.Hour))}, newNode("n", "id", registered()), 5 * time.Minute},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			if tc.node != nil {
				w.node(tc.node)
			}
			w.claim(newClaim("c", "id", tc.claim...))
			w.clock.Step(tc.within - time.Second)
			if n := len(w.Snapshot().Targets().Nodes); n != 1 {
				t.Errorf("%d targets in time, want 1", n)
			}
			w.clock.Step(time.Second)
			if n := len(w.Snapshot().Targets().Nodes); n != 0 {
				t.Errorf("%d targets when it is overdue, want none", n)
			}
			if tc.node != nil {
				ready := tc.node.DeepCopy()
				initialized("pool")(ready)
				w.node(ready)
				if n := len(w.Snapshot().Targets().Nodes); n != 1 {
					t.Errorf("%d targets once it is ready, want 1", n)
				}
			}
		})
	}
}
