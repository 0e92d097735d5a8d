// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clocktesting "k8s.io/utils/clock/testing"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/disruption/report"
	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/events"
)

var now = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func machine() report.Both {
	return report.Both{
		Node:      &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "a", UID: "node"}},
		NodeClaim: &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: "a", UID: "claim"}},
	}
}

// sink counts what is not dropped.
type sink struct{ messages []string }

func (s *sink) Event(_ runtime.Object, _, _, message string) {
	s.messages = append(s.messages, message)
}

// DIS-152, DIS-168, OPS-188, OPS-190
func TestChangedCausesAreTold(t *testing.T) {
	clock := clocktesting.NewFakeClock(now)
	out := &sink{}
	recorder := events.NewRecorder(out, clock)
	tell := func(c disrupt.Cause) int {
		out.messages = nil
		recorder.Publish(report.Refused(machine(), disrupt.Refusal{Cause: c, Pool: "p"})...)
		return len(out.messages)
	}
	for i, step := range []struct {
		cause disrupt.Cause
		after time.Duration
		want  int
	}{
		{disrupt.Nominated, 0, 2},                       // Node and NodeClaim
		{disrupt.Nominated, time.Minute, 0},             // unchanged
		{disrupt.NotInitialized, 0, 2},                  // another cause
		{disrupt.Nominated, time.Minute, 2},             // the window is over
		{disrupt.ConsolidationOff, 0, 2},                // another reason of event
		{disrupt.ConsolidationOff, 14 * time.Minute, 0}, // whose window is longer
		{disrupt.ConsolidationOff, time.Minute, 2},
		{disrupt.NotEmpty, 0, 0}, // the ordinary course of things
		{disrupt.Held, 0, 0},
	} {
		clock.Step(step.after)
		if got := tell(step.cause); got != step.want {
			t.Errorf("step %d, %q: %d events, want %d", i, step.cause, got, step.want)
		}
	}
}

// OPS-188: one event on each object that there is.
func TestMissingObjects(t *testing.T) {
	b := machine()
	b.Node = nil
	if got := report.Refused(b, disrupt.Refusal{Cause: disrupt.NoNode}); len(got) != 1 || got[0].Object.GetName() != "a" {
		t.Errorf("events: %v", got)
	}
}

// OPS-193, EXT-178: what a pool that balances has approved, with the figures.
func TestApproved(t *testing.T) {
	score := disrupt.Score{Pool: "p", Value: 0.754, Saving: 0.1, Disruption: 0.1326}
	const message = "score 0.75 >= threshold 0.50 (k: 2, savings 10.0%, disruption 13.3%)"
	pool := &v1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: "p", UID: "pool"}}
	told := append(report.ApprovedNode(machine(), []disrupt.Score{score}), report.ApprovedPool(pool, score))
	if len(told) != 3 {
		t.Fatalf("events: %v", told)
	}
	for i, uid := range []string{"node", "claim", "pool"} {
		e := told[i]
		if e.Type != events.Normal || e.Reason != events.ConsolidationApproved || e.Message != message || len(e.DedupeValues) != 1 || e.DedupeValues[0] != uid {
			t.Errorf("event %+v", e)
		}
	}
}

// OPS-196
func TestTerminating(t *testing.T) {
	got := report.Terminating(machine(), disrupt.Empty)
	if len(got) != 2 || got[0].Reason != "DisruptionTerminating" || got[0].Message != "Disrupting the node: Empty" || got[0].DedupeValues[1] != "Empty" {
		t.Errorf("events: %v", got)
	}
}

func TestProtection(t *testing.T) {
	for _, test := range []struct {
		why, value string
		started    time.Duration // before now; zero: not known
		ended      bool
		want       string // reason, or empty
		values     string // the second dedupe value
	}{
		{why: "DIS-034 nothing at all", value: "", want: events.InvalidDoNotDisruptAnnotation},
		{why: "DIS-034 true is plain", value: "true"},
		{why: "DIS-034 false is absent, silently", value: "false"},
		{why: "DIS-034 no duration", value: "soon", want: events.InvalidDoNotDisruptAnnotation,
			values: `Ignoring annotation karpenter.sh/do-not-disrupt="soon": neither "true" nor a positive duration`},
		{why: "DIS-034 zero", value: "0s", want: events.InvalidDoNotDisruptAnnotation,
			values: `Ignoring annotation karpenter.sh/do-not-disrupt="0s": neither "true" nor a positive duration`},
		{why: "DIS-034 negative", value: "-1m", want: events.InvalidDoNotDisruptAnnotation,
			values: `Ignoring annotation karpenter.sh/do-not-disrupt="-1m": neither "true" nor a positive duration`},
		{why: "DIS-034 while it runs", value: "10m", started: time.Minute, want: events.DoNotDisruptUntil, values: "2026-05-04T12:09:00Z"},
		{why: "DIS-034 after", value: "10m", started: 10 * time.Minute, want: events.DoNotDisruptGracePeriodElapsed},
		{why: "DIS-034 before it starts there is no end to tell", value: "10m"},
		{why: "a pod that has ended", value: "soon", ended: true},
	} {
		t.Run(test.why, func(t *testing.T) {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{UID: "pod", Annotations: map[string]string{v1.DoNotDisruptAnnotationKey: test.value}}}
			if test.started > 0 {
				started := metav1.NewTime(now.Add(-test.started))
				pod.Status.StartTime = &started
			}
			if test.ended {
				pod.Status.Phase = corev1.PodSucceeded
			}
			got := report.Protection(pod, now)
			if test.want == "" {
				if len(got) != 0 {
					t.Errorf("events: %v", got)
				}
				return
			}
			if len(got) != 1 || got[0].Reason != test.want || got[0].DedupeValues[0] != "pod" {
				t.Fatalf("events: %v", got)
			}
			if warning := got[0].Type == events.Warning; warning != (test.want == events.InvalidDoNotDisruptAnnotation) {
				t.Errorf("warning: %v", warning)
			}
			if test.values != "" && got[0].DedupeValues[1] != test.values {
				t.Errorf("told apart by %q, want %q", got[0].DedupeValues[1], test.values)
			}
		})
	}
}

// DIS-155
func TestPolicies(t *testing.T) {
	for policy, want := range map[v1.ConsolidationPolicy]string{
		v1.ConsolidationPolicyWhenEmpty: "when_empty", v1.ConsolidationPolicyWhenEmptyOrUnderutilized: "when_empty_or_underutilized",
		v1.ConsolidationPolicyBalanced: "balanced", "": "when_empty_or_underutilized",
	} {
		if got := report.Policy(policy); got != want {
			t.Errorf("%q is %q, want %q", policy, got, want)
		}
	}
}
