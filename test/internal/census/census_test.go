// SPDX-License-Identifier: Apache-2.0

package census_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/test/internal/census"
)

func node(kind, price string, ready corev1.ConditionStatus) corev1.Node {
	n := corev1.Node{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{corev1.LabelInstanceTypeStable: kind, census.PriceLabel: price}}}
	n.Status.Allocatable = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("4"), corev1.ResourceMemory: resource.MustParse("8Gi")}
	n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: ready}}
	return n
}

func pod(on string, ready corev1.ConditionStatus) corev1.Pod {
	p := corev1.Pod{}
	p.Spec.NodeName = on
	p.Spec.Containers = []corev1.Container{{Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("500m"), corev1.ResourceMemory: resource.MustParse("1Gi"),
	}}}}
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}
	return p
}

func TestCount(t *testing.T) {
	leaving, ended := pod("a", corev1.ConditionTrue), pod("a", corev1.ConditionFalse)
	now := metav1.Now()
	leaving.DeletionTimestamp = &now
	ended.Status.Phase = corev1.PodSucceeded
	c := census.Count(
		[]corev1.Pod{
			pod("", corev1.ConditionFalse), pod("a", corev1.ConditionFalse),
			pod("a", corev1.ConditionTrue), pod("b", corev1.ConditionTrue), leaving, ended,
		},
		[]corev1.Node{
			node("small", "0.5", corev1.ConditionTrue), node("small", "0.5", corev1.ConditionUnknown), node("large", "", corev1.ConditionTrue),
		},
	)
	if c.Pods() != 4 || c.Pending != 1 || c.Bound != 1 || c.Running != 2 {
		t.Errorf("pods: %+v", c)
	}
	if c.Nodes != 3 || c.Ready != 2 || c.Price != 1 {
		t.Errorf("nodes: %+v", c)
	}
	if c.CPU != (census.Share{Reserved: 1.5, Allocatable: 12}) || c.CPU.Percent() != 12.5 {
		t.Errorf("CPU: %+v, %v%%", c.CPU, c.CPU.Percent())
	}
	if got, want := c.Line(), "pods 4: 1 pending, 1 bound, 2 running | nodes 3, 2 ready | $1.00/h"; got != want {
		t.Errorf("line is %q, want %q", got, want)
	}
	if got, want := c.Reserved(), "CPU 12% of 12 cores, memory 12% of 24 GiB"; got != want {
		t.Errorf("reserved is %q, want %q", got, want)
	}
}

func TestEmptyClusterReservesNothing(t *testing.T) {
	if got := census.Count(nil, nil).CPU.Percent(); got != 0 {
		t.Errorf("got %v%%", got)
	}
}

func TestNodesByType(t *testing.T) {
	c := census.Census{Nodes: 9, Types: map[string]int{"b": 2, "a": 2, "c": 4, "d": 1}}
	if got, want := c.NodesByType(2), "4 × c, 2 × a, 3 of other types"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := c.NodesByType(4), "4 × c, 2 × a, 2 × b, 1 × d"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestBytes(t *testing.T) {
	for n, want := range map[float64]string{0: "0 B", 512: "512 B", 1536: "1.5 KiB", 90 << 20: "90 MiB", 3 << 40: "3.0 TiB", 5000 << 40: "5000 TiB"} {
		if got := census.Bytes(n); got != want {
			t.Errorf("%v is %q, want %q", n, got, want)
		}
	}
}

func TestWhyPending(t *testing.T) {
	start := time.Unix(1_700_000_000, 0)
	event := func(about types.UID, component, reason, message string, after time.Duration) corev1.Event {
		e := corev1.Event{Reason: reason, Message: message, LastTimestamp: metav1.NewTime(start.Add(after))}
		e.InvolvedObject.UID, e.Source.Component = about, component
		return e
	}
	waiting := func(uid types.UID) corev1.Pod {
		p := pod("", corev1.ConditionFalse)
		p.UID = uid
		return p
	}
	bound := pod("node", corev1.ConditionFalse)
	bound.UID = "bound"
	got := census.WhyPending([]corev1.Pod{waiting("a"), waiting("b"), waiting("c"), bound}, []corev1.Event{
		event("a", "karpenter", "FailedScheduling", "new", time.Minute),
		event("a", "karpenter", "FailedScheduling", "old", 0),
		event("b", "karpenter", "FailedScheduling", "new", 0),
		event("b", "default-scheduler", "FailedScheduling", "of the scheduler", time.Hour),
		event("b", "karpenter", "Nominated", "of success", time.Hour),
		event("bound", "karpenter", "FailedScheduling", "past", 0),
	})
	if want := map[string]int{"new": 2, "": 1}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestMostFrequent(t *testing.T) {
	got := census.MostFrequent(map[string]int{"c": 1, "b": 3, "a": 3}, 2)
	if want := []census.Tally{{Text: "a", Count: 3}, {Text: "b", Count: 3}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
