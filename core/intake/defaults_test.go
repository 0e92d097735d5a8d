// SPDX-License-Identifier: Apache-2.0

package intake_test

import (
	"reflect"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/intake"
)

func defaultConstraints() []corev1.TopologySpreadConstraint {
	return []corev1.TopologySpreadConstraint{
		{MaxSkew: 1, TopologyKey: label.Zone, WhenUnsatisfiable: corev1.DoNotSchedule},
		{MaxSkew: 2, TopologyKey: label.Hostname, WhenUnsatisfiable: corev1.ScheduleAnyway},
	}
}

// SCH-172, EXT-184, EXT-185: what the selector is deduced from.
func TestDeducedSelector(t *testing.T) {
	controlled := selecting("app", "web")
	controlled.MatchExpressions = []metav1.LabelSelectorRequirement{{Key: "hash", Operator: metav1.LabelSelectorOpExists}}
	for _, tc := range []struct {
		why      string
		siblings intake.Siblings
		want     string // in the text form of selectors; empty: no defaults
	}{
		{"nothing is known", intake.Siblings{}, ""},
		{"a Service that selects the pod", intake.Siblings{Services: []map[string]string{{"app": "web"}}}, "app=web"},
		{"one that does not", intake.Siblings{Services: []map[string]string{{"app": "other"}}}, ""},
		{"a nil selector selects nothing, an empty one adds nothing", intake.Siblings{Services: []map[string]string{nil, {}}}, ""},
		{"Services are merged", intake.Siblings{Services: []map[string]string{{"app": "web"}, {"tier": "front"}}}, "app=web,tier=front"},
		{"a ReplicationController overwrites", intake.Siblings{
			Services: []map[string]string{{"app": "web"}}, Replicated: map[string]string{"app": "old"},
		}, "app=old"},
		{"a ReplicaSet's selector in expressions", intake.Siblings{Controlled: controlled}, "app in (web),hash"},
		{"and beside a Service's", intake.Siblings{
			Services: []map[string]string{{"app": "web", "tier": "front"}}, Controlled: controlled,
		}, "app=web,app in (web),hash,tier=front"},
		{"an empty one adds nothing", intake.Siblings{Controlled: &metav1.LabelSelector{}}, ""},
	} {
		t.Run(tc.why, func(t *testing.T) {
			pod := labelled("p", map[string]string{"app": "web", "tier": "front"}, corev1.PodSpec{})
			got := intake.SpreadOf(defaultConstraints(), pod, tc.siblings)
			if tc.want == "" {
				if got != nil {
					t.Errorf("got %v", got)
				}
				return
			}
			if len(got) != 2 || got[0].TopologyKey != label.Zone || got[1].MaxSkew != 2 {
				t.Fatalf("got %v", got)
			}
			for _, c := range got {
				if text := metav1.FormatLabelSelector(c.LabelSelector); text != tc.want {
					t.Errorf("got %s, want %s", text, tc.want)
				}
			}
		})
	}
}

// SCH-171, SCH-173: who gets the defaults, and what becomes of them.
func TestDefaultSpread(t *testing.T) {
	app := map[string]string{"app": "a"}
	given := func(pod *corev1.Pod) []corev1.TopologySpreadConstraint {
		return intake.SpreadOf(defaultConstraints(), pod, intake.Siblings{Services: []map[string]string{{"app": "a"}}})
	}
	for _, tc := range []struct {
		why    string
		policy intake.PreferencePolicy
		pod    *corev1.Pod
		want   string // rules of the attempts
	}{
		{"a pod without constraints obeys them, the soft one until relaxed", intake.RespectPreferences,
			labelled("p", app, corev1.PodSpec{}), "[0 1] [0] [0]"},
		{"under Ignore the soft one is none", intake.IgnorePreferences, labelled("p", app, corev1.PodSpec{}), "[0] [0]"},
		{"a pod with a constraint of its own keeps that one alone", intake.RespectPreferences,
			labelled("p", app, spreading("rack", corev1.ScheduleAnyway, selecting("app", "a"))), "[0] [] []"},
		{"a pod without siblings gets none", intake.RespectPreferences, labelled("p", nil, corev1.PodSpec{}), "[] []"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			before := tc.pod.DeepCopy()
			c := intake.New(intake.Options{Vocabulary: vocabulary.Core(), Preferences: tc.policy})
			r := c.NewRound(nil).WithDefaultSpread(given)
			if err := r.Add(tc.pod, intake.Volumes{}); err != nil {
				t.Fatal(err)
			}
			pods, _ := r.Build(counter{})
			if got := rulesOf(pods[0].Class.Attempts); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
			if !reflect.DeepEqual(before, tc.pod) {
				t.Error("the pod was changed")
			}
		})
	}
}

// EXT-188: a pod that a default keeps waiting can be told so; equal constraints
// of its own are its own.
func TestDefaultSpreadIsTold(t *testing.T) {
	own := labelled("own", map[string]string{"app": "a"}, corev1.PodSpec{})
	own.Spec.TopologySpreadConstraints = intake.SpreadOf(defaultConstraints(), own, intake.Siblings{Services: []map[string]string{{"app": "a"}}})
	r := compiler().NewRound(nil).WithDefaultSpread(func(pod *corev1.Pod) []corev1.TopologySpreadConstraint {
		return own.Spec.TopologySpreadConstraints
	})
	for _, pod := range []*corev1.Pod{own, labelled("given", own.Labels, corev1.PodSpec{})} {
		if err := r.Add(pod, intake.Volumes{}); err != nil {
			t.Fatal(err)
		}
	}
	pods, groups := r.Build(counter{})
	if pods[0].Class.DefaultSpread || !pods[1].Class.DefaultSpread {
		t.Errorf("by default: got %v and %v", pods[0].Class.DefaultSpread, pods[1].Class.DefaultSpread)
	}
	if len(groups) != 2 {
		t.Errorf("they count in %d groups, want the two they share", len(groups))
	}
}

// A selector deduced from an object that cannot be parsed concerns its pod
// alone.
func TestDefaultSpreadThatCannotBeParsed(t *testing.T) {
	r := compiler().NewRound(nil).WithDefaultSpread(func(pod *corev1.Pod) []corev1.TopologySpreadConstraint {
		bad := &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "k", Operator: "Near"}}}
		return intake.SpreadOf(defaultConstraints(), pod, intake.Siblings{Controlled: bad})
	})
	if err := r.Add(labelled("p", nil, corev1.PodSpec{}), intake.Volumes{}); err == nil || !strings.Contains(err.Error(), "ns/p") {
		t.Errorf("got %v", err)
	}
}
