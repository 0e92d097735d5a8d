// SPDX-License-Identifier: Apache-2.0

package interruption_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/interruption"
	"karpenter.sh/core/events"
	"karpenter.sh/core/events/eventstest"
	"karpenter.sh/core/metrics"
	"karpenter.sh/core/reconcile/index"
	"karpenter.sh/core/testkit/strictapi"
)

var (
	now     = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	errDown = errors.New("not available")
)

// queue hands out its messages until they are acknowledged.
type queue struct {
	mu       sync.Mutex
	messages []interruption.Message
	acked    []string
	err      error
	ackErr   error
}

func (*queue) Name() string { return "queue" }

func (q *queue) put(id string, notices ...interruption.Notice) {
	q.messages = append(q.messages, q.message(id, notices...))
}

func (q *queue) message(id string, notices ...interruption.Notice) interruption.Message {
	return interruption.Message{ID: id, Notices: notices, Acknowledge: func(context.Context) error {
		q.mu.Lock()
		defer q.mu.Unlock()
		if q.ackErr == nil {
			q.acked = append(q.acked, id)
		}
		return q.ackErr
	}}
}

func (q *queue) Receive(context.Context) ([]interruption.Message, error) { return q.messages, q.err }

type world struct {
	*interruption.Controller
	*queue
	api      client.WithWatch
	events   *eventstest.Recorder
	registry *prometheus.Registry
	counters *metrics.NodeClaims
	deleted  *interruption.Deletions
	marked   []string
	// stale, if set, is what the cache shows as NodeClaims.
	stale *v1.NodeClaimList
	// deletes fails deletions.
	deletes error
}

func claim(name, id, group string) *v1.NodeClaim {
	c := &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID("uid-of-" + name), Finalizers: []string{"karpenter.sh/termination"}}}
	c.Labels = map[string]string{v1.NodePoolLabelKey: "pool", v1.CapacityTypeLabelKey: "spot"}
	c.Spec.NodeClassRef = v1.NodeClassReference{Group: group, Kind: "Class", Name: "default"}
	c.Status.ProviderID = id
	return c
}

func newWorld(t *testing.T) *world {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, v1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "node-1", UID: "node-1"}, Spec: corev1.NodeSpec{ProviderID: "cloud://i-1"}}
	builder := fake.NewClientBuilder().WithScheme(scheme).WithObjects(node,
		claim("one", "cloud://i-1", "ours"), claim("two", "cloud://i-2", "ours"), claim("theirs", "cloud://i-3", "theirs"), claim("unlaunched", "", "ours"))
	for _, f := range index.Fields() {
		if _, ok := f.Object.(*corev1.Node); ok {
			builder = builder.WithIndex(f.Object, f.Name, f.Extract)
		}
	}
	w := &world{queue: &queue{}, api: builder.Build(), events: &eventstest.Recorder{}, registry: prometheus.NewRegistry()}
	counters, err := metrics.NewNodeClaims(w.registry)
	if err != nil {
		t.Fatal(err)
	}
	w.counters, w.deleted = counters, &interruption.Deletions{}
	w.Controller = interruption.New(interruption.Options{
		Deleted: w.deleted,
		Client:  w.client(t), Live: w.api, Sources: []interruption.Source{w.queue}, Every: time.Minute,
		Kinds:     cloudprovider.NodeClassKinds{schema.GroupKind{Group: "ours", Kind: "Class"}},
		MachineID: func(id string) string { return strings.TrimPrefix(id, "cloud://") },
		Mark: func(_ context.Context, c *v1.NodeClaim, n interruption.Notice) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.marked = append(w.marked, c.Name+" "+string(n.Kind))
		},
		Events:     w.events,
		NodeClaims: counters,
		Clock:      clocktesting.NewFakePassiveClock(now),
	})
	return w
}

func (w *world) client(t *testing.T) client.Client {
	return interceptor.NewClient(strictapi.Client(t, w.api), interceptor.Funcs{
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			if claims, ok := list.(*v1.NodeClaimList); ok && w.stale != nil {
				w.stale.DeepCopyInto(claims)
				return nil
			}
			return c.List(ctx, list, opts...)
		},
		Delete: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
			if w.deletes != nil {
				return w.deletes
			}
			return c.Delete(ctx, o, opts...)
		},
	})
}

func (w *world) read(t *testing.T, name string) *v1.NodeClaim {
	t.Helper()
	c := &v1.NodeClaim{}
	if err := w.api.Get(t.Context(), client.ObjectKey{Name: name}, c); err != nil {
		t.Fatal(err)
	}
	return c
}

// counted is the value of the counter for a reason.
func (w *world) counted(t *testing.T, reason string) int {
	t.Helper()
	families, err := w.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, f := range families {
		if f.GetName() != "karpenter_nodeclaims_disrupted_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "reason" && l.GetValue() == reason {
					total += int(m.GetCounter().GetValue())
				}
			}
		}
	}
	return total
}

func notice(kind string, action interruption.Action, machines ...string) interruption.Notice {
	return interruption.Notice{Kind: metrics.Reason(kind), Action: action, Machines: machines, Reason: "Interrupted", Message: "The machine goes"}
}

// KIT-152, KIT-153, KIT-154, CP-120, CP-345
func TestActions(t *testing.T) {
	for _, tc := range []struct {
		reason  string
		notice  interruption.Notice
		deleted []string
		hurried bool
		events  int // on NodeClaim and Node
		counted int
	}{
		{"a machine that is taken back", notice("spot_interrupted", interruption.Delete, "i-1"), []string{"one"}, false, 2, 1},
		{"two machines", notice("scheduled_change", interruption.Delete, "i-1", "i-2"), []string{"one", "two"}, false, 3, 2},
		{"advice", notice("rebalance_recommendation", interruption.Inform, "i-1"), nil, false, 2, 0},
		{"a broken machine", notice("instance_status", interruption.Terminate, "i-1"), []string{"one"}, true, 2, 1},
		{"another provider's machine", notice("spot_interrupted", interruption.Delete, "i-3"), nil, false, 0, 0},
		{"a machine that nobody knows", notice("spot_interrupted", interruption.Delete, "i-9"), nil, false, 0, 0},
		{"an empty ID", notice("spot_interrupted", interruption.Delete, ""), nil, false, 0, 0},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w := newWorld(t)
			w.put("m", tc.notice)
			if result, err := w.Reconcile(t.Context()); err != nil || result.RequeueAfter != time.Minute {
				t.Fatalf("got %+v, %v", result, err)
			}
			for _, name := range []string{"one", "two", "theirs", "unlaunched"} {
				c := w.read(t, name)
				wanted := strings.Contains(fmt.Sprint(tc.deleted), name)
				if c.DeletionTimestamp.IsZero() == wanted {
					t.Errorf("%s is deleted: %t, want %t", name, !wanted, wanted)
				}
				at := c.Annotations[v1.NodeClaimTerminationTimestampAnnotationKey]
				if (at == now.Format(time.RFC3339)) != (tc.hurried && wanted) {
					t.Errorf("%s is to be terminated at %q", name, at)
				}
			}
			if n := len(w.events.Of("Interrupted")); n != tc.events {
				t.Errorf("%d events, want %d", n, tc.events)
			}
			ends := 0
			if tc.notice.Action != interruption.Inform {
				ends = tc.events
			}
			if n := len(w.events.Of(events.TerminatingOnInterruption)); n != ends {
				t.Errorf("%d events of an end, want %d", n, ends)
			}
			if n := w.counted(t, string(tc.notice.Kind)); n != tc.counted {
				t.Errorf("counted %d, want %d", n, tc.counted)
			}
			if len(w.acked) != 1 {
				t.Errorf("acknowledged %v", w.acked)
			}
			if (len(w.marked) > 0) != (tc.events > 0) {
				t.Errorf("marked %v", w.marked)
			}
		})
	}
}

// KIT-154, KIT-155, CP-345: what is told again, in one message or two, in one round
// or two, while the cache lags or not, is done once.
func TestOnce(t *testing.T) {
	w := newWorld(t)
	stale := &v1.NodeClaimList{}
	if err := w.api.List(t.Context(), stale); err != nil {
		t.Fatal(err)
	}
	w.put("a", notice("spot_interrupted", interruption.Delete, "i-1", "i-1"), notice("spot_interrupted", interruption.Delete, "i-1"))
	w.put("b", notice("spot_interrupted", interruption.Delete, "i-1"))
	w.stale = stale
	told := 0
	for round := range 3 {
		if _, err := w.Reconcile(t.Context()); err != nil {
			t.Fatal(err)
		}
		if round == 0 {
			told = len(w.events.Events())
		}
	}
	if n := len(w.events.Events()); n != told || told == 0 {
		t.Errorf("%d events in the first round, %d in all", told, n)
	}
	w.stale = nil
	if _, err := w.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := w.counted(t, "spot_interrupted"); n != 1 {
		t.Errorf("counted %d", n)
	}
	if len(w.acked) != 8 {
		t.Errorf("acknowledged %v", w.acked)
	}
}

// KIT-155: a NodeClaim of the same name that came later is another one.
func TestForgets(t *testing.T) {
	w := newWorld(t)
	w.put("a", notice("spot_interrupted", interruption.Delete, "i-2"))
	if _, err := w.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	gone := w.read(t, "two")
	gone.Finalizers = nil
	if err := w.api.Update(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.api.Create(t.Context(), claim("two", "cloud://i-2", "ours")); err != nil { // the UID is the same, as if nothing were remembered of it
		t.Fatal(err)
	}
	if _, err := w.Reconcile(t.Context()); err != nil || w.counted(t, "spot_interrupted") != 2 {
		t.Errorf("counted %d, %v", w.counted(t, "spot_interrupted"), err)
	}
}

// KIT-154: a time that is set stays, also if the cache does not show it yet.
func TestHurriedAlready(t *testing.T) {
	for _, lags := range []bool{false, true} {
		t.Run(fmt.Sprintf("the cache lags %t", lags), func(t *testing.T) { hurriedAlready(t, lags) })
	}
}

func hurriedAlready(t *testing.T, lags bool) {
	w := newWorld(t)
	c := w.read(t, "one")
	c.Annotations = map[string]string{"other": "there"}
	if err := w.api.Update(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if lags {
		w.stale = &v1.NodeClaimList{}
		if err := w.api.List(t.Context(), w.stale); err != nil {
			t.Fatal(err)
		}
	}
	c.Annotations[v1.NodeClaimTerminationTimestampAnnotationKey] = "2026-01-01T00:00:00Z"
	if err := w.api.Update(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	w.put("a", notice("system_status", interruption.Terminate, "i-1"))
	if _, err := w.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	c = w.read(t, "one")
	if c.Annotations[v1.NodeClaimTerminationTimestampAnnotationKey] != "2026-01-01T00:00:00Z" || c.DeletionTimestamp.IsZero() {
		t.Errorf("got %v", c.ObjectMeta)
	}
}

// KIT-151, CP-121
func TestAcknowledgement(t *testing.T) {
	t.Run("what cannot be read is dropped", func(t *testing.T) {
		w := newWorld(t)
		m := w.message("broken")
		m.Malformed = errors.New("not JSON")
		w.messages = []interruption.Message{m}
		if _, err := w.Reconcile(t.Context()); err != nil || len(w.acked) != 1 {
			t.Errorf("got %v, acknowledged %v", err, w.acked)
		}
	})
	t.Run("what fails is delivered again", func(t *testing.T) {
		w := newWorld(t)
		w.put("fails", notice("spot_interrupted", interruption.Delete, "i-1"))
		w.put("of no interest")
		w.deletes = errDown
		if _, err := w.Reconcile(t.Context()); !errors.Is(err, errDown) || len(w.acked) != 1 || w.acked[0] != "of no interest" {
			t.Errorf("got %v, acknowledged %v", err, w.acked)
		}
		w.deletes = nil
		if _, err := w.Reconcile(t.Context()); err != nil || w.counted(t, "spot_interrupted") != 1 {
			t.Errorf("the second time: %v", err)
		}
	})
	t.Run("a NodeClaim that is gone is done with", func(t *testing.T) {
		w := newWorld(t)
		w.put("gone", notice("spot_interrupted", interruption.Delete, "i-1"))
		w.deletes = apierrors.NewNotFound(schema.GroupResource{}, "one")
		if _, err := w.Reconcile(t.Context()); err != nil || len(w.acked) != 1 || w.counted(t, "spot_interrupted") != 0 {
			t.Errorf("got %v, acknowledged %v", err, w.acked)
		}
	})
	t.Run("an acknowledgement that fails is an error", func(t *testing.T) {
		w := newWorld(t)
		w.put("m")
		w.ackErr = errDown
		if _, err := w.Reconcile(t.Context()); !errors.Is(err, errDown) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a poll has nothing to acknowledge", func(t *testing.T) {
		w := newWorld(t)
		w.messages = []interruption.Message{{ID: "poll", Notices: []interruption.Notice{notice("event_status", interruption.Delete, "i-1")}}}
		if _, err := w.Reconcile(t.Context()); err != nil || w.counted(t, "event_status") != 1 {
			t.Errorf("got %v", err)
		}
	})
}

// KIT-150: a source that fails stops no other.
func TestSourceFails(t *testing.T) {
	w := newWorld(t)
	w.err = errDown
	w.put("m", notice("spot_interrupted", interruption.Delete, "i-1")) // what it has is handled all the same
	if _, err := w.Reconcile(t.Context()); !errors.Is(err, errDown) || len(w.acked) != 1 {
		t.Errorf("got %v, acknowledged %v", err, w.acked)
	}
}

// KIT-156: two controllers that hear of one machine at a time count it once.
func TestShared(t *testing.T) {
	w := newWorld(t)
	stale := &v1.NodeClaimList{}
	if err := w.api.List(t.Context(), stale); err != nil {
		t.Fatal(err)
	}
	w.stale = stale
	w.put("a", notice("spot_interrupted", interruption.Delete, "i-1"))
	other := interruption.New(interruption.Options{
		Name: "other", Deleted: w.deleted, Client: w.client(t), Live: w.api, Sources: []interruption.Source{w.queue},
		Kinds:     cloudprovider.NodeClassKinds{schema.GroupKind{Group: "ours", Kind: "Class"}},
		MachineID: func(id string) string { return strings.TrimPrefix(id, "cloud://") },
		Events:    w.events, NodeClaims: w.counters, Clock: clocktesting.NewFakePassiveClock(now),
	})
	for _, c := range []*interruption.Controller{w.Controller, other} {
		if _, err := c.Reconcile(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.counted(t, "spot_interrupted"); n != 1 {
		t.Errorf("counted %d", n)
	}
}
