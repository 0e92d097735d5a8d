// SPDX-License-Identifier: Apache-2.0

package garbagecollection_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/controllers/internal/fixture"
	"karpenter.sh/core/controllers/nodeclaim/garbagecollection"
)

func round(t *testing.T, w *fixture.World, provider cloudprovider.CloudProvider) (time.Duration, error) {
	t.Helper()
	result, err := garbagecollection.New(garbagecollection.Options{
		Client: w.Client, Provider: provider, NodeClasses: w.NodeClasses, NodeClaims: w.NodeClaims,
	}).Reconcile(t.Context())
	return result.RequeueAfter, err
}

func deleted(w *fixture.World) bool {
	return !fixture.Read(w, fixture.NodeClaim("a")).DeletionTimestamp.IsZero()
}

func notReady(n *corev1.Node) { fixture.SetReady(n, corev1.ConditionFalse) }

// LIF-180, LIF-181, LIF-182, CP-119
func TestCollection(t *testing.T) {
	registered := fixture.NodeClaim("a", fixture.Registered)
	second := func(n *corev1.Node) { n.Name, n.UID = "b", "b" }
	tests := []struct {
		name      string
		nodeClaim *v1.NodeClaim
		nodes     []client.Object
		running   bool
		prepare   func(*fixture.World)
		deleted   bool
	}{
		{name: "instance gone, no Node", nodeClaim: registered, deleted: true},
		{name: "instance gone, Node not ready", nodeClaim: registered, nodes: []client.Object{fixture.Node(registered, notReady)}, deleted: true},
		{name: "a ready Node protects", nodeClaim: registered, nodes: []client.Object{fixture.Node(registered)}},
		{
			name: "any of several Nodes protects", nodeClaim: registered,
			nodes: []client.Object{fixture.Node(registered, notReady), fixture.Node(registered, second)},
		},
		{name: "instance there, Node gone", nodeClaim: registered, running: true},
		{name: "never registered is left to its deadline", nodeClaim: fixture.NodeClaim("a", fixture.Launched)},
		{
			name:      "unmanaged",
			nodeClaim: fixture.NodeClaim("a", fixture.Registered, func(n *v1.NodeClaim) { n.Spec.NodeClassRef.Kind = "Other" }),
		},
		{
			name: "nobody confirms that it is gone", nodeClaim: registered,
			prepare: func(w *fixture.World) { w.Provider.FailAlways(fake.Get, errors.New("throttled")) },
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := fixture.New(t, append(tt.nodes, tt.nodeClaim.DeepCopy())...)
			if tt.running {
				if _, err := w.Provider.Create(t.Context(), tt.nodeClaim); err != nil {
					t.Fatal(err)
				}
			}
			if tt.prepare != nil {
				tt.prepare(w)
			}
			after, err := round(t, w, w.Provider)
			if err != nil || after != 2*time.Minute {
				t.Errorf("next round after %v, %v", after, err)
			}
			if got := deleted(w); got != tt.deleted {
				t.Errorf("deleted: %v, want %v", got, tt.deleted)
			}
		})
	}
}

// LIF-181, OPS-104
func TestCollectionIsCounted(t *testing.T) {
	w := fixture.New(t, fixture.NodeClaim("a", fixture.Registered), fixture.Pod("p", "a"),
		fixture.Pod("d", "a", fixture.OwnedBy("apps/v1", "DaemonSet")), fixture.Pod("q", "another"))
	if _, err := round(t, w, w.Provider); err != nil {
		t.Fatal(err)
	}
	labels := map[string]string{"reason": "garbage_collected", "nodepool": fixture.NodePool}
	if got := w.Metric("karpenter_nodeclaims_disrupted_total", labels); got != 1 {
		t.Errorf("%v NodeClaims counted", got)
	}
	if got := w.Metric("karpenter_pods_disruption_initiated_total", labels); got != 1 {
		t.Errorf("%v pods counted, want the one that moves", got)
	}
}

// LIF-180, LIF-181: who is going already is not counted.
func TestDeletingIsSkipped(t *testing.T) {
	w := fixture.New(t, fixture.NodeClaim("a", fixture.Registered, fixture.Deleting(time.Now())))
	if _, err := round(t, w, w.Provider); err != nil {
		t.Fatal(err)
	}
	if got := w.Metric("karpenter_nodeclaims_disrupted_total", nil); got != 0 || len(w.Writes.Names()) > 0 {
		t.Errorf("%v NodeClaims counted, wrote %q", got, w.Writes.Names())
	}
}

// LIF-181: a candidate whose Nodes cannot be looked up is skipped.
func TestUnreadableNodes(t *testing.T) {
	w := fixture.New(t, fixture.NodeClaim("a", fixture.Registered))
	w.Client = interceptor.NewClient(w.Client.(client.WithWatch), interceptor.Funcs{
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			if _, ofNodes := list.(*corev1.NodeList); ofNodes {
				return errors.New("no answer")
			}
			return c.List(ctx, list, opts...)
		},
	})
	if _, err := round(t, w, w.Provider); err != nil {
		t.Fatal(err)
	}
	if deleted(w) {
		t.Error("deleted although a ready Node may be there")
	}
}

// LIF-181: twenty candidates are judged at a time, and nobody else is.
func TestJudgedAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var objects []client.Object
		for i := range 50 {
			objects = append(objects, fixture.NodeClaim(fmt.Sprint("a", i), fixture.Registered))
		}
		w := fixture.New(t, objects...)
		crowd := &crowd{CloudProvider: w.Provider}
		for i := range 5 {
			if _, err := w.Provider.Create(t.Context(), fixture.NodeClaim(fmt.Sprint("a", i))); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := round(t, w, crowd); err != nil {
			t.Fatal(err)
		}
		if crowd.most != 20 || crowd.asked != 45 {
			t.Errorf("asked for %d instances, up to %d at a time", crowd.asked, crowd.most)
		}
	})
}

// crowd is a provider that takes its time to find an instance.
type crowd struct {
	cloudprovider.CloudProvider
	mu                  sync.Mutex
	asked, inside, most int
}

func (c *crowd) Get(ctx context.Context, id string) (*v1.NodeClaim, error) {
	c.mu.Lock()
	c.asked, c.inside = c.asked+1, c.inside+1
	c.most = max(c.most, c.inside)
	c.mu.Unlock()
	time.Sleep(time.Second)
	c.mu.Lock()
	c.inside--
	c.mu.Unlock()
	return c.CloudProvider.Get(ctx, id)
}

// LIF-180
func TestListFails(t *testing.T) {
	w := fixture.New(t, fixture.NodeClaim("a", fixture.Registered))
	boom := errors.New("boom")
	w.Provider.FailNext(fake.List, boom)
	if _, err := round(t, w, w.Provider); !errors.Is(err, boom) {
		t.Errorf("round: %v", err)
	}
	if deleted(w) {
		t.Error("deleted without a list")
	}
}

// LIF-180, CP-031: a NodeClaim that is launched while the instances are listed
// is not misjudged.
func TestNodeClaimsAreListedFirst(t *testing.T) {
	w := fixture.New(t)
	provider := late{w.Provider, func() { w.Add(fixture.NodeClaim("a", fixture.Registered)) }}
	if _, err := round(t, w, provider); err != nil {
		t.Fatal(err)
	}
	if deleted(w) {
		t.Error("a NodeClaim was deleted that is younger than the list of NodeClaims")
	}
}

// LIF-181: a list that misses an instance is not enough.
func TestIncompleteList(t *testing.T) {
	nodeClaim := fixture.NodeClaim("a", fixture.Registered)
	w := fixture.New(t, nodeClaim)
	if _, err := w.Provider.Create(t.Context(), nodeClaim); err != nil {
		t.Fatal(err)
	}
	incomplete := listed{w.Provider, func() ([]*v1.NodeClaim, error) { return nil, nil }}
	if _, err := round(t, w, incomplete); err != nil {
		t.Fatal(err)
	}
	if deleted(w) {
		t.Error("the instance is there")
	}
}

// LIF-180: an instance that is terminating counts as gone, once the provider
// says so for itself too.
func TestTerminatingInstance(t *testing.T) {
	nodeClaim := fixture.NodeClaim("a", fixture.Registered)
	w := fixture.New(t, nodeClaim)
	gone := listed{w.Provider, func() ([]*v1.NodeClaim, error) {
		return []*v1.NodeClaim{fixture.NodeClaim("a", fixture.Launched, fixture.Deleting(time.Now()))}, nil
	}}
	if _, err := round(t, w, gone); err != nil {
		t.Fatal(err)
	}
	if !deleted(w) {
		t.Error("an instance that is terminating protects its NodeClaim")
	}
}

// late is a provider that takes time to list.
type late struct {
	cloudprovider.CloudProvider
	during func()
}

func (l late) List(ctx context.Context) ([]*v1.NodeClaim, error) {
	l.during()
	return l.CloudProvider.List(ctx)
}

// listed is a provider with a list of its own.
type listed struct {
	cloudprovider.CloudProvider
	list func() ([]*v1.NodeClaim, error)
}

func (l listed) List(context.Context) ([]*v1.NodeClaim, error) { return l.list() }
