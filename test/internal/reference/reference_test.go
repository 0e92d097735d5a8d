// SPDX-License-Identifier: Apache-2.0

package reference_test

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/events"
	"karpenter.sh/core/metrics/families"
	"karpenter.sh/test/internal/reference"
	"karpenter.sh/test/internal/scrape"
)

func binary() reference.Binary {
	return reference.Binary{
		Metrics: []families.Family{
			{Name: "karpenter_a_total", Type: families.Counter, Labels: []string{"pool", "kind"}, Always: true},
			{Name: "karpenter_b", Type: families.Gauge},
			{Name: "karpenter_c", Type: families.Gauge, Always: true, Needs: "--a-flag"},
		},
		Events: []events.Kind{
			{Reason: "Evicted", Type: "Normal", Objects: []string{"Pod"}},
			{Reason: "Waiting", Type: "Normal", Objects: []string{"NodeClass"}},
			{Named: "the type of the condition", Type: "Normal", Objects: []string{"NodePool"}},
		},
	}
}

// OPS-285: what is wrong with a scrape.
func TestMetrics(t *testing.T) {
	for _, tt := range []struct{ reason, shown, wrong string }{
		{"as documented", "# TYPE karpenter_a_total counter\nkarpenter_a_total{kind=\"k\",pool=\"p\"} 1\n", ""},
		{"a metric of a library", "# TYPE karpenter_a_total counter\nkarpenter_a_total{kind=\"k\",pool=\"p\"} 1\n# TYPE go_threads gauge\ngo_threads 1\n", ""},
		{"not in the reference", "# TYPE karpenter_a_total counter\nkarpenter_a_total{kind=\"k\",pool=\"p\"} 1\n# TYPE karpenter_d gauge\nkarpenter_d 1\n", "karpenter_d is not in the reference"},
		{"another type", "# TYPE karpenter_a_total gauge\nkarpenter_a_total{kind=\"k\",pool=\"p\"} 1\n", "is a gauge, not a counter"},
		{"one series lacks a label", "# TYPE karpenter_a_total counter\nkarpenter_a_total{kind=\"k\",pool=\"p\"} 1\nkarpenter_a_total{kind=\"k\"} 1\n", `labels ["kind"], not`},
		{"nothing", "", "karpenter_a_total is not shown"},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			snapshot, err := scrape.Parse(strings.NewReader(tt.shown), time.Now())
			if err != nil {
				t.Fatal(err)
			}
			wrong := append(binary().Undocumented(snapshot), binary().Missing(snapshot)...)
			if tt.wrong == "" && len(wrong) > 0 || tt.wrong != "" && (len(wrong) != 1 || !strings.Contains(wrong[0], tt.wrong)) {
				t.Errorf("got %q, want %q", wrong, tt.wrong)
			}
		})
	}
}

// OPS-285: which events are not documented.
func TestEvents(t *testing.T) {
	event := func(source, kind, about, reason, message string) corev1.Event {
		return corev1.Event{
			Type: kind, Reason: reason, Message: message, Source: corev1.EventSource{Component: source},
			InvolvedObject: corev1.ObjectReference{Kind: about},
		}
	}
	for _, tt := range []struct {
		reason       string
		event        corev1.Event
		undocumented bool
	}{
		{"documented", event("karpenter", "Normal", "Pod", "Evicted", ""), false},
		{"a NodeClass of any provider", event("karpenter", "Normal", "KWOKNodeClass", "Waiting", ""), false},
		{"a condition", event("karpenter", "Normal", "NodePool", "Ready", "Ready: False -> True, Ready"), false},
		{"somebody else's", event("kubelet", "Normal", "Pod", "Pulled", ""), false},
		{"another type", event("karpenter", "Warning", "Pod", "Evicted", ""), true},
		{"another object", event("karpenter", "Normal", "Node", "Evicted", ""), true},
		{"another reason", event("karpenter", "Normal", "Pod", "Moved", ""), true},
		{"no condition", event("karpenter", "Normal", "NodePool", "Moved", "to another cloud"), true},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			if got := binary().UndocumentedEvents([]corev1.Event{tt.event, tt.event}); (len(got) == 1) != tt.undocumented || len(got) > 1 {
				t.Errorf("got %q", got)
			}
		})
	}
}

// The generated file can be read, and a binary that it does not have is an error.
func TestLoad(t *testing.T) {
	const path = "../../../core/docs/reference/signals.json"
	for _, name := range []string{"karpenter-kwok", "karpenter-aws", "karpenter-clusterapi"} {
		if b, err := reference.Load(path, name); err != nil || len(b.Metrics) < 80 || len(b.Events) < 30 {
			t.Errorf("%s: %d metrics, %d events, %v", name, len(b.Metrics), len(b.Events), err)
		}
	}
	if _, err := reference.Load(path, "karpenter-nowhere"); err == nil {
		t.Error("a binary of no reference was found")
	}
}
