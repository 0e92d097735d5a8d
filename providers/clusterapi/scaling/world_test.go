// SPDX-License-Identifier: Apache-2.0

package scaling_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr/testr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/reconcile/index"
	"karpenter.sh/core/testkit/strictapi"
	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/internal/simcapi"
	"karpenter.sh/providers/clusterapi/inventory"
	"karpenter.sh/providers/clusterapi/scaling"
)

var (
	machineReads  = simcapi.Call{Verb: "get", Kind: "MachineDeployment"}   //nolint:gochecknoglobals // a constant that Go cannot write as one
	machineWrites = simcapi.Call{Verb: "patch", Kind: "MachineDeployment"} //nolint:gochecknoglobals // likewise
	errDown       = errors.New("the API server is not available")
)

// world is a Scaler between a management and a workload cluster in memory.
type world struct {
	*simcapi.Cluster
	t        testing.TB
	idle     time.Duration
	scaler   *scaling.Scaler
	workload client.WithWatch // never failing
	// changes is what Machines ring; Changed unless set.
	changes func() <-chan struct{}
	// looks counts inventories.
	looks atomic.Int32
	// told is asked before a NodeClaim is written.
	told func(nodeClaim string) error

	mu      sync.Mutex
	refused []string
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldOf(t, 30*time.Millisecond)
}

// newPatientWorld collects callers long enough for all who come at once to share a window,
// however busy the machine is.
func newPatientWorld(t testing.TB) *world {
	t.Helper()
	return newWorldOf(t, 500*time.Millisecond)
}

func newWorldOf(t testing.TB, idle time.Duration) *world {
	t.Helper()
	w := &world{t: t, idle: idle, Cluster: simcapi.New(t, clock.RealClock{}, "v1beta2"), told: func(string) error { return nil }}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, karpv1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	builder := fake.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(&karpv1.NodeClaim{})
	for _, f := range index.Fields() {
		if scheme.Recognizes(corev1.SchemeGroupVersion.WithKind("Node")) && known(scheme, f.Object) {
			builder = builder.WithIndex(f.Object, f.Name, f.Extract)
		}
	}
	w.workload, w.changes = builder.Build(), w.Changed
	w.scaler = w.start()
	return w
}

func known(scheme *runtime.Scheme, o client.Object) bool {
	_, _, err := scheme.ObjectKinds(o)
	return err == nil
}

// start makes another process on the same clusters.
func (w *world) start() *scaling.Scaler {
	management := w.Client()
	s := scaling.New(scaling.Options{
		Inventory: &inventory.Reader{
			Management: inventory.Management{Cache: w.Cache(), Live: management},
			Workload:   inventory.Workload{Cache: w.counting(), Live: w.workload},
		},
		Management: management, Workload: w.writer(), Clock: clock.RealClock{}, Changes: w.changes, Log: testr.New(w.t.(*testing.T)),
		Refused: func(_ types.NamespacedName, reason string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.refused = append(w.refused, reason)
		},
		Idle: w.idle, MaxWait: 10 * w.idle, Patience: 300 * time.Millisecond, Tick: 20 * time.Millisecond, Least: 10 * time.Millisecond,
	})
	w.t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			w.t.Error(err)
		}
	})
	return s
}

// counting is the cache of the workload cluster: each look reads its NodeClaims.
func (w *world) counting() client.Reader {
	return interceptor.NewClient(w.workload, interceptor.Funcs{
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			if _, ok := list.(*karpv1.NodeClaimList); ok {
				w.looks.Add(1)
			}
			return c.List(ctx, list, opts...)
		},
	})
}

func (w *world) writer() client.Client {
	return interceptor.NewClient(strictapi.Client(w.t, w.workload), interceptor.Funcs{
		Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
			if err := w.told(o.GetName()); err != nil {
				return err
			}
			return c.Patch(ctx, o, p, opts...)
		},
	})
}

// nodeClaim stores a NodeClaim that begins to wait now.
func (w *world) nodeClaim(name string) *karpv1.NodeClaim {
	w.t.Helper()
	nodeClaim := &karpv1.NodeClaim{ObjectMeta: metav1.ObjectMeta{
		Name: name, UID: types.UID("uid-of-" + name), CreationTimestamp: metav1.NewTime(time.Now()),
	}}
	if err := w.workload.Create(w.t.Context(), nodeClaim); err != nil {
		w.t.Fatal(err)
	}
	return nodeClaim
}

// outcome is what a caller got.
type outcome struct {
	nodeClaim *karpv1.NodeClaim
	machine   *capi.Machine
	err       error
}

// claims lets NodeClaims claim at once.
func (w *world) claims(deployment types.NamespacedName, nodeClaims ...*karpv1.NodeClaim) []outcome {
	out := make([]outcome, len(nodeClaims))
	var all sync.WaitGroup
	for i, nodeClaim := range nodeClaims {
		all.Go(func() {
			m, err := w.scaler.Claim(w.t.Context(), deployment, nodeClaim)
			out[i] = outcome{nodeClaim, m, err}
		})
	}
	all.Wait()
	return out
}

func (w *world) some(n int, prefix string) []*karpv1.NodeClaim {
	out := make([]*karpv1.NodeClaim, n)
	for i := range out {
		out[i] = w.nodeClaim(fmt.Sprintf("%s-%d", prefix, i))
	}
	return out
}

// releases lets Machines go at once.
func (w *world) releases(deployment types.NamespacedName, machines ...*capi.Machine) []error {
	out := make([]error, len(machines))
	var all sync.WaitGroup
	for i, m := range machines {
		all.Go(func() { out[i] = w.scaler.Release(w.t.Context(), deployment, m) })
	}
	all.Wait()
	return out
}

// wantReplicas fails unless a deployment has so many.
func (w *world) wantReplicas(deployment types.NamespacedName, want int32) {
	w.t.Helper()
	if got := w.Get(deployment).Replicas(); got != want {
		w.t.Errorf("%d replicas, want %d", got, want)
	}
}

// machinesOf are the Machines that callers got; it fails if two got the same, or if the
// NodeClaim names another.
func (w *world) machinesOf(outcomes []outcome) []*capi.Machine {
	w.t.Helper()
	seen := map[string]bool{}
	var out []*capi.Machine
	for _, o := range outcomes {
		if o.err != nil {
			continue
		}
		if seen[o.machine.Name] {
			w.t.Errorf("two NodeClaims have Machine %s", o.machine.Name)
		}
		seen[o.machine.Name] = true
		out = append(out, o.machine)
		stored := &karpv1.NodeClaim{}
		if err := w.workload.Get(w.t.Context(), client.ObjectKeyFromObject(o.nodeClaim), stored); err != nil {
			w.t.Fatal(err)
		}
		if got := stored.Annotations["cluster.x-k8s.io/machine"]; got != o.machine.Namespace+"/"+o.machine.Name {
			w.t.Errorf("NodeClaim %s names %q, want %s", stored.Name, got, o.machine.Name)
		}
		if got := o.machine.Annotations["karpenter.cluster.x-k8s.io/nodeclaim"]; got != stored.Name+"/"+string(stored.UID) {
			w.t.Errorf("Machine %s is claimed by %q", o.machine.Name, got)
		}
	}
	return out
}

// eventually waits for what others do.
func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("still waiting for %s", what)
		}
	}
}
