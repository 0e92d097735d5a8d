// SPDX-License-Identifier: Apache-2.0

package collect_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/collect"
	"karpenter.sh/core/reconcile/index"
	"karpenter.sh/core/testkit/strictapi"
)

var (
	now     = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	errDown = errors.New("the cloud is down")
)

// machine is as old as given.
func machine(id string, age time.Duration, change ...func(*v1.NodeClaim)) *v1.NodeClaim {
	m := &v1.NodeClaim{
		ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(now.Add(-age))},
		Status:     v1.NodeClaimStatus{ProviderID: id},
	}
	for _, c := range change {
		c(m)
	}
	return m
}

func terminating(m *v1.NodeClaim) { m.DeletionTimestamp = &metav1.Time{Time: now} }
func ageless(m *v1.NodeClaim)     { m.CreationTimestamp = metav1.Time{} }

// tagged says which NodeClaim a machine was launched for.
func tagged(claim string) func(*v1.NodeClaim) {
	return func(m *v1.NodeClaim) { m.Labels = map[string]string{"tag": claim} }
}

// claim is a NodeClaim with a provider ID, which may be empty.
func claim(name, id string, change ...func(*v1.NodeClaim)) v1.NodeClaim {
	c := v1.NodeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name)},
		Status:     v1.NodeClaimStatus{ProviderID: id},
	}
	for _, change := range change {
		change(&c)
	}
	return c
}

func rule() collect.Rule {
	return collect.Rule{
		Grace: 30 * time.Second,
		Tie: collect.Tie{
			Machine:   func(m *v1.NodeClaim) string { return m.Labels["tag"] },
			NodeClaim: func(c *v1.NodeClaim) string { return c.Name },
		},
		Spares: func(m *v1.NodeClaim) bool { return strings.HasPrefix(m.Status.ProviderID, "spare") },
	}
}

// KIT-130, KIT-131, CP-117, CP-342
func TestOrphans(t *testing.T) {
	for _, tc := range []struct {
		reason  string
		machine *v1.NodeClaim
		claims  []v1.NodeClaim
		orphan  bool
	}{
		{"no NodeClaim has it", machine("a", time.Minute), []v1.NodeClaim{claim("b", "b")}, true},
		{"a NodeClaim has it", machine("a", time.Minute), []v1.NodeClaim{claim("a", "a")}, false},
		{"too young", machine("a", 30*time.Second), nil, false},
		{"just old enough", machine("a", 30*time.Second+1), nil, true},
		{"its age is not known", machine("a", 0, ageless), nil, false},
		{"it has no ID", machine("", time.Minute), nil, false},
		{"terminating already", machine("a", time.Minute, terminating), nil, false},
		{"excluded by the provider", machine("spare-1", time.Minute), nil, false},
		{"its NodeClaim does not know it yet", machine("a", time.Minute, tagged("a")), []v1.NodeClaim{claim("a", "")}, false},
		{"its NodeClaim has another machine", machine("a", time.Minute, tagged("a")), []v1.NodeClaim{claim("a", "b")}, true},
		{"its NodeClaim does not know it and goes", machine("a", time.Minute, tagged("a")), []v1.NodeClaim{claim("a", "", terminating)}, true},
		{"its NodeClaim is gone", machine("a", time.Minute, tagged("a")), []v1.NodeClaim{claim("b", "")}, true},
		{"a NodeClaim under deletion has it", machine("a", time.Minute), []v1.NodeClaim{claim("a", "a", terminating)}, false},
		{"an empty tie ties nothing", machine("a", time.Minute), []v1.NodeClaim{claim("", "")}, true},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if got := rule().Orphans([]*v1.NodeClaim{tc.machine}, tc.claims, now); (len(got) == 1) != tc.orphan {
				t.Errorf("got %d orphans", len(got))
			}
		})
	}
	bare := collect.Rule{Grace: time.Second}
	if got := bare.Orphans([]*v1.NodeClaim{machine("a", time.Minute)}, []v1.NodeClaim{claim("b", "")}, now); len(got) != 1 {
		t.Errorf("a rule without tie finds %d orphans", len(got))
	}
}

// cloud records what is done with its machines.
type cloud struct {
	mu      sync.Mutex
	listed  []*v1.NodeClaim
	failing string
	deleted []string
	order   []string
}

func (m *cloud) note(what string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.order = append(m.order, what)
}

func (m *cloud) List(context.Context) ([]*v1.NodeClaim, error) {
	m.note("machines")
	if m.failing == "list" {
		return nil, errDown
	}
	return m.listed, nil
}

func (m *cloud) Delete(_ context.Context, nodeClaim *v1.NodeClaim) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	id := nodeClaim.Status.ProviderID
	if id == m.failing {
		return errDown
	}
	if m.deleted = append(m.deleted, id); id == "gone" {
		return cloudprovider.NewNodeClaimNotFoundError(errors.New("terminated"))
	}
	return nil
}

// listing notes when NodeClaims are listed, and may show none.
type listing struct {
	client.Client
	cloud *cloud
	name  string
	empty bool
}

func (l listing) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	if _, ok := list.(*v1.NodeClaimList); ok {
		if l.cloud.note(l.name); l.empty {
			return nil
		}
	}
	return l.Client.List(ctx, list, opts...)
}

type world struct {
	*collect.Controller
	*cloud
	api client.Client
}

func newWorld(t *testing.T, change func(*collect.Options), objects ...client.Object) *world {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, v1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	builder := fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...)
	for _, f := range index.Fields() {
		if _, ok := f.Object.(*corev1.Node); ok {
			builder = builder.WithIndex(f.Object, f.Name, f.Extract)
		}
	}
	api := builder.Build()
	w := &world{cloud: &cloud{}, api: api}
	strict := strictapi.Client(t, api)
	opts := collect.Options{
		Client: listing{Client: strict, cloud: w.cloud, name: "cache"}, Live: listing{Client: strict, cloud: w.cloud, name: "live"},
		Machines: w.cloud, Rule: rule(),
		Schedule: collect.Schedule{First: 10 * time.Second, Rounds: 20, Then: 2 * time.Minute},
		Clock:    clocktesting.NewFakePassiveClock(now),
	}
	change(&opts)
	w.Controller = collect.New(opts)
	return w
}

func same(*collect.Options) {}

func node(name, id string) *corev1.Node {
	return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name)}, Spec: corev1.NodeSpec{ProviderID: id}}
}

func (w *world) nodes(t *testing.T) string {
	t.Helper()
	list := &corev1.NodeList{}
	if err := w.api.List(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, n := range list.Items {
		names = append(names, n.Name)
	}
	return strings.Join(names, " ")
}

// KIT-132, KIT-134, CP-031, CP-117, CP-342
func TestRound(t *testing.T) {
	claimed := claim("claimed", "claimed")
	w := newWorld(t, same, &claimed, node("node-a", "a"), node("node-gone", "gone"), node("node-claimed", "claimed"))
	w.listed = []*v1.NodeClaim{machine("a", time.Hour), machine("claimed", time.Hour), machine("gone", time.Hour)}
	if result, err := w.Reconcile(t.Context()); err != nil || result.RequeueAfter != 10*time.Second {
		t.Errorf("got %+v, %v", result, err)
	}
	slices.Sort(w.deleted)
	if !slices.Equal(w.deleted, []string{"a", "gone"}) {
		t.Errorf("deleted %v", w.deleted)
	}
	if !slices.Equal(w.order, []string{"machines", "cache", "live"}) {
		t.Errorf("listed %v", w.order)
	}
	if got := w.nodes(t); got != "node-claimed" {
		t.Errorf("nodes %s", got)
	}
}

// KIT-134: a provider whose machines are their Nodes deletes them itself.
func TestKeepNodes(t *testing.T) {
	w := newWorld(t, func(o *collect.Options) { o.KeepNodes = true }, node("node-a", "a"))
	w.listed = []*v1.NodeClaim{machine("a", time.Hour)}
	if _, err := w.Reconcile(t.Context()); err != nil || w.nodes(t) != "node-a" || len(w.deleted) != 1 {
		t.Errorf("got %v; nodes %s", err, w.nodes(t))
	}
}

// KIT-133: a cache that shows nothing costs no machine.
func TestEmptyCache(t *testing.T) {
	claimed := claim("claimed", "claimed")
	w := newWorld(t, func(o *collect.Options) {
		l := o.Client.(listing)
		l.empty = true
		o.Client = l
	}, &claimed)
	w.listed = []*v1.NodeClaim{machine("claimed", time.Hour)}
	if _, err := w.Reconcile(t.Context()); err != nil || len(w.deleted) != 0 {
		t.Errorf("deleted %v, %v", w.deleted, err)
	}
}

// KIT-133: without orphans the API server is not asked.
func TestQuietRound(t *testing.T) {
	claimed := claim("claimed", "claimed")
	w := newWorld(t, same, &claimed)
	w.listed = []*v1.NodeClaim{machine("claimed", time.Hour)}
	if _, err := w.Reconcile(t.Context()); err != nil || !slices.Equal(w.order, []string{"machines", "cache"}) {
		t.Errorf("listed %v, %v", w.order, err)
	}
}

// KIT-134: the Node of a machine whose deletion was accepted in an earlier round,
// which did not come to the Node, goes with this one; by both readings (KIT-133).
func TestNodesOfTerminating(t *testing.T) {
	claimed := claim("claimed", "claimed")
	for _, tc := range []struct {
		reason string
		empty  bool
		again  []string
	}{
		{"a NodeClaim has the other one", false, []string{"machines", "cache"}},
		{"the cache shows no NodeClaim", true, []string{"machines", "cache", "live"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w := newWorld(t, func(o *collect.Options) {
				l := o.Client.(listing)
				l.empty = tc.empty
				o.Client = l
			}, &claimed, node("node-a", "a"), node("node-claimed", "claimed"))
			w.listed = []*v1.NodeClaim{machine("a", time.Hour, terminating), machine("claimed", time.Hour, terminating)}
			for _, order := range [][]string{{"machines", "cache", "live"}, tc.again} {
				w.order = nil
				if _, err := w.Reconcile(t.Context()); err != nil || !slices.Equal(w.order, order) {
					t.Errorf("listed %v, want %v; %v", w.order, order, err)
				}
			}
			if w.nodes(t) != "node-claimed" || len(w.deleted) != 0 {
				t.Errorf("nodes %s; deleted machines %v", w.nodes(t), w.deleted)
			}
		})
	}
}

// KIT-132: all are attempted, errors are returned afterwards and name the machine.
func TestErrors(t *testing.T) {
	w := newWorld(t, same, node("node-a", "a"))
	w.failing, w.listed = "a", []*v1.NodeClaim{machine("a", time.Hour), machine("b", time.Hour)}
	if _, err := w.Reconcile(t.Context()); !errors.Is(err, errDown) || !strings.Contains(err.Error(), "machine a") {
		t.Errorf("got %v", err)
	}
	if !slices.Equal(w.deleted, []string{"b"}) || w.nodes(t) != "node-a" {
		t.Errorf("deleted %v; nodes %s", w.deleted, w.nodes(t))
	}
	w.failing = "list"
	if _, err := w.Reconcile(t.Context()); !errors.Is(err, errDown) {
		t.Errorf("got %v", err)
	}
}

// KIT-135, CP-118
func TestSchedule(t *testing.T) {
	w := newWorld(t, same)
	for round := range 25 {
		if w.failing = ""; round%2 == 1 { // a failed round does not count
			w.failing = "list"
			if _, err := w.Reconcile(t.Context()); err == nil {
				t.Fatal("no error")
			}
			w.failing = ""
		}
		result, err := w.Reconcile(t.Context())
		want := 10 * time.Second
		if round >= 20 {
			want = 2 * time.Minute
		}
		if err != nil || result.RequeueAfter != want {
			t.Errorf("round %d: got %+v, %v, want %v", round, result, err, want)
		}
	}
}
