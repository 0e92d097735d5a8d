// SPDX-License-Identifier: Apache-2.0

package provisioning_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/utils/clock"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	clientfake "sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/cluster/volume"
	"karpenter.sh/core/controllers/provisioning"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/events/eventstest"
	"karpenter.sh/core/intake"
	"karpenter.sh/core/metrics"
	"karpenter.sh/core/reconcile/index"
)

var nodeClass = v1.NodeClassReference{Group: "karpenter.test.sh", Kind: "TestNodeClass", Name: "default"}

// world is a provisioner over a fake API server and a fake provider.
type world struct {
	t        *testing.T
	client   client.WithWatch
	cluster  *cluster.Cluster
	provider *fake.Provider
	recorder *eventstest.Recorder
	subject  *provisioning.Provisioner
	registry *prometheus.Registry
	failing  func(*v1.NodeClaim) error // of creations
	blind    func(client.Object) error // of reads
	listing  func(client.ObjectList)   // before lists
	podCalls []string                  // writes to pods
	// NodeClaims are created in parallel: creating is for pods and failing, writing
	// for podCalls.
	creating, writing sync.Mutex

	log    logr.Logger
	synced inventory
	pods   int
}

type inventory struct{ nodes []string }

func (i *inventory) NodeNames(context.Context) ([]string, error)    { return i.nodes, nil }
func (*inventory) NodeClaimNames(context.Context) ([]string, error) { return nil, nil }

func newWorld(t *testing.T, objects ...client.Object) *world {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	w := &world{t: t, recorder: &eventstest.Recorder{}, provider: fake.New(fake.Options{Clock: clock.RealClock{}}), log: logr.Discard()}
	b := clientfake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).
		WithStatusSubresource(&v1.NodePool{}, &v1.NodeClaim{}, &corev1.Pod{}).
		WithInterceptorFuncs(w.interceptors())
	for _, f := range index.Fields() {
		b = b.WithIndex(f.Object, f.Name, f.Extract)
	}
	w.client = b.Build()
	w.registry = prometheus.NewRegistry()
	w.cluster = w.newCluster(intake.Options{Vocabulary: fake.Vocabulary(), Reservations: true}, w.registry)
	collectors, err := metrics.NewScheduler(w.registry, clock.RealClock{})
	if err != nil {
		t.Fatal(err)
	}
	w.subject = provisioning.New(provisioning.Options{
		Client: w.client, Provider: w.provider, Cluster: w.cluster, Recorder: w.recorder, Metrics: collectors,
		NodeClasses: cloudprovider.NodeClassKinds{nodeClass.GroupKind()}, Vocabulary: fake.Vocabulary(),
		Clock: clocktesting.NewFakeClock(time.Now()), BatchIdle: time.Nanosecond, BatchMax: time.Nanosecond,
	})
	return w
}

func (w *world) newCluster(o intake.Options, registerer prometheus.Registerer) *cluster.Cluster {
	w.t.Helper()
	c, err := cluster.New(cluster.Options{
		Clock: clock.RealClock{}, Compiler: intake.New(o), Inventory: &w.synced, Registerer: registerer, Log: logr.Discard(),
	})
	w.must(err)
	return c
}

// restart begins anew with a model that knows of nothing.
func (w *world) restart() {
	w.cluster = w.newCluster(intake.Options{Vocabulary: fake.Vocabulary(), Reservations: true}, prometheus.NewRegistry())
	w.subject.Cluster = w.cluster
}

// ignoreDRA begins anew with a model that ignores claims.
func (w *world) ignoreDRA() {
	w.cluster = w.newCluster(intake.Options{Vocabulary: fake.Vocabulary(), IgnoreDRARequests: true}, prometheus.NewRegistry())
	w.subject.Cluster = w.cluster
}

// interceptors make the fake behave as the API server does, and note writes to
// pods.
func (w *world) interceptors() interceptor.Funcs {
	note := func(verb string, o client.Object) {
		if _, isPod := o.(*corev1.Pod); isPod {
			w.writing.Lock()
			defer w.writing.Unlock()
			w.podCalls = append(w.podCalls, verb)
		}
	}
	return interceptor.Funcs{
		Create: w.intercept, Get: w.get,
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			if w.listing != nil {
				w.listing(list)
			}
			return c.List(ctx, list, opts...)
		},
		Update: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.UpdateOption) error {
			note("update", o)
			return c.Update(ctx, o, opts...)
		},
		Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
			note("patch", o)
			return c.Patch(ctx, o, p, opts...)
		},
		Delete: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
			note("delete", o)
			return c.Delete(ctx, o, opts...)
		},
		SubResourceCreate: func(ctx context.Context, c client.Client, name string, o, sub client.Object, opts ...client.SubResourceCreateOption) error {
			note("create "+name, o)
			return c.SubResource(name).Create(ctx, o, sub, opts...)
		},
		SubResourceUpdate: func(ctx context.Context, c client.Client, name string, o client.Object, opts ...client.SubResourceUpdateOption) error {
			note("update "+name, o)
			return c.SubResource(name).Update(ctx, o, opts...)
		},
		SubResourcePatch: func(ctx context.Context, c client.Client, name string, o client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
			note("patch "+name, o)
			return c.SubResource(name).Patch(ctx, o, p, opts...)
		},
	}
}

func (w *world) intercept(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
	if nc, ok := o.(*v1.NodeClaim); ok {
		if err := w.admit(nc); err != nil {
			return err
		}
	}
	return c.Create(ctx, o, opts...)
}

// admit names a NodeClaim as the API server does, unless its creation fails.
func (w *world) admit(nc *v1.NodeClaim) error {
	w.creating.Lock()
	defer w.creating.Unlock()
	if w.failing != nil {
		if err := w.failing(nc); err != nil {
			return err
		}
	}
	if nc.Name == "" {
		w.pods++
		nc.Name = fmt.Sprintf("%s%05d", nc.GenerateName, w.pods)
	}
	nc.UID = types.UID(nc.Name)
	return nil
}

func (w *world) get(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	if w.blind != nil {
		if err := w.blind(o); err != nil {
			return err
		}
	}
	return c.Get(ctx, key, o, opts...)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func readyPool(name string, change ...func(*v1.NodePool)) *v1.NodePool {
	np := &v1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name)}}
	np.Spec.Template.Spec.NodeClassRef = nodeClass
	for _, f := range change {
		f(np)
	}
	np.StatusConditions().SetTrue(v1.ConditionTypeValidationSucceeded)
	np.StatusConditions().SetTrue(v1.ConditionTypeNodeClassReady)
	return np
}

func pendingPod(name string, cpu string, change ...func(*corev1.Pod)) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, UID: types.UID(name)},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu)},
		}}}},
		Status: corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{{
			Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable,
		}}},
	}
	for _, f := range change {
		f(pod)
	}
	return pod
}

// patience ends a round that would wait for ever.
const patience = 10 * time.Second

var errNoRound = errors.New("no round was made: its trigger was lost")

// round triggers one round and returns its error.
func (w *world) round() error {
	w.subject.Trigger(types.UID(fmt.Sprint(time.Now().UnixNano())))
	done := make(chan error, 1)
	go func() {
		_, err := w.subject.Reconcile(log.IntoContext(w.t.Context(), w.log))
		done <- err
	}()
	for deadline := time.After(patience); ; {
		select {
		case err := <-done:
			return err
		case <-deadline:
			return errNoRound
		case <-time.After(time.Millisecond):
			w.subject.Clock.(*clocktesting.FakeClock).Step(time.Second)
		}
	}
}

func (w *world) nodeClaims() []v1.NodeClaim {
	w.t.Helper()
	var list v1.NodeClaimList
	w.must(w.client.List(w.t.Context(), &list))
	return list.Items
}

// SCH-231, SCH-235, SCH-236, OPS-172: pods get a NodeClaim, once.
func TestPendingPodsGetANodeClaim(t *testing.T) {
	w := newWorld(t, readyPool("default"), pendingPod("a", "1"), pendingPod("b", "1"))
	w.must(w.round())
	claims := w.nodeClaims()
	if len(claims) != 1 {
		t.Fatalf("got %d NodeClaims", len(claims))
	}
	nc := claims[0]
	if cpu := nc.Spec.Resources.Requests[corev1.ResourceCPU]; cpu.Cmp(resource.MustParse("2")) != 0 {
		t.Errorf("requests: got %s CPU", cpu.String())
	}
	if nc.Labels[v1.NodePoolLabelKey] != "default" || nc.Annotations[v1.NodePoolHashAnnotationKey] == "" {
		t.Errorf("got labels %v, annotations %v", nc.Labels, nc.Annotations)
	}
	if got := w.recorder.Of("Nominated"); len(got) != 2 || !strings.Contains(got[0].Message, "nodeclaim/"+nc.Name) ||
		got[0].Type != corev1.EventTypeNormal || !slices.Equal(got[0].DedupeValues, []string{string(got[0].Object.GetUID())}) {
		t.Errorf("nominations: got %v", got)
	}
	w.must(w.round())
	if n := len(w.nodeClaims()); n != 1 {
		t.Errorf("LIF-069: the pods of an unlaunched NodeClaim were provisioned again: %d NodeClaims", n)
	}
}

// SCH-001, SCH-003: who is served.
func TestWhoIsServed(t *testing.T) {
	for _, tc := range []struct {
		why    string
		change func(*corev1.Pod)
		want   int
	}{
		{"a pod that no scheduler has examined is left alone", func(p *corev1.Pod) { p.Status.Conditions = nil }, 0},
		{"a gated pod is left alone", func(p *corev1.Pod) { p.Status.Conditions[0].Reason = corev1.PodReasonSchedulingGated }, 0},
		{"a nomination to a node that is not there is none", func(p *corev1.Pod) { p.Status.NominatedNodeName = "n" }, 1},
		{"a daemon is left alone", func(p *corev1.Pod) {
			p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "DaemonSet", Name: "d", UID: "d"}}
		}, 0},
		{"a mirror pod is left alone", func(p *corev1.Pod) {
			p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Node", Name: "n", UID: "n"}}
		}, 0},
		{"a finished pod is left alone", func(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed }, 0},
		{"any scheduler and priority is served", func(p *corev1.Pod) { p.Spec.SchedulerName = "mine" }, 1},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t, readyPool("default"), pendingPod("a", "1", tc.change))
			w.must(w.round())
			if n := len(w.nodeClaims()); n != tc.want {
				t.Errorf("got %d NodeClaims", n)
			}
		})
	}
}

// SCH-024, SCH-025, API-088: which pools launch.
func TestWhichPoolsLaunch(t *testing.T) {
	weight := func(n int32) func(*v1.NodePool) { return func(np *v1.NodePool) { np.Spec.Weight = &n } }
	notReady := func(np *v1.NodePool) *v1.NodePool {
		np.StatusConditions().SetFalse(v1.ConditionTypeNodeClassReady, "No", "no")
		return np
	}
	badBudgets := func(np *v1.NodePool) *v1.NodePool {
		np.StatusConditions().SetFalse(v1.ConditionTypeValidationSucceeded, v1.ReasonInvalidBudgets, "no such day")
		return np
	}
	now := metav1.Now()
	deleting := func(np *v1.NodePool) { np.DeletionTimestamp, np.Finalizers = &now, []string{"example.com/hold"} }
	static := func(np *v1.NodePool) { n := int64(3); np.Spec.Replicas = &n }
	foreign := func(np *v1.NodePool) { np.Spec.Template.Spec.NodeClassRef.Kind = "Other" }
	for _, tc := range []struct {
		why   string
		pools []client.Object
		want  string
	}{
		{"the heaviest", []client.Object{readyPool("a", weight(1)), readyPool("b", weight(9)), readyPool("c")}, "b"},
		{"of equals the last by name", []client.Object{readyPool("a"), readyPool("b")}, "b"},
		{"not one that is not ready", []client.Object{readyPool("a"), notReady(readyPool("b"))}, "a"},
		{"API-048: also one with a budget that cannot be understood", []client.Object{readyPool("a"), badBudgets(readyPool("b"))}, "b"},
		{"not one that is being deleted", []client.Object{readyPool("a"), readyPool("b", deleting)}, "a"},
		{"not a static one", []client.Object{readyPool("a"), readyPool("b", static)}, "a"},
		{"not one of another provider", []client.Object{readyPool("a"), readyPool("b", foreign)}, "a"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t, append(tc.pools, pendingPod("a", "1"))...)
			w.must(w.round())
			if claims := w.nodeClaims(); len(claims) != 1 || claims[0].Labels[v1.NodePoolLabelKey] != tc.want {
				t.Errorf("got %v", claims)
			}
		})
	}
}

// SCH-024, SCH-030, SCH-220: pods that get nothing are told why.
func TestPodsAreToldWhy(t *testing.T) {
	for _, tc := range []struct {
		why   string
		pools []client.Object
		pod   *corev1.Pod
		want  string // part of the event; empty: none
	}{
		{"no pool", nil, pendingPod("a", "1"), "no dynamic nodepools found"},
		{"too large", []client.Object{readyPool("default")}, pendingPod("a", "1000"), `nodepool "default": no instance type is large enough: the pod needs cpu 1000; the largest leaves `},
		{"not built", []client.Object{readyPool("default")}, pendingPod("a", "1", func(p *corev1.Pod) {
			p.Spec.ResourceClaims = []corev1.PodResourceClaim{{Name: "gpu"}}
		}), "resourceClaims"},
		{"invalid", []client.Object{readyPool("default")}, pendingPod("a", "1", func(p *corev1.Pod) {
			p.Spec.NodeSelector = map[string]string{"kubernetes.io/hostname": "n"}
		}), "ignoring pod"},
		{"a pod that refuses Karpenter gets no event", []client.Object{readyPool("default")}, pendingPod("a", "1", func(p *corev1.Pod) {
			p.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
				NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: v1.NodePoolLabelKey, Operator: corev1.NodeSelectorOpDoesNotExist}}}},
			}}}
		}), ""},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t, append(slices.Clone(tc.pools), tc.pod)...)
			w.must(w.round())
			got := w.recorder.Of("FailedScheduling")
			if tc.want == "" {
				if len(got) > 0 {
					t.Errorf("got %v", got)
				}
				return
			}
			if len(got) != 1 || !strings.HasPrefix(got[0].Message, "Failed to schedule pod, ") || !strings.Contains(got[0].Message, tc.want) {
				t.Errorf("got %v", got)
			}
			if len(w.nodeClaims()) > 0 {
				t.Error("a NodeClaim was created")
			}
		})
	}
}

// typed is a provider that has an answer of its own for one pool.
type typed struct {
	cloudprovider.CloudProvider
	err error
}

func (p typed) GetInstanceTypes(ctx context.Context, np *v1.NodePool) ([]*cloudprovider.InstanceType, error) {
	if np.Name == "bad" {
		return nil, p.err
	}
	return p.CloudProvider.GetInstanceTypes(ctx, np)
}

// SCH-026, SCH-029, CP-034: a pool whose instance types cannot be had costs only
// itself, unless time is up.
func TestBrokenPoolCostsOnlyItself(t *testing.T) {
	for reason, err := range map[string]error{
		"none": nil, "not evaluated": &cloudprovider.UnevaluatedNodePoolError{NodePool: "bad"}, "any other error": errors.New("cloud is down"),
		"time is up": fmt.Errorf("asking: %w", context.DeadlineExceeded),
	} {
		t.Run(reason, func(t *testing.T) {
			heavy := int32(9)
			w := newWorld(t, readyPool("good"), readyPool("bad", func(np *v1.NodePool) { np.Spec.Weight = &heavy }), pendingPod("a", "1"))
			w.subject.Provider = typed{w.provider, err}
			failure, claims := w.round(), w.nodeClaims()
			if errors.Is(err, context.DeadlineExceeded) {
				if !errors.Is(failure, err) || len(claims) > 0 {
					t.Errorf("the round: %v, %d NodeClaims", failure, len(claims))
				}
				return
			}
			w.must(failure)
			if len(claims) != 1 || claims[0].Labels[v1.NodePoolLabelKey] != "good" {
				t.Errorf("got %v", claims)
			}
		})
	}
}

// SCH-027, SCH-028, OPS-174: a pool from which nothing can be launched is told so.
func TestPoolWithoutTypesIsTold(t *testing.T) {
	none := v1.NodeSelectorRequirementWithMinValues{Key: corev1.LabelArchStable, Operator: v1.OperatorIn, Values: []string{"none"}}
	many := 1000
	all := v1.NodeSelectorRequirementWithMinValues{Key: corev1.LabelInstanceTypeStable, Operator: v1.OperatorExists, MinValues: &many}
	for _, tc := range []struct {
		why         string
		requirement v1.NodeSelectorRequirementWithMinValues
		policy      requirement.MinValuesPolicy
		want        string // the end of the event; empty: none
	}{
		{"nothing is compatible", none, requirement.StrictMinValues, "exclude every available instance type"},
		{"too little for minValues", all, requirement.StrictMinValues, "for their minValues"},
		{"minValues give way", all, requirement.BestEffortMinValues, ""},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t, pendingPod("a", "1"), readyPool("default", func(np *v1.NodePool) {
				np.Spec.Template.Spec.Requirements = []v1.NodeSelectorRequirementWithMinValues{tc.requirement}
			}))
			w.subject.MinValues = tc.policy
			w.must(w.round())
			told := w.recorder.Of("NoCompatibleInstanceTypes")
			if (len(told) == 1) != (tc.want != "") {
				t.Fatalf("events %v", told)
			}
			if tc.want != "" && (!strings.HasSuffix(told[0].Message, tc.want) || told[0].Type != corev1.EventTypeWarning ||
				told[0].Object.GetName() != "default" || told[0].DedupeTimeout != time.Minute || !slices.Equal(told[0].DedupeValues, []string{"default"})) {
				t.Errorf("event %+v", told[0])
			}
		})
	}
}

// SCH-235: one creation that fails does not stop the others; the round is
// retried and launches only what is missing.
func TestOneFailureDoesNotStopTheOthers(t *testing.T) {
	zone := func(z string) func(*corev1.Pod) {
		return func(p *corev1.Pod) { p.Spec.NodeSelector = map[string]string{corev1.LabelTopologyZone: z} }
	}
	types := fake.DefaultInstanceTypes()
	w := newWorld(t, readyPool("default"), pendingPod("a", "1", zone(types[0].Offerings[0].Zone())), pendingPod("b", "1", zone(otherZone(types))))
	failures := 0
	w.failing = func(*v1.NodeClaim) error {
		if failures++; failures == 1 {
			return errors.New("refused")
		}
		return nil
	}
	if err := w.round(); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Fatalf("got %v", err)
	}
	if n := len(w.nodeClaims()); n != 1 {
		t.Fatalf("got %d NodeClaims after the failure", n)
	}
	w.must(w.round())
	if n := len(w.nodeClaims()); n != 2 {
		t.Errorf("got %d NodeClaims after the retry", n)
	}
}

func otherZone(its []*cloudprovider.InstanceType) string {
	first := its[0].Offerings[0].Zone()
	for _, o := range its[0].Offerings {
		if o.Zone() != first {
			return o.Zone()
		}
	}
	return ""
}

// SCH-020: before the model is loaded nothing is computed, and the trigger is kept.
func TestWaitsUntilLoaded(t *testing.T) {
	w := newWorld(t, readyPool("default"), pendingPod("a", "1"))
	w.synced.nodes = []string{"unknown"}
	w.must(w.round())
	if len(w.nodeClaims()) > 0 {
		t.Fatal("computed before the model was loaded")
	}
	w.synced.nodes = nil
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := w.subject.Reconcile(ctx); err != nil { // no new trigger
		t.Fatal(err)
	}
	if len(w.nodeClaims()) != 1 {
		t.Error("the trigger was lost")
	}
}

// SCH-020, LIF-067, LIF-069: after a restart a NodeClaim that never launches holds
// up no other pod, and those that it was created for get no second one.
func TestInheritedNodeClaim(t *testing.T) {
	w := newWorld(t, readyPool("default"), pendingPod("its own", "2"))
	w.must(w.round())
	inherited := w.nodeClaims()[0]
	inherited.CreationTimestamp = metav1.Now()
	w.restart()
	w.cluster.UpdateNodeClaim(&inherited)
	w.must(w.round())
	if n := len(w.nodeClaims()); n != 1 {
		t.Fatalf("the restart launched twice: %d NodeClaims", n)
	}
	if w.cluster.Synced(t.Context()) {
		t.Fatal("the model is synced")
	}
	w.must(w.client.Create(t.Context(), pendingPod("another", "3")))
	w.must(w.round())
	if n := len(w.nodeClaims()); n != 2 {
		t.Errorf("another pod waits: %d NodeClaims", n)
	}
}

// SCH-007, SCH-022: pods of a node on its way out get another place, and the
// node takes none.
func TestPodsOfLeavingNodesAreReplaced(t *testing.T) {
	w := newWorld(t, readyPool("default"))
	ready := func(n *corev1.Node) *corev1.Node {
		n.Status.Allocatable = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("8"), corev1.ResourcePods: resource.MustParse("10")}
		return n
	}
	now := metav1.Now()
	leaving := ready(&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "leaving", DeletionTimestamp: &now}, Spec: corev1.NodeSpec{ProviderID: "x://leaving"}})
	w.cluster.UpdateNode(leaving)
	for _, pod := range []*corev1.Pod{
		pendingPod("moves", "1", on("leaving")),
		pendingPod("stays", "1", on("leaving"), func(p *corev1.Pod) {
			p.Annotations = map[string]string{v1.DoNotDisruptAnnotationKey: "true"}
		}),
		pendingPod("ends-with-the-node", "2", on("leaving"), func(p *corev1.Pod) {
			p.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
		}),
		pendingPod("daemon", "4", on("leaving"), func(p *corev1.Pod) {
			p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "DaemonSet", Name: "d", UID: "d"}}
		}),
	} {
		w.must(w.client.Create(t.Context(), pod))
		w.cluster.UpdatePod(pod, volume.Resolution{Settled: true})
	}
	w.must(w.round())
	claims := w.nodeClaims()
	if len(claims) != 1 {
		t.Fatalf("got %d NodeClaims", len(claims))
	}
	if cpu := claims[0].Spec.Resources.Requests[corev1.ResourceCPU]; cpu.Cmp(resource.MustParse("3")) != 0 {
		t.Errorf("replaced %s CPU, want those of the pods that lose their place", cpu.String())
	}
}

func on(node string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.NodeName = node
		p.Status = corev1.PodStatus{Phase: corev1.PodRunning}
	}
}

// SCH-239, OPS-172: an existing node that gets a pod is nominated, and nothing is
// launched.
func TestExistingNodeIsNominated(t *testing.T) {
	w := newWorld(t, readyPool("default"), pendingPod("a", "1"))
	w.cluster.UpdateNode(&corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: "n"}, Spec: corev1.NodeSpec{ProviderID: "x://n"},
		Status: corev1.NodeStatus{Allocatable: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("8"), corev1.ResourcePods: resource.MustParse("10")}},
	})
	w.must(w.round())
	if len(w.nodeClaims()) > 0 {
		t.Error("a NodeClaim was created")
	}
	if !w.cluster.Snapshot().Nodes()[0].Nominated(time.Now()) {
		t.Error("the node is not nominated")
	}
	if got := w.recorder.Of("Nominated"); len(got) != 1 || !strings.Contains(got[0].Message, "node/n") {
		t.Errorf("got %v", got)
	}
}

// SCH-200: the capacity of existing nodes counts against the limits.
func TestExistingNodesCountAgainstLimits(t *testing.T) {
	pool := readyPool("default")
	w := newWorld(t, pool, pendingPod("a", "1"))
	w.cluster.UpdateNode(&corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: "n", Labels: map[string]string{
			v1.NodePoolLabelKey: "default", corev1.LabelInstanceTypeStable: "t", v1.NodeInitializedLabelKey: "true",
		}},
		Spec:   corev1.NodeSpec{ProviderID: "x://n"},
		Status: corev1.NodeStatus{Capacity: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("8")}},
	})
	pool.Spec.Limits = v1.Limits{corev1.ResourceCPU: resource.MustParse("7")}
	w.must(w.client.Update(t.Context(), pool))
	w.must(w.round())
	if len(w.nodeClaims()) > 0 {
		t.Error("a NodeClaim was created beyond the limit")
	}
}

// SCH-021: nodes are read before pods, so that the list of pods is never the older
// of the two: a node that appears in between is none of this round's.
func TestNodesAreReadBeforePods(t *testing.T) {
	w := newWorld(t, readyPool("default"), pendingPod("a", "1"))
	w.listing = func(list client.ObjectList) {
		if _, ofPods := list.(*corev1.PodList); ofPods {
			w.cluster.UpdateNode(&corev1.Node{
				ObjectMeta: metav1.ObjectMeta{Name: "n"}, Spec: corev1.NodeSpec{ProviderID: "x://n"},
				Status: corev1.NodeStatus{Allocatable: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("8"), corev1.ResourcePods: resource.MustParse("10")}},
			})
		}
	}
	w.must(w.round())
	if len(w.nodeClaims()) != 1 {
		t.Error("the nodes were read after the pods")
	}
}

// SCH-021: a pod that the model knows to be bound is not provided for again,
// although the list of pods still shows it as waiting.
func TestBoundPodIsNotProvidedForAgain(t *testing.T) {
	stale := pendingPod("a", "8")
	w := newWorld(t, readyPool("default"), stale)
	w.cluster.UpdateNode(&corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: "n"}, Spec: corev1.NodeSpec{ProviderID: "x://n"},
		Status: corev1.NodeStatus{Allocatable: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("8"), corev1.ResourcePods: resource.MustParse("10")}},
	})
	w.cluster.UpdatePod(pendingPod("a", "8", on("n")), volume.Resolution{Settled: true})
	w.must(w.round())
	if len(w.nodeClaims()) > 0 {
		t.Error("a NodeClaim was created for a pod that has a node")
	}
}

// LIF-069, SCH-236: the scheduler gives a pod the node that was meant for another,
// which then takes the place of the first.
func TestPodsThatSwapPlacesGetNoNodeClaimMore(t *testing.T) {
	w := newWorld(t, readyPool("default"), pendingPod("first", "8"))
	w.must(w.round())
	if n := len(w.nodeClaims()); n != 1 {
		t.Fatalf("%d NodeClaims for one pod", n)
	}
	w.cluster.UpdateNode(&corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: "n"}, Spec: corev1.NodeSpec{ProviderID: "x://n"},
		Status: corev1.NodeStatus{Allocatable: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("8"), corev1.ResourcePods: resource.MustParse("10")}},
	})
	w.cluster.UpdatePod(pendingPod("first", "8", on("n")), volume.Resolution{Settled: true})
	w.must(w.client.Create(t.Context(), pendingPod("second", "8")))
	w.must(w.round())
	if n := len(w.nodeClaims()); n != 1 {
		t.Errorf("%d NodeClaims for two pods and one node", n)
	}
	w.must(w.client.Create(t.Context(), pendingPod("third", "8")))
	w.must(w.round())
	if n := len(w.nodeClaims()); n != 2 {
		t.Errorf("%d NodeClaims for three pods and one node", n)
	}
}
