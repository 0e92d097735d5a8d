// SPDX-License-Identifier: Apache-2.0

package fake_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	apifake "sigs.k8s.io/controller-runtime/pkg/client/fake"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/conformance"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/cloudprovider/fake/v1alpha1"
	"karpenter.sh/core/cloudprovider/kit/collect"
	"karpenter.sh/core/cloudprovider/kit/interruption"
	"karpenter.sh/core/cloudprovider/kit/nodeclass"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/finalization"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/statichash"
	"karpenter.sh/core/events/eventstest"
	"karpenter.sh/core/metrics"
	"karpenter.sh/core/reconcile/index"
	"karpenter.sh/core/testkit/strictapi"
)

// harnessWorld is a world with an API, for the controllers that a provider is
// composed with.
type harnessWorld struct {
	*world
	api    client.WithWatch
	scheme statichash.Scheme[*v1alpha1.TestNodeClass]
}

func kind() nodeclass.Kind { return nodeclass.Kind{Group: v1alpha1.Group, Kind: "TestNodeClass"} }

func newHarnessWorld(t testing.TB) *harnessWorld {
	t.Helper()
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, v1.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(s); err != nil {
			t.Fatal(err)
		}
	}
	builder := apifake.NewClientBuilder().WithScheme(s)
	for _, f := range index.Fields() {
		if _, ok := f.Object.(*corev1.Node); ok {
			builder = builder.WithIndex(f.Object, f.Name, f.Extract)
		}
	}
	w := &harnessWorld{api: builder.Build()}
	w.scheme = statichash.Scheme[*v1alpha1.TestNodeClass]{Kind: kind(), Version: "v1", Hash: hashOf}
	w.world = newWorld(func(o *fake.Options) { o.Hash = &w.scheme })
	w.restamp()
	return w
}

// hashed is the static part of the spec: the image of a machine. What zones are
// usable is looked up for each launch.
type hashed struct{ Image string }

// hashOf hashes the image, which tests keep in an annotation.
func hashOf(c *v1alpha1.TestNodeClass) (string, error) {
	h, err := statichash.Of(hashed{c.Annotations["image"]})
	return statichash.Decimal(h), err
}

// restamp does what the hash controller does, and has the edit examined.
func (w *harnessWorld) restamp() {
	stamp, _ := w.scheme.Stamp(w.nodeClass)
	if w.nodeClass.Annotations == nil {
		w.nodeClass.Annotations = map[string]string{}
	}
	for key, value := range stamp {
		w.nodeClass.Annotations[key] = value
	}
	w.nodeClass.StatusConditions().SetTrue("Ready")
}

func (w *harnessWorld) hash() *conformance.Hash {
	edit := func(name string, drifts bool, change func(*v1alpha1.TestNodeClass)) conformance.HashEdit {
		return conformance.HashEdit{Name: name, Drifts: drifts, Apply: func(testing.TB) {
			w.nodeClass.Generation++
			change(w.nodeClass)
			w.restamp()
		}}
	}
	return &conformance.Hash{
		HashKey: kind().HashKey(), VersionKey: kind().HashVersionKey(),
		Stamped: func(testing.TB) map[string]string { return w.nodeClass.Annotations },
		Edits: []conformance.HashEdit{
			edit("an unset field", false, func(c *v1alpha1.TestNodeClass) { c.Annotations["image"] = "" }),
			edit("zones, which are resolved", false, func(c *v1alpha1.TestNodeClass) { c.Spec.Zones = []string{"test-zone-1", "test-zone-2"} }),
			edit("the order of zones", false, func(c *v1alpha1.TestNodeClass) { slices.Reverse(c.Spec.Zones) }),
			edit("the image", true, func(c *v1alpha1.TestNodeClass) { c.Annotations["image"] = "new" }),
		},
		Upgrade: w.upgrade,
	}
}

// upgrade runs the hash controller of the next version.
func (w *harnessWorld) upgrade(t testing.TB, claims ...*v1.NodeClaim) []*v1.NodeClaim {
	for _, claim := range claims {
		w.store(t, claim)
	}
	if err := w.api.Create(t.Context(), w.nodeClass); err != nil {
		t.Fatal(err)
	}
	w.scheme.Version = "v2"
	controller := statichash.New(statichash.Options[*v1alpha1.TestNodeClass]{
		Client: strictapi.Client(t, w.api), Scheme: w.scheme, Fresh: func() *v1alpha1.TestNodeClass { return &v1alpha1.TestNodeClass{} },
	})
	if _, err := controller.Reconcile(t.Context(), w.nodeClass); err != nil {
		t.Fatal(err)
	}
	if err := w.api.Get(t.Context(), client.ObjectKeyFromObject(w.nodeClass), w.nodeClass); err != nil {
		t.Fatal(err)
	}
	var stored []*v1.NodeClaim
	for _, claim := range claims {
		stored = append(stored, w.stored(t, claim.Name))
	}
	return stored
}

// store writes a NodeClaim as the API server would have it.
func (w *harnessWorld) store(t testing.TB, claim *v1.NodeClaim) {
	object := claim.DeepCopy()
	object.ResourceVersion, object.CreationTimestamp = "", metav1.NewTime(w.clock.Now())
	object.Finalizers = []string{v1.TerminationFinalizer}
	if err := w.api.Create(t.Context(), object); err != nil {
		t.Fatal(err)
	}
}

func (w *harnessWorld) stored(t testing.TB, name string) *v1.NodeClaim {
	claim := &v1.NodeClaim{}
	if err := w.api.Get(t.Context(), client.ObjectKey{Name: name}, claim); client.IgnoreNotFound(err) != nil {
		t.Fatal(err)
	}
	if claim.Name == "" {
		return nil
	}
	return claim
}

func (w *harnessWorld) drift() *conformance.Drift {
	set := func(reason cloudprovider.DriftReason) func(testing.TB, *v1.NodeClaim) {
		return func(testing.TB, *v1.NodeClaim) { w.SetDrift(reason) }
	}
	image := func(name string) func(testing.TB, *v1.NodeClaim) {
		return func(testing.TB, *v1.NodeClaim) {
			w.nodeClass.Annotations["image"] = name
			w.restamp()
		}
	}
	return &conformance.Drift{
		Cases: []conformance.DriftCase{
			{Reason: statichash.Drift, Provoke: image("new"), Revert: image("")},
			{Reason: "ImageDrift", Provoke: set("ImageDrift"), Revert: set("")},
		},
		Unresolve: func(testing.TB) { w.FailAlways(fake.IsDrifted, errDown) },
	}
}

func (w *harnessWorld) ending() *conformance.Ending {
	owned, broken := 1, false
	strict := func(t testing.TB) client.Client { return strictapi.Client(t, w.api) }
	read := func(ctx context.Context) (*v1alpha1.TestNodeClass, error) {
		c := &v1alpha1.TestNodeClass{}
		return c, w.api.Get(ctx, client.ObjectKey{Name: "default"}, c)
	}
	return &conformance.Ending{
		Store: w.store,
		Remove: func(t testing.TB, claim *v1.NodeClaim) {
			object := w.stored(t, claim.Name)
			object.Finalizers = nil
			if err := errors.Join(w.api.Update(t.Context(), object), client.IgnoreNotFound(w.api.Delete(t.Context(), object))); err != nil {
				t.Fatal(err)
			}
		},
		Delete: func(t testing.TB) {
			object := w.nodeClass.DeepCopy()
			object.Finalizers = []string{kind().Finalizer()}
			if err := errors.Join(w.api.Create(t.Context(), object), w.api.Delete(t.Context(), object)); err != nil {
				t.Fatal(err)
			}
		},
		Reconcile: func(t testing.TB) {
			controller := finalization.New(finalization.Options[*v1alpha1.TestNodeClass]{
				Client: strict(t), Live: strict(t), Kind: kind(), Events: &eventstest.Recorder{},
				Fresh: func() *v1alpha1.TestNodeClass { return &v1alpha1.TestNodeClass{} },
				CleanUp: func(context.Context, *v1alpha1.TestNodeClass) (time.Duration, error) {
					if broken {
						return 0, errDown
					}
					owned = 0
					return 0, nil
				},
			})
			if c, err := read(t.Context()); err == nil {
				_, _ = controller.Reconcile(t.Context(), c)
			}
		},
		BreakCleanUp: func(testing.TB) { broken = true },
		MendCleanUp:  func(testing.TB) { broken = false },
		Gone: func() bool {
			_, err := read(context.Background())
			return err != nil
		},
		Owned: func() int { return owned },
	}
}

// lister lets something happen after the machines were listed.
type lister struct {
	*harnessWorld
	happens func()
}

func (l lister) List(ctx context.Context) ([]*v1.NodeClaim, error) {
	machines, err := l.harnessWorld.List(ctx)
	l.happens()
	return machines, err
}

func (w *harnessWorld) collection() *conformance.Collection {
	round := func(t testing.TB, happens func()) {
		strict := strictapi.Client(t, w.api)
		controller := collect.New(collect.Options{
			Client: strict, Live: strict, Machines: lister{w, happens}, Clock: w.clock,
			Schedule: collect.Schedule{Then: time.Minute},
			Rule: collect.Rule{Grace: 30 * time.Second, Tie: collect.Tie{
				Machine:   func(m *v1.NodeClaim) string { return m.Name },
				NodeClaim: func(c *v1.NodeClaim) string { return c.Name },
			}},
		})
		if _, err := controller.Reconcile(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return &conformance.Collection{
		Store: w.store,
		Join: func(t testing.TB, claim *v1.NodeClaim) {
			node := fake.NodeFor(claim)
			node.UID = types.UID("node-" + claim.Name)
			if err := w.api.Create(t.Context(), node); err != nil {
				t.Fatal(err)
			}
		},
		Nodes: func(t testing.TB) int {
			list := &corev1.NodeList{}
			if err := w.api.List(t.Context(), list); err != nil {
				t.Fatal(err)
			}
			return len(list.Items)
		},
		Grace:   30 * time.Second,
		Collect: func(t testing.TB) { round(t, func() {}) },
		During:  round,
	}
}

// notices is a source that keeps what was sent until it is acknowledged.
type notices struct{ messages []interruption.Message }

func (*notices) Name() string { return "notices" }

func (n *notices) Receive(context.Context) ([]interruption.Message, error) { return n.messages, nil }

func (n *notices) send(notice interruption.Notice) {
	id := strconv.Itoa(len(n.messages))
	n.messages = append(n.messages, interruption.Message{ID: id, Notices: []interruption.Notice{notice}, Acknowledge: func(context.Context) error {
		n.messages = slices.DeleteFunc(n.messages, func(m interruption.Message) bool { return m.ID == id })
		return nil
	}})
}

func (w *harnessWorld) interruption() *conformance.Interruption {
	source, registry := &notices{}, prometheus.NewRegistry()
	counters, _ := metrics.NewNodeClaims(registry)
	idOf := func(providerID string) string { return strings.TrimPrefix(providerID, "fake://") }
	var controller *interruption.Controller
	sends := func(kind string, action interruption.Action) conformance.NoticeCase {
		return conformance.NoticeCase{
			Kind: kind, Deletes: action != interruption.Inform, Hurries: action == interruption.Terminate,
			Send: func(_ testing.TB, claim *v1.NodeClaim) {
				source.send(interruption.Notice{
					Kind: metrics.Reason(kind), Action: action, Machines: []string{idOf(claim.Status.ProviderID)}, Reason: "Interrupted", Message: "It goes",
				})
			},
		}
	}
	return &conformance.Interruption{
		Store:  w.store,
		Stored: w.stored,
		Notices: []conformance.NoticeCase{
			sends("spot_interrupted", interruption.Delete),
			sends("rebalance_recommendation", interruption.Inform),
			sends("instance_status", interruption.Terminate),
		},
		Handle: func(t testing.TB) {
			if controller == nil {
				controller = interruption.New(interruption.Options{
					Client: strictapi.Client(t, w.api), Live: w.api, Sources: []interruption.Source{source}, Every: time.Minute,
					Kinds:     cloudprovider.NodeClassKinds{schema.GroupKind(kind())},
					MachineID: idOf, Events: &eventstest.Recorder{}, NodeClaims: counters, Clock: w.clock,
				})
			}
			if _, err := controller.Reconcile(t.Context()); err != nil {
				t.Fatal(err)
			}
		},
		Counted: func(kind string) int { return counted(registry, kind) },
	}
}

// counted is the value of the counter of deletions for a reason.
func counted(registry *prometheus.Registry, reason string) int {
	families, _ := registry.Gather()
	total := 0
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if f.GetName() == "karpenter_nodeclaims_disrupted_total" && l.GetName() == "reason" && l.GetValue() == reason {
					total += int(m.GetCounter().GetValue())
				}
			}
		}
	}
	return total
}
