// SPDX-License-Identifier: Apache-2.0

package disruption_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/awslabs/operatorpkg/status"
	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/cluster/volume"
	"karpenter.sh/core/controllers/disruption"
	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/ration"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/events/eventstest"
	"karpenter.sh/core/gather"
	"karpenter.sh/core/intake"
	"karpenter.sh/core/metrics"
	"karpenter.sh/core/reconcile/index"
	"karpenter.sh/core/testkit/strictapi"
)

var start = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// world is an API server, a model and a process with the disruption loop.
type world struct {
	t     *testing.T
	ctx   context.Context
	clock *clocktesting.FakeClock
	api   client.WithWatch
	// faults intercept the calls of the process, and of nobody else.
	faults interceptor.Funcs
	// unseen is the name of a pod that the process's cache does not show yet.
	unseen string
	logs   *records
	// methods are those of the next process; nil for all that there are.
	methods []disrupt.Method
	// limits are the shared limits of the moment.
	limits cloudprovider.Limits
	// launchTimeout is how long launches may take, of the next process; 0: as by default.
	launchTimeout time.Duration
	// unknown are nodes that the API server has and the model has not.
	unknown []string

	process
}

// process is what a crash loses.
type process struct {
	cluster  *cluster.Cluster
	loop     *disruption.Controller
	recorder *eventstest.Recorder
	registry *prometheus.Registry
}

func newWorld(t *testing.T) *world {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, policyv1.AddToScheme, v1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	builder := fake.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(&v1.NodeClaim{}, &v1.NodePool{}, &corev1.Node{})
	for _, f := range index.Fields() {
		switch f.Object.(type) {
		case *corev1.Pod, *corev1.Node, *v1.NodeClaim:
			builder = builder.WithIndex(f.Object, f.Name, f.Extract)
		}
	}
	w := &world{t: t, clock: clocktesting.NewFakeClock(start), api: builder.Build(), logs: &records{}}
	logger := funcr.New(func(_, record string) { w.logs.add(record) }, funcr.Options{Verbosity: 1})
	w.ctx = log.IntoContext(context.Background(), logger)
	w.restart()
	return w
}

// restart begins a new process, which knows nothing of the one before.
func (w *world) restart() {
	w.t.Helper()
	registry := prometheus.NewRegistry()
	model, err := cluster.New(cluster.Options{
		Clock: w.clock, Compiler: intake.New(intake.Options{Vocabulary: vocabulary.Core()}), Inventory: inventory{w},
		Registerer: registry, Log: logr.Discard(),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	counters, err := metrics.NewNodeClaims(registry)
	if err != nil {
		w.t.Fatal(err)
	}
	scheduler, err := metrics.NewScheduler(registry, w.clock)
	if err != nil {
		w.t.Fatal(err)
	}
	w.process = process{cluster: model, recorder: &eventstest.Recorder{}, registry: registry}
	faulty := interceptor.NewClient(strictapi.Client(w.t, w.api), interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if f := w.faults.Get; f != nil {
				return f(ctx, c, key, o, opts...)
			}
			return c.Get(ctx, key, o, opts...)
		},
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			if f := w.faults.List; f != nil {
				return f(ctx, c, list, opts...)
			}
			return c.List(ctx, list, opts...)
		},
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			o.SetCreationTimestamp(metav1.NewTime(w.clock.Now()))
			if f := w.faults.Create; f != nil {
				return f(ctx, c, o, opts...)
			}
			return c.Create(ctx, o, opts...)
		},
		Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
			if f := w.faults.Patch; f != nil {
				return f(ctx, c, o, p, opts...)
			}
			return c.Patch(ctx, o, p, opts...)
		},
		SubResourcePatch: func(ctx context.Context, c client.Client, sub string, o client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
			if f := w.faults.SubResourcePatch; f != nil {
				return f(ctx, c, sub, o, p, opts...)
			}
			return c.SubResource(sub).Patch(ctx, o, p, opts...)
		},
		Delete: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
			if f := w.faults.Delete; f != nil {
				return f(ctx, c, o, opts...)
			}
			return c.Delete(ctx, o, opts...)
		},
	})
	w.loop, err = disruption.New(disruption.Options{
		Client: w.cache(faulty), Live: faulty, Cluster: model, InstanceTypes: catalogue{}, PodEvents: podEvents{w},
		Limits: func() cloudprovider.Limits { return w.limits }, LaunchTimeout: w.launchTimeout,
		NodeClasses: cloudprovider.NodeClassKinds{{Group: "test.sh", Kind: "TestNodeClass"}},
		Clock:       w.clock, Recorder: w.recorder, Registerer: registry, NodeClaims: counters, CPUMillis: 1000,
		Scheduler: scheduler, Methods: w.methods, MovesPerHour: disrupt.EvictionRate, Gatherer: gather.New(gather.Options{Reader: w.cache(faulty), Vocabulary: vocabulary.Core()}),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.watch()
}

// cache returns a client that reads what the watches have told.
func (w *world) cache(c client.WithWatch) client.Client {
	return interceptor.NewClient(c, interceptor.Funcs{
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			err := c.List(ctx, list, opts...)
			if pods, ok := list.(*corev1.PodList); ok {
				pods.Items = slices.DeleteFunc(pods.Items, func(p corev1.Pod) bool { return p.Name == w.unseen })
			}
			return err
		},
	})
}

// inventory lets the model's first sync succeed unless a node is unknown.
type inventory struct{ w *world }

func (i inventory) NodeNames(context.Context) ([]string, error)      { return i.w.unknown, nil }
func (i inventory) NodeClaimNames(context.Context) ([]string, error) { return nil, nil }

// podEvents reads the events that NodeClaims do not show from the names of nodes.
type podEvents struct{ w *world }

var unsettled = map[string]time.Duration{"recent": 30 * time.Second, "settled": 10 * time.Minute}

func (p podEvents) Unsettled(node string) (time.Time, bool) {
	ago, ok := unsettled[node]
	return p.w.clock.Now().Add(-ago), ok
}

// catalogue has the types cheap and dear; the pool "blind" has none that it could
// tell of.
type catalogue struct{}

func (catalogue) GetInstanceTypes(_ context.Context, pool *v1.NodePool) ([]*cloudprovider.InstanceType, error) {
	switch pool.Name {
	case "blind":
		return nil, apierrors.NewServiceUnavailable("no catalogue")
	case "unevaluated":
		return nil, &cloudprovider.UnevaluatedNodePoolError{NodePool: pool.Name}
	}
	return []*cloudprovider.InstanceType{instanceType("cheap", 1), instanceType("dear", 5)}, nil
}

func instanceType(name string, price float64) *cloudprovider.InstanceType {
	return &cloudprovider.InstanceType{
		Name: name,
		Requirements: requirement.All(
			requirement.In(label.InstanceType, name), requirement.In(label.Zone, "z"), requirement.In(label.CapacityType, label.OnDemand),
		),
		Capacity: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("2"), corev1.ResourcePods: resource.MustParse("10")},
		Offerings: cloudprovider.Offerings{{
			Requirements: requirement.All(requirement.In(label.Zone, "z"), requirement.In(label.CapacityType, label.OnDemand)),
			Price:        price, Available: true, Draws: []ration.Draw{{Limit: "machines", Amount: 2}},
		}},
	}
}

// watch brings the model up to date with the API server.
func (w *world) watch() {
	w.t.Helper()
	var nodes corev1.NodeList
	var claims v1.NodeClaimList
	var pods corev1.PodList
	for _, list := range []client.ObjectList{&nodes, &claims, &pods} {
		if err := w.api.List(w.ctx, list); err != nil {
			w.t.Fatal(err)
		}
	}
	alive := map[string]bool{}
	for i := range claims.Items {
		w.cluster.UpdateNodeClaim(&claims.Items[i])
		alive["claim/"+claims.Items[i].Name] = true
	}
	for i := range nodes.Items {
		w.cluster.UpdateNode(&nodes.Items[i])
		alive["node/"+nodes.Items[i].Name] = true
	}
	for i := range pods.Items {
		w.cluster.UpdatePod(&pods.Items[i], volume.Resolution{Settled: true})
		alive["pod/"+pods.Items[i].Name] = true
	}
	for _, u := range w.cluster.Unlaunched() {
		if !alive["claim/"+u.NodeClaim.Name] {
			w.cluster.DeleteNodeClaim(u.NodeClaim.Name)
		}
	}
	for _, n := range w.cluster.Snapshot().Nodes() {
		if n.NodeClaim() != nil && !alive["claim/"+n.NodeClaim().Name] {
			w.cluster.DeleteNodeClaim(n.NodeClaim().Name)
		}
		if n.Node() != nil && !alive["node/"+n.Node().Name] {
			w.cluster.DeleteNode(n.Node().Name)
		}
		for _, p := range n.Pods() {
			if !alive["pod/"+p.Name] {
				w.cluster.DeletePod(p.Key())
			}
		}
	}
}

// pass makes one pass of the loop over an up-to-date model.
func (w *world) pass() (reconcile.Result, error) {
	w.t.Helper()
	w.watch()
	if w.methods != nil {
		defer w.clock.Step(time.Millisecond) // the wait of the methods of tests
	}
	return w.loop.Reconcile(w.ctx, reconcile.Request{})
}

// mustPass is a pass that must not fail.
func (w *world) mustPass() reconcile.Result {
	w.t.Helper()
	result, err := w.pass()
	if err != nil {
		w.t.Fatalf("pass: %v", err)
	}
	return result
}

// propose makes a pass and waits until what it proposed is due.
func (w *world) propose() {
	w.t.Helper()
	w.mustPass()
	w.clock.Step(15 * time.Second)
}

// queue carries all commands on, once.
func (w *world) queue() error {
	w.t.Helper()
	for _, id := range w.loop.Queue().Commands() {
		if _, err := w.loop.Queue().Reconcile(w.ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// disrupt makes the passes that give up what is empty, and carries it out.
func (w *world) disrupt() {
	w.t.Helper()
	w.propose()
	w.mustPass()
	if err := w.queue(); err != nil {
		w.t.Fatalf("queue: %v", err)
	}
	w.watch()
}

func (w *world) create(objects ...client.Object) {
	w.t.Helper()
	for _, o := range objects {
		if err := w.api.Create(w.ctx, o); err != nil {
			w.t.Fatalf("creating %T %s: %v", o, o.GetName(), err)
		}
	}
	w.watch()
}

// change edits the stored version of an object.
func change[T client.Object](w *world, o T, edit func(T)) {
	w.t.Helper()
	if err := w.api.Get(w.ctx, client.ObjectKeyFromObject(o), o); err != nil {
		w.t.Fatal(err)
	}
	edit(o)
	if err := w.api.Update(w.ctx, o); err != nil {
		w.t.Fatal(err)
	}
	if _, isPod := any(o).(*corev1.Pod); !isPod {
		stored := o.DeepCopyObject().(client.Object)
		edit(stored.(T))
		if err := w.api.Status().Update(w.ctx, stored); err != nil {
			w.t.Fatal(err)
		}
	}
	w.watch()
}

func (w *world) delete(o client.Object) {
	w.t.Helper()
	if err := w.api.Delete(w.ctx, o); err != nil {
		w.t.Fatal(err)
	}
	w.watch()
}

// pool is a NodePool whose budgets let everything go.
func pool(name string, edit ...func(*v1.NodePool)) *v1.NodePool {
	p := &v1.NodePool{
		ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID("pool-" + name), Generation: 1},
		Spec: v1.NodePoolSpec{
			Template: v1.NodeClaimTemplate{Spec: v1.NodeClaimTemplateSpec{
				NodeClassRef: v1.NodeClassReference{Group: "test.sh", Kind: "TestNodeClass", Name: "default"},
			}},
			Disruption: v1.Disruption{ConsolidateAfter: "0s", ConsolidationPolicy: v1.ConsolidationPolicyWhenEmpty},
		},
	}
	for _, e := range edit {
		e(p)
	}
	return p
}

func budget(nodes string, reasons ...v1.DisruptionReason) func(*v1.NodePool) {
	return func(p *v1.NodePool) {
		p.Spec.Disruption.Budgets = append(p.Spec.Disruption.Budgets, v1.Budget{Nodes: nodes, Reasons: reasons})
	}
}

// machine creates a Node and a NodeClaim of one name that emptiness takes.
func (w *world) machine(name, poolName string, edit ...func(*corev1.Node, *v1.NodeClaim)) {
	w.t.Helper()
	w.create(w.objects(name, poolName, edit...)...)
}

func (w *world) objects(name, poolName string, edit ...func(*corev1.Node, *v1.NodeClaim)) []client.Object {
	labels := map[string]string{
		v1.NodePoolLabelKey: poolName, v1.NodeInitializedLabelKey: "true", v1.NodeRegisteredLabelKey: "true",
		corev1.LabelInstanceTypeStable: "cheap", corev1.LabelTopologyZone: "z", v1.CapacityTypeLabelKey: v1.CapacityTypeOnDemand,
	}
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID("node-" + name), Labels: labels},
		Spec:       corev1.NodeSpec{ProviderID: "test://" + name},
		Status:     corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}},
	}
	claim := &v1.NodeClaim{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, UID: types.UID("claim-" + name), Finalizers: []string{v1.TerminationFinalizer}, CreationTimestamp: metav1.NewTime(start.Add(-time.Hour)),
			Labels: map[string]string{
				v1.NodePoolLabelKey: poolName, corev1.LabelInstanceTypeStable: "cheap", corev1.LabelTopologyZone: "z", v1.CapacityTypeLabelKey: v1.CapacityTypeOnDemand,
			},
		},
		Spec:   v1.NodeClaimSpec{NodeClassRef: v1.NodeClassReference{Group: "test.sh", Kind: "TestNodeClass", Name: "default"}},
		Status: v1.NodeClaimStatus{ProviderID: "test://" + name, NodeName: name},
	}
	for _, kind := range []string{v1.ConditionTypeLaunched, v1.ConditionTypeRegistered, v1.ConditionTypeInitialized, v1.ConditionTypeConsolidatable} {
		claim.StatusConditions(status.WithClock(w.clock)).SetTrue(kind)
	}
	for _, e := range edit {
		e(node, claim)
	}
	return []client.Object{node, claim}
}

func pod(name, node string, edit ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, UID: types.UID("pod-" + name), Labels: map[string]string{"app": "web"}, Annotations: map[string]string{}},
		Spec:       corev1.PodSpec{NodeName: node},
		Status:     corev1.PodStatus{Phase: corev1.PodRunning},
	}
	for _, e := range edit {
		e(p)
	}
	return p
}

// state is what is stored of a machine.
type state struct {
	tainted, reasoned, deleting bool
}

func (w *world) state(name string) state {
	w.t.Helper()
	var out state
	var node corev1.Node
	if err := w.api.Get(w.ctx, client.ObjectKey{Name: name}, &node); client.IgnoreNotFound(err) != nil {
		w.t.Fatal(err)
	}
	for _, taint := range node.Spec.Taints {
		out.tainted = out.tainted || taint == v1.DisruptedTaint()
	}
	var claim v1.NodeClaim
	if err := w.api.Get(w.ctx, client.ObjectKey{Name: name}, &claim); client.IgnoreNotFound(err) != nil {
		w.t.Fatal(err)
	}
	out.reasoned = claim.StatusConditions(status.WithObservedOnly()).IsTrue(v1.ConditionTypeDisruptionReason)
	out.deleting = !claim.DeletionTimestamp.IsZero()
	return out
}

func (w *world) expect(name string, want state) {
	w.t.Helper()
	if got := w.state(name); got != want {
		w.t.Errorf("%s is %+v, want %+v", name, got, want)
	}
}

var (
	untouched = state{}
	cordoned  = state{tainted: true, reasoned: true}
	goes      = state{tainted: true, reasoned: true, deleting: true}
)

// messages are those of the events with a reason, as "Kind name: message".
func (w *world) messages(reason string) []string {
	var out []string
	for _, e := range w.recorder.Of(reason) {
		kind := "Node"
		switch e.Object.(type) {
		case *v1.NodeClaim:
			kind = "NodeClaim"
		case *v1.NodePool:
			kind = "NodePool"
		case *corev1.Pod:
			kind = "Pod"
		}
		out = append(out, kind+" "+e.Object.GetName()+": "+e.Message)
	}
	return out
}

func conflict(o client.Object) error {
	return apierrors.NewConflict(schema.GroupResource{Resource: "x"}, o.GetName(), nil)
}
