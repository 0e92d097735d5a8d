// SPDX-License-Identifier: Apache-2.0

package eviction_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/internal/fixture"
)

// LIF-151, LIF-152, OPS-113
func TestAnswers(t *testing.T) {
	const ambiguous = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
	tests := []struct {
		name                   string
		answer                 error
		code                   string
		event, about           string
		dropped, retried, fail bool
	}{
		{name: "evicted", code: "200", event: "Evicted", about: "Evicted pod: its node is being deleted"},
		{name: "gone", answer: coded(404, ""), code: "404", dropped: true},
		{name: "another pod by now", answer: coded(409, ""), code: "409", dropped: true},
		{name: "budget", answer: coded(429, ""), code: "429", event: "FailedDraining", about: "default/p", retried: true},
		{name: "several budgets", answer: coded(500, ambiguous), code: "500", event: "FailedDraining", about: "multiple", retried: true},
		{name: "any other 500", answer: coded(500, "boom"), code: "500", fail: true},
		{name: "no answer", answer: errTransport, fail: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pod := fixture.Pod("p", "a")
			w := setup(t, pod)
			if tt.answer != nil {
				w.answer(tt.answer)
			}
			w.submit(pod, time.Time{})
			result, err := w.try(pod)
			if (err != nil) != tt.fail || (result.RequeueAfter > 0) != tt.retried {
				t.Errorf("attempt: %+v, %v", result, err)
			}
			if (w.queue.Len() == 0) != tt.dropped {
				t.Errorf("the queue knows %d pods", w.queue.Len())
			}
			if got := w.Metric("karpenter_pods_eviction_requests_total", nil); tt.code != "" && (got != 1 || w.evictions(tt.code) != 1) || tt.code == "" && got != 0 {
				t.Errorf("%v requests counted", got)
			}
			events := w.Recorder.Events()
			if tt.event == "" && len(events) > 0 || tt.event != "" && (len(events) != 1 || events[0].Reason != tt.event || !strings.Contains(events[0].Message, tt.about)) {
				t.Errorf("events %+v", events)
			}
			if got := w.drained("Forceful Termination"); (got == 1) != (tt.code == "200") {
				t.Errorf("%v pods counted as drained", got)
			}
		})
	}
}

// LIF-251: one cause must not hide another.
func TestCausesAreToldApart(t *testing.T) {
	pod := fixture.Pod("p", "a")
	w := setup(t, pod)
	w.submit(pod, time.Time{})
	for _, err := range []error{coded(429, ""), coded(500, "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.")} {
		w.answer(err)
		w.attempt(pod)
	}
	events := w.Recorder.Events()
	if len(events) != 2 || events[0].DedupeValues[1] == events[1].DedupeValues[1] || events[0].Object.GetName() != "a" {
		t.Errorf("events %+v", events)
	}
}

// LIF-151: the budgets that hold a pod are named; the pods behind one budget make
// one piece of news.
func TestBudgetsAreNamed(t *testing.T) {
	guard := func(name, app string) *policyv1.PodDisruptionBudget {
		return &policyv1.PodDisruptionBudget{
			ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name},
			Spec:       policyv1.PodDisruptionBudgetSpec{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": app}}},
		}
	}
	labelled := func(app string) func(*corev1.Pod) {
		return func(p *corev1.Pod) { p.Labels = map[string]string{"app": app} }
	}
	one, two, both := fixture.Pod("one", "a", labelled("web")), fixture.Pod("two", "a", labelled("web")), fixture.Pod("both", "a", labelled("db"))
	w := setup(t, one, two, both, guard("web-guard", "web"), guard("db-1", "db"), guard("db-2", "db"))
	for _, step := range []struct {
		pod  *corev1.Pod
		err  error
		want string
	}{
		{one, coded(429, ""), `Evicting pod default/one would violate PodDisruptionBudget "web-guard"`},
		{two, coded(429, ""), `Evicting pod default/two would violate PodDisruptionBudget "web-guard"`},
		{both, coded(500, "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."),
			`Pod default/both has multiple PodDisruptionBudgets, which eviction does not support: "db-1", "db-2"`},
	} {
		w.submit(step.pod, time.Time{})
		w.answer(step.err)
		w.attempt(step.pod)
		events := w.Recorder.Events()
		if got := events[len(events)-1].Message; got != step.want {
			t.Errorf("got %q, want %q", got, step.want)
		}
	}
	events := w.Recorder.Events()
	if len(events) != 3 || events[0].Gist != events[1].Gist {
		t.Errorf("events %+v", events)
	}
}

// LIF-154
func TestReason(t *testing.T) {
	tests := []struct {
		name    string
		prepare func(*world)
		want    string
	}{
		{"disrupted", func(w *world) {
			nodeClaim := fixture.Read(w.World, fixture.NodeClaim("a"))
			nodeClaim.StatusConditions().SetTrueWithReason(v1.ConditionTypeDisruptionReason, "Drifted", "Drifted")
			w.Update(nodeClaim)
		}, "Drifted"},
		{"not disrupted", func(*world) {}, "Forceful Termination"},
		{"no NodeClaim", func(w *world) {
			nodeClaim := fixture.Read(w.World, fixture.NodeClaim("a"))
			nodeClaim.Finalizers = nil
			w.Update(nodeClaim)
			w.Delete(nodeClaim)
		}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pod := fixture.Pod("p", "a")
			w := setup(t, pod)
			tt.prepare(w)
			w.submit(pod, time.Time{})
			w.attempt(pod)
			if w.drained(tt.want) != 1 {
				t.Errorf("not counted under %q", tt.want)
			}
		})
	}
}

// LIF-151
func TestAttempts(t *testing.T) {
	hour := time.Now().Add(time.Hour)
	tests := []struct {
		name             string
		pod              *corev1.Pod
		deadline         time.Duration // from now; zero is none
		evicted, deleted bool
		kept             bool
	}{
		{name: "active", pod: fixture.Pod("p", "a"), evicted: true, kept: true},
		{name: "protected is tried later", pod: fixture.Pod("p", "a", protected("true")), kept: true},
		{name: "protected for a while is tried later", pod: fixture.Pod("p", "a", protected("5m")), kept: true},
		{name: "protected by nonsense", pod: fixture.Pod("p", "a", protected("false")), evicted: true, kept: true},
		{name: "terminating already", pod: fixture.Pod("p", "a", fixture.DeletingPod(time.Now()))},
		{name: "ended", pod: fixture.Pod("p", "a", func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded })},
		{name: "mirror", pod: fixture.Pod("p", "a", fixture.OwnedBy("v1", "Node"))},
		{name: "tolerates the taint, even past the deadline", pod: fixture.Pod("p", "a", grace(time.Minute), func(p *corev1.Pod) {
			p.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
		}), deadline: -time.Hour},
		{name: "LIF-161: no time left for its grace", pod: fixture.Pod("p", "a", grace(time.Hour)), deadline: time.Minute, deleted: true, kept: true},
		{name: "LIF-161: protection is bypassed", pod: fixture.Pod("p", "a", grace(time.Hour), protected("true")), deadline: time.Minute, deleted: true, kept: true},
		{name: "LIF-162: a long termination is shortened", pod: fixture.Pod("p", "a", fixture.DeletingPod(hour)), deadline: time.Minute, deleted: true, kept: true},
		{name: "time enough", pod: fixture.Pod("p", "a", grace(time.Second)), deadline: time.Hour, evicted: true, kept: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := setup(t, tt.pod)
			deadline := time.Time{}
			if tt.deadline != 0 {
				deadline = w.Now().Add(tt.deadline)
			}
			w.submit(tt.pod, deadline)
			result := w.attempt(tt.pod)
			if got := w.evictions("200") == 1; got != tt.evicted {
				t.Errorf("evicted: %v", got)
			}
			if got := len(w.deletes) == 1; got != tt.deleted {
				t.Errorf("deleted: %v", w.deletes)
			}
			if (w.queue.Len() == 1) != tt.kept {
				t.Errorf("the queue knows %d pods", w.queue.Len())
			}
			if waits := tt.kept && !tt.evicted && !tt.deleted; (result.RequeueAfter > 0) != waits {
				t.Errorf("tried again after %v", result.RequeueAfter)
			}
		})
	}
}

// LIF-161, OPS-180
func TestForce(t *testing.T) {
	pod := fixture.Pod("p", "a", grace(time.Hour))
	w := setup(t, pod)
	deadline := w.Now().Add(90*time.Second + 500*time.Millisecond)
	w.submit(pod, deadline)
	w.attempt(pod)
	if len(w.deletes) != 1 || w.deletes[0] != 90 {
		t.Errorf("deleted with %v, want 90 seconds", w.deletes)
	}
	events := w.Recorder.Of("Disrupted")
	if len(events) != 1 {
		t.Fatalf("events %v", w.Recorder.Events())
	}
	for _, part := range []string{deadline.Format(time.RFC3339), "1m30s", "1h0m0s", "bypassed"} {
		if !strings.Contains(events[0].Message, part) {
			t.Errorf("message %q does not say %q", events[0].Message, part)
		}
	}
	if w.drained("Forceful Termination") != 1 {
		t.Error("not counted")
	}
}

// LIF-161: past the deadline a second is left, never nothing.
func TestForceLate(t *testing.T) {
	pod := fixture.Pod("p", "a", grace(0))
	w := setup(t, pod)
	w.submit(pod, w.Now().Add(-time.Minute))
	w.attempt(pod)
	if len(w.deletes) != 1 || w.deletes[0] != 1 {
		t.Errorf("deleted with %v", w.deletes)
	}
}

// LIF-161
func TestForceFails(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		fail bool
	}{"gone": {coded(404, ""), false}, "another": {coded(409, ""), false}, "broken": {errTransport, true}} {
		t.Run(name, func(t *testing.T) {
			pod := fixture.Pod("p", "a", grace(0))
			w := setup(t, pod)
			w.Writes.FailOnce("delete Pod", tt.err)
			w.submit(pod, w.Now().Add(-time.Minute))
			if _, err := w.try(pod); (err != nil) != tt.fail {
				t.Errorf("attempt: %v", err)
			}
			if len(w.Recorder.Events()) > 0 || w.drained("Forceful Termination") > 0 {
				t.Error("counted or told")
			}
		})
	}
}

// LIF-150
func TestDeadlinesOnlyTighten(t *testing.T) {
	pod := fixture.Pod("p", "a", grace(time.Minute), protected("true"))
	w := setup(t, pod)
	soon := w.Now().Add(30 * time.Second)
	for _, deadline := range []time.Time{{}, soon.Add(time.Hour), soon, soon.Add(time.Hour), {}} {
		w.submit(pod, deadline)
	}
	w.attempt(pod)
	if len(w.deletes) != 1 || w.deletes[0] != 30 {
		t.Errorf("deleted with %v, want by the tightest deadline", w.deletes)
	}
}

// LIF-150, LIF-160: a pod that waits for its next attempt is brought up at once
// when its node's deadline leaves no time.
func TestTighterDeadlineWakes(t *testing.T) {
	pod := fixture.Pod("p", "a", grace(time.Minute), protected("true"))
	w := setup(t, pod)
	w.submit(pod, time.Time{})
	w.ready()
	w.attempt(pod)
	w.submit(pod, w.Now().Add(time.Hour))
	if got := w.ready(); got != 0 {
		t.Error("brought up although there is time")
	}
	w.submit(pod, w.Now().Add(time.Second))
	if got := w.ready(); got != 1 {
		t.Error("not brought up")
	}
}

// LIF-160
func TestRetryEndsWhenTimeIsUp(t *testing.T) {
	pod := fixture.Pod("p", "a", grace(30*time.Second), protected("true"))
	w := setup(t, pod)
	w.submit(pod, w.Now().Add(30*time.Second+50*time.Millisecond))
	result := w.attempt(pod)
	if result.RequeueAfter < 50*time.Millisecond || result.RequeueAfter > 51*time.Millisecond {
		t.Errorf("tried again after %v, want when the grace no longer fits", result.RequeueAfter)
	}
	w.Clock.Step(result.RequeueAfter)
	w.attempt(pod)
	if len(w.deletes) != 1 {
		t.Error("not deleted then")
	}
}

// LIF-153
func TestRetryDelays(t *testing.T) {
	pod := fixture.Pod("p", "a")
	w := setup(t, pod)
	w.answer(coded(429, ""))
	w.submit(pod, time.Time{})
	for _, want := range []time.Duration{100, 200, 400, 800, 1600, 3200, 6400, 10000, 10000} {
		if got := w.attempt(pod).RequeueAfter; got != want*time.Millisecond {
			t.Errorf("tried again after %v, want %vms", got, int(want))
		}
	}
}

// LIF-153
func TestBudgetRises(t *testing.T) {
	labelled := func(p *corev1.Pod) { p.Labels = map[string]string{"app": "web"} }
	budget := func(allowed int32) *policyv1.PodDisruptionBudget {
		return &policyv1.PodDisruptionBudget{
			ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "b"},
			Spec:       policyv1.PodDisruptionBudgetSpec{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}},
			Status:     policyv1.PodDisruptionBudgetStatus{DisruptionsAllowed: allowed},
		}
	}
	tests := []struct {
		name          string
		before, after int32
		woken         int
	}{
		{"rises", 0, 1, 1},
		{"rises by more", 0, 5, 2},
		{"stays", 1, 1, 0},
		{"falls", 2, 1, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pods := []*corev1.Pod{fixture.Pod("p", "a", labelled), fixture.Pod("q", "a", labelled), fixture.Pod("other", "a")}
			w := setup(t, pods[0], pods[1], pods[2])
			w.answer(coded(429, ""))
			for _, pod := range pods {
				w.submit(pod, time.Time{})
				w.attempt(pod)
				w.attempt(pod)
			}
			w.ready()
			change := event.TypedUpdateEvent[*policyv1.PodDisruptionBudget]{ObjectOld: budget(tt.before), ObjectNew: budget(tt.after)}
			w.queue.BudgetHandler().Update(t.Context(), change, w.work)
			if got := w.ready(); got != tt.woken {
				t.Errorf("%d pods brought up, want %d", got, tt.woken)
			}
			if tt.woken == 2 {
				if got := w.attempt(pods[0]).RequeueAfter; got != 100*time.Millisecond {
					t.Errorf("the delay goes on at %v", got)
				}
			}
		})
	}
}

// LIF-007, OPS-085: a pod that is evicted is done with, even while the cache
// still shows it as it was.
func TestEvictedOnce(t *testing.T) {
	pod := fixture.Pod("p", "a")
	w := setup(t, pod)
	for range 3 {
		w.submit(pod, time.Time{})
		if !w.exists(pod) {
			again := pod.DeepCopy() // what a stale cache would show
			again.ResourceVersion = ""
			w.Add(again)
		}
		w.attempt(pod)
	}
	if w.evictions("200") != 1 || w.drained("Forceful Termination") != 1 {
		t.Errorf("%v evictions", w.evictions("200"))
	}
	w.submit(pod, w.Now().Add(-time.Minute))
	w.attempt(pod)
	if len(w.deletes) > 0 {
		t.Error("a pod without a grace of its own was forced")
	}
}

// LIF-004: an error is not an end.
func TestReadFails(t *testing.T) {
	pod := fixture.Pod("p", "a")
	w := setup(t, pod)
	w.submit(pod, time.Time{})
	w.answer(errTransport)
	if _, err := w.try(pod); !errors.Is(err, errTransport) {
		t.Errorf("attempt: %v", err)
	}
	if w.queue.Len() != 1 {
		t.Error("forgotten")
	}
}
