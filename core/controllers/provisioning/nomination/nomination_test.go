// SPDX-License-Identifier: Apache-2.0

package nomination_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/controllers/provisioning/nomination"
	"karpenter.sh/core/events/eventstest"
	"karpenter.sh/core/intake"
	"karpenter.sh/core/testkit/strictapi"
)

// world is a Nominator over an API server in memory.
type world struct {
	t         *testing.T
	client    client.WithWatch
	decisions *cluster.Decisions
	recorder  *eventstest.Recorder
	clock     clock.WithTicker
	writes    atomic.Int32
	refuse    error
	slow      time.Duration // what a write takes
	subject   *nomination.Nominator
}

func setup(t *testing.T, pods ...*corev1.Pod) *world {
	t.Helper()
	w := &world{t: t, recorder: &eventstest.Recorder{}, clock: clock.RealClock{}}
	builder := fake.NewClientBuilder().WithStatusSubresource(&corev1.Pod{})
	for _, pod := range pods {
		builder = builder.WithObjects(pod.DeepCopy())
	}
	w.client = interceptor.NewClient(strictapi.Client(t, builder.Build()), interceptor.Funcs{
		SubResourcePatch: func(ctx context.Context, c client.Client, sub string, o client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
			if w.writes.Add(1); w.refuse != nil {
				return w.refuse
			}
			select {
			case <-time.After(w.slow):
			case <-ctx.Done():
				return ctx.Err()
			}
			return c.SubResource(sub).Patch(ctx, o, p, opts...)
		},
	})
	model, err := cluster.New(cluster.Options{
		Clock: w.clock, Compiler: intake.New(intake.Options{Vocabulary: vocabulary.Core()}),
		Registerer: prometheus.NewRegistry(), Log: logr.Discard(),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.decisions = model.Decisions
	w.subject = w.start(false)
	w.subject.Waiting(mixed())
	return w
}

func (w *world) start(off bool) *nomination.Nominator {
	return nomination.New(nomination.Options{
		Client: w.client, Decisions: w.decisions, Recorder: w.recorder, Clock: w.clock, Off: off,
	})
}

// mixed are pods that cannot stand in for each other.
func mixed() []*corev1.Pod { return []*corev1.Pod{pod("a"), pod("b"), pod("c")} }

func pod(name string, change ...func(*corev1.Pod)) *corev1.Pod {
	out := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, UID: types.UID(name)},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "any"}}},
		Status:     corev1.PodStatus{Phase: corev1.PodPending},
	}
	for _, c := range change {
		c(out)
	}
	return out
}

func on(node string) func(*corev1.Pod) { return func(p *corev1.Pod) { p.Spec.NodeName = node } }

func nominated(node string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Status.NominatedNodeName = node }
}

// read returns a pod as the API server has it.
func (w *world) read(name string) *corev1.Pod {
	w.t.Helper()
	out := &corev1.Pod{}
	if err := w.client.Get(w.t.Context(), types.NamespacedName{Namespace: "default", Name: name}, out); err != nil {
		w.t.Fatal(err)
	}
	return out
}

func (w *world) expect(name, node string) {
	w.t.Helper()
	if got := w.read(name).Status.NominatedNodeName; got != node {
		w.t.Errorf("pod %s is nominated to %q, want %q", name, got, node)
	}
}

func (w *world) nominate(node string, pods ...*corev1.Pod) {
	w.subject.Nominate(w.t.Context(), map[string][]*corev1.Pod{node: pods})
}

// become changes a pod behind the Nominator's back.
func (w *world) become(name string, change func(*corev1.Pod)) {
	w.t.Helper()
	p := w.read(name)
	change(p)
	if err := w.client.Status().Update(w.t.Context(), p); err != nil {
		w.t.Fatal(err)
	}
}

// SCH-311: the pods of a NodeClaim are told once its Node has a name.
func TestAnnounce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		successor := pod("c")
		w := setup(t, pod("a"), pod("b"), successor)
		old := pod("c")
		old.UID = "before"
		for p, claim := range map[*corev1.Pod]string{pod("a"): "x", pod("b"): "y", old: "x", pod("gone"): "x"} {
			w.decisions.Placed(p, cluster.Placement{NodeClaim: claim})
		}
		w.subject.Announce(t.Context(), "x", "node-x")
		w.expect("a", "node-x")
		w.expect("b", "")
		w.expect("c", "")
		if got := w.writes.Load(); got != 1 {
			t.Errorf("%d writes", got)
		}
		if told := w.recorder.Reasons(); len(told) > 0 {
			t.Errorf("events %v", told)
		}
	})
}

// SCH-311: nodes that come up side by side open together, once the pods of all have
// been told.
func TestNodesOpenTogether(t *testing.T) {
	for _, test := range []struct {
		why   string
		after time.Duration // that the second node comes
		first bool          // opens alone
	}{
		{"at once", 0, false},
		{"a moment later", 100 * time.Millisecond, false},
		{"later", 200 * time.Millisecond, true},
	} {
		t.Run(test.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := setup(t, pod("a"), pod("b"))
				announcement := func(name string) chan struct{} {
					w.decisions.Placed(pod(name), cluster.Placement{NodeClaim: name})
					open := make(chan struct{})
					go func() {
						w.subject.Announce(t.Context(), name, "node-"+name)
						close(open)
					}()
					return open
				}
				began := time.Now()
				first := announcement("a")
				time.Sleep(test.after)
				second := announcement("b")
				<-first
				w.expect("a", "node-a")
				if alone := w.read("b").Status.NominatedNodeName == ""; alone != test.first {
					t.Errorf("the first opens alone: %v", alone)
				}
				<-second
				w.expect("b", "node-b")
				if took := time.Since(began); took > 500*time.Millisecond {
					t.Errorf("open after %v", took)
				}
			})
		})
	}
}

// SCH-311: nodes that never stop coming do not keep the first waiting.
func TestTheFirstNodeDoesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := setup(t, mixed()...)
		for _, p := range mixed() {
			w.decisions.Placed(p, cluster.Placement{NodeClaim: "x"})
		}
		began, open := time.Now(), make(chan struct{})
		go func() {
			w.subject.Announce(t.Context(), "x", "n")
			close(open)
		}()
		for range 30 {
			time.Sleep(100 * time.Millisecond)
			go w.subject.Announce(t.Context(), "x", "n")
			select {
			case <-open:
				if took := time.Since(began); took > 1100*time.Millisecond {
					t.Errorf("open after %v", took)
				}
				time.Sleep(2 * time.Second) // the others open too
				return
			default:
			}
		}
		t.Error("never opened")
	})
}

// SCH-313: whose nomination is written.
func TestWhoIsNominated(t *testing.T) {
	now := metav1.NewTime(time.Unix(1_700_000_000, 0))
	for _, test := range []struct {
		why  string
		read func(*corev1.Pod) // as the cache has it
		live func(*corev1.Pod) // as the API server has it
		want string
	}{
		{"a pod that waits", nil, nil, "n"},
		{"a pod that is bound", on("m"), on("m"), ""},
		{"a pod that was bound since", nil, on("m"), ""},
		{"a pod that goes", func(p *corev1.Pod) { p.DeletionTimestamp = &now }, nil, ""},
		{"a pod that has begun to go since", nil, func(p *corev1.Pod) {
			p.DeletionTimestamp, p.Finalizers = &now, []string{"example.com/f"}
		}, ""},
		{"a pod that has run to its end", func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }, nil, ""},
		{"a pod that somebody else has nominated", nominated("m"), nominated("m"), "m"},
		{"a pod that somebody else has nominated since", nil, nominated("m"), "m"},
		{"another pod of the name", func(p *corev1.Pod) { p.UID = "before" }, nil, ""},
	} {
		t.Run(test.why, func(t *testing.T) {
			apply := func(p *corev1.Pod, change func(*corev1.Pod)) *corev1.Pod {
				if change != nil {
					change(p)
				}
				return p
			}
			w := setup(t, apply(pod("a"), test.live))
			w.nominate("n", apply(pod("a"), test.read))
			w.expect("a", test.want)
			if told := w.recorder.Reasons(); len(told) > 0 {
				t.Errorf("events %v", told)
			}
		})
	}
}

// SCH-311, SCH-313: a plan that changes.
func TestPlansChange(t *testing.T) {
	w := setup(t, pod("a"), pod("b", nominated("theirs")))
	w.nominate("n", w.read("a"))
	w.nominate("n", w.read("a"))
	if got := w.writes.Load(); got != 1 {
		t.Errorf("%d writes of one nomination", got)
	}
	if !w.subject.Ours(w.read("a")) || w.subject.Ours(w.read("b")) {
		t.Error("it does not know what it wrote")
	}
	w.nominate("m", w.read("a"))
	w.expect("a", "m")
	w.subject.Withdraw(t.Context(), []*corev1.Pod{w.read("a"), w.read("b")})
	w.expect("a", "")
	w.expect("b", "theirs")
	w.nominate("n", w.read("a"))
	w.become("a", nominated("theirs"))
	w.nominate("m", w.read("a"))
	w.subject.Withdraw(t.Context(), []*corev1.Pod{w.read("a")})
	w.expect("a", "theirs")
}

// SCH-313: a cache that is behind what was written here shows no nomination by
// somebody else, and what is written from it changes nothing.
func TestTheCacheIsLate(t *testing.T) {
	w := setup(t, pod("a"))
	w.nominate("n", w.read("a"))
	late := w.read("a")
	w.nominate("m", w.read("a"))
	if !w.subject.Ours(late) {
		t.Error("what it wrote before it changed its mind is taken for somebody else's")
	}
	w.nominate("another", late)
	w.expect("a", "m")
	late = w.read("a")
	w.subject.Withdraw(t.Context(), []*corev1.Pod{w.read("a")})
	if !w.subject.Ours(late) {
		t.Error("what it took back is taken for somebody else's")
	}
	w.subject.Withdraw(t.Context(), []*corev1.Pod{late})
	w.expect("a", "")
	if told := w.recorder.Reasons(); len(told) > 0 {
		t.Errorf("events %v", told)
	}
}

// SCH-313: the scheduler is not fought.
func TestTheSchedulerTakesItBack(t *testing.T) {
	w := setup(t, pod("a"))
	for range 20 {
		w.nominate("n", w.read("a"))
		if w.read("a").Status.NominatedNodeName != "" {
			w.become("a", nominated(""))
		}
	}
	if got := w.writes.Load(); got != 5 {
		t.Errorf("%d writes, want 5", got)
	}
	w.nominate("another", w.read("a"))
	w.expect("a", "another")
	w.become("a", nominated(""))
	w.subject.Waiting(nil) // pods that no longer wait are forgotten
	w.subject.Waiting(mixed())
	w.nominate("n", w.read("a"))
	w.expect("a", "n")
}

// SCH-313: what the scheduler takes back before the node is open is told again at once,
// but not to a pod that only looks so in a cache that is behind, nor what was withdrawn.
func TestTakenBackIsToldAgain(t *testing.T) {
	w := setup(t, pod("a"))
	behind := w.read("a")
	w.subject.Restore(t.Context(), behind)
	w.expect("a", "")
	w.nominate("n", behind)
	w.subject.Restore(t.Context(), behind)
	if got := w.writes.Load(); got != 1 {
		t.Errorf("%d writes, want 1", got)
	}
	for range 20 {
		w.become("a", nominated(""))
		w.subject.Restore(t.Context(), w.read("a"))
	}
	if got := w.writes.Load(); got != 5 {
		t.Errorf("%d writes, want 5", got)
	}
	for why, withdraw := range map[string]func(){
		"withdrawn":                  func() {},
		"taken back, then withdrawn": func() { w.become("a", nominated("")) },
	} {
		w.nominate(why, w.read("a"))
		w.expect("a", why)
		withdraw()
		w.subject.Withdraw(t.Context(), []*corev1.Pod{w.read("a")})
		w.become("a", func(p *corev1.Pod) { p.Status.Message += "changed" })
		w.subject.Restore(t.Context(), w.read("a"))
		w.expect("a", "")
	}
	w.nominate("m", w.read("a"))
	w.become("a", nominated(""))
	w.subject.Waiting(nil) // a crowd, or all of one kind
	w.subject.Restore(t.Context(), w.read("a"))
	w.expect("a", "")
}

// SCH-313: a plan that goes back and forth does not write without end.
func TestBackAndForth(t *testing.T) {
	w := setup(t, pod("a"))
	for range 20 {
		w.nominate("n", w.read("a"))
		w.nominate("m", w.read("a"))
	}
	if got := w.writes.Load(); got != 10 {
		t.Errorf("%d writes, want 10", got)
	}
}

// SCH-312: pods that can stand in for each other need not be told apart.
func TestAlike(t *testing.T) {
	owned := func(uid string) func(*corev1.Pod) {
		yes := true
		return func(p *corev1.Pod) {
			p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: uid, UID: types.UID(uid), Controller: &yes}}
		}
	}
	claim := func(p *corev1.Pod) {
		p.Spec.Volumes = []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "c"}}}}
	}
	var many []*corev1.Pod
	for i := range 1001 {
		many = append(many, pod(fmt.Sprint("p", i)))
	}
	for _, test := range []struct {
		why     string
		waiting []*corev1.Pod
		told    bool
	}{
		{"as many as are worth it", many[:1000], true},
		{"a crowd", many, false},
		{"nobody", nil, false},
		{"one pod", []*corev1.Pod{pod("a")}, false},
		{"pods of one controller", []*corev1.Pod{pod("a", owned("x")), pod("b", owned("x"))}, false},
		{"pods of two", []*corev1.Pod{pod("a", owned("x")), pod("b", owned("x")), pod("c", owned("y"))}, true},
		{"pods of none", []*corev1.Pod{pod("a"), pod("b")}, true},
		{"a pod of none among others", []*corev1.Pod{pod("a", owned("x")), pod("b")}, true},
		{"pods with volumes of their own", []*corev1.Pod{pod("a", owned("x"), claim), pod("b", owned("x"), claim)}, true},
	} {
		t.Run(test.why, func(t *testing.T) {
			w := setup(t, pod("a"))
			w.decisions.Placed(pod("a"), cluster.Placement{NodeClaim: "x"})
			w.subject.Waiting(test.waiting)
			w.subject.Announce(t.Context(), "x", "n")
			if got := w.writes.Load() > 0; got != test.told {
				t.Errorf("told: %v, want %v", got, test.told)
			}
		})
	}
}

// SCH-315, OPS-291: what is refused is told once, and not tried for ever.
func TestRefusals(t *testing.T) {
	for name, refusal := range map[string]error{
		"a role":    apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "a", errors.New("no permission")),
		"a webhook": &apierrors.StatusError{ErrStatus: metav1.Status{Code: http.StatusBadRequest, Message: "no permission"}},
	} {
		t.Run(name, func(t *testing.T) { testRefusal(t, refusal) })
	}
}

func testRefusal(t *testing.T, refusal error) {
	synctest.Test(t, func(t *testing.T) {
		w := setup(t, pod("a"), pod("b"))
		w.refuse = refusal
		round := func() {
			w.nominate("n", w.read("a"), w.read("b"))
		}
		for range 10 {
			round()
			time.Sleep(10 * time.Second)
		}
		if got := w.writes.Load(); got > 4 {
			t.Errorf("%d writes in 100 s", got)
		}
		told := w.recorder.Of("NominationFailed")
		if len(told) != 1 || !strings.Contains(told[0].Message, "no permission") || told[0].Object.GetNamespace() != "default" || told[0].Type != corev1.EventTypeWarning {
			t.Errorf("told %v", told)
		}
		w.refuse = nil
		time.Sleep(5 * time.Minute)
		round()
		w.expect("a", "n")
		w.expect("b", "n")
	})
}

// SCH-315: a server that is busy refuses nothing: what it does not take now is told by a
// later round.
func TestBusyServer(t *testing.T) {
	for _, busy := range []error{
		apierrors.NewTooManyRequests("later", 1), apierrors.NewTimeoutError("late", 1),
		apierrors.NewServerTimeout(schema.GroupResource{Resource: "pods"}, "patch", 1), apierrors.NewServiceUnavailable("down"),
		errors.New("client rate limiter Wait returned an error"), context.DeadlineExceeded,
		&apierrors.StatusError{ErrStatus: metav1.Status{Code: http.StatusInternalServerError, Message: "etcdserver: request timed out"}},
	} {
		w := setup(t, mixed()...)
		w.refuse = busy
		for range 5 {
			w.nominate("n", w.read("a"), w.read("b"))
		}
		w.refuse = nil
		w.nominate("n", w.read("a"), w.read("b"))
		w.expect("a", "n")
		w.expect("b", "n")
		if told := w.recorder.Reasons(); len(told) > 0 {
			t.Errorf("%v: told %v", busy, told)
		}
	}
}

// SCH-313: a write that was made although its answer was lost is not somebody else's.
func TestAnswersThatAreLost(t *testing.T) {
	w := setup(t, mixed()...)
	w.refuse = context.DeadlineExceeded
	w.nominate("n", w.read("a"))
	stored := w.read("a")
	stored.Status.NominatedNodeName = "n"
	if err := w.client.Status().Update(t.Context(), stored); err != nil {
		t.Fatal(err)
	}
	if !w.subject.Ours(w.read("a")) {
		t.Error("it counts as somebody else's")
	}
	w.refuse = nil
	w.nominate("m", w.read("a"))
	w.expect("a", "m")
}

// SCH-311: a round waits 10 s at most until pods have been told, and then goes on.
func TestSlowServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var many []*corev1.Pod
		for i := range 100 {
			many = append(many, pod(fmt.Sprint(i)))
		}
		w := setup(t, many...)
		w.slow = 4 * time.Second
		began := time.Now()
		w.nominate("n", many...)
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("told after %v", took)
		}
		if told := w.recorder.Reasons(); len(told) > 0 {
			t.Errorf("told %v", told)
		}
	})
}

// SCH-314: how long somebody else's nomination is waited for.
func TestPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := setup(t)
		theirs := pod("a", nominated("n"))
		expect := func(why string, p *corev1.Pod, leaving, want bool) {
			t.Helper()
			if got := w.subject.Pending(p, leaving); got != want {
				t.Errorf("%s: %v", why, got)
			}
		}
		expect("new", theirs, false, true)
		time.Sleep(29 * time.Second)
		expect("young", theirs, false, true)
		time.Sleep(time.Second)
		expect("old", theirs, false, false)
		expect("old, but pods are making room", theirs, true, true)
		time.Sleep(270 * time.Second)
		expect("pods that never leave", theirs, true, false)
		expect("to another node", pod("a", nominated("m")), false, true)
	})
}

// OPS-290
func TestOff(t *testing.T) {
	w := setup(t, pod("a"))
	w.decisions.Placed(pod("a"), cluster.Placement{NodeClaim: "x"})
	off := w.start(true)
	off.Waiting(mixed())
	off.Announce(t.Context(), "x", "n")
	off.Nominate(t.Context(), map[string][]*corev1.Pod{"n": {w.read("a")}})
	w.expect("a", "")
}
