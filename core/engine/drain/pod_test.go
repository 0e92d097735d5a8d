// SPDX-License-Identifier: Apache-2.0

package drain_test

import (
	"testing"
	"time"

	"karpenter.sh/core/engine/drain"
	"karpenter.sh/core/engine/taint"
)

// start is the moment at which every table of this package looks at a node.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func tolerate(t taint.Toleration) taint.Tolerations { return taint.Tolerations{t} }

// LIF-140
func TestClasses(t *testing.T) {
	tests := []struct {
		name               string
		pod                drain.Pod
		waiting, evictable bool
	}{
		{name: "running without owner", waiting: true, evictable: true},
		{name: "daemon is drained like any other", pod: drain.Pod{Daemon: true}, waiting: true, evictable: true},
		{name: "terminal holds nothing", pod: drain.Pod{Terminal: true}},
		{name: "mirror is its kubelet's", pod: drain.Pod{Mirror: true}},
		{name: "terminating is waited for, not evicted again", pod: drain.Pod{Deletion: start}, waiting: true},
		{name: "terminating for exactly a minute is waited for", pod: drain.Pod{Deletion: start.Add(-time.Minute)}, waiting: true},
		{name: "terminating for more than a minute is stuck", pod: drain.Pod{Deletion: start.Add(-time.Minute - time.Second)}},
		{name: "terminal and terminating holds nothing", pod: drain.Pod{Terminal: true, Deletion: start}},
		{
			name: "tolerates the taint exactly",
			pod:  drain.Pod{Tolerations: tolerate(taint.Toleration{Key: "karpenter.sh/disrupted", Operator: taint.TolerateExists, Effect: taint.NoSchedule})},
		},
		{
			name: "tolerates the taint by its empty value",
			pod:  drain.Pod{Tolerations: tolerate(taint.Toleration{Key: "karpenter.sh/disrupted", Operator: taint.TolerateEqual})},
		},
		{
			name: "blanket toleration exempts",
			pod:  drain.Pod{Tolerations: tolerate(taint.Toleration{Operator: taint.TolerateExists})},
		},
		{
			name:    "tolerating another effect does not exempt",
			pod:     drain.Pod{Tolerations: tolerate(taint.Toleration{Operator: taint.TolerateExists, Effect: taint.NoExecute})},
			waiting: true, evictable: true,
		},
		{
			name:    "tolerating unschedulable does not exempt",
			pod:     drain.Pod{Tolerations: tolerate(taint.Toleration{Key: "node.kubernetes.io/unschedulable", Operator: taint.TolerateExists})},
			waiting: true, evictable: true,
		},
		{name: "protected is waited for", pod: drain.Pod{Protection: drain.ParseProtection("true")}, waiting: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.pod.Waiting(start); got != tt.waiting {
				t.Errorf("Waiting() = %v, want %v", got, tt.waiting)
			}
			if got := tt.pod.Evictable(start); got != tt.evictable {
				t.Errorf("Evictable() = %v, want %v", got, tt.evictable)
			}
		})
	}
}

// LIF-146
func TestProtection(t *testing.T) {
	tests := []struct {
		name, value string
		started     time.Time
		active      bool
		invalid     bool
		until       time.Time
	}{
		{name: "true protects always", value: "true", started: start.Add(-time.Hour), active: true},
		{name: "duration not yet over", value: "5m", started: start.Add(-5*time.Minute + time.Second), active: true, until: start.Add(time.Second)},
		{name: "duration over to the second", value: "5m", started: start.Add(-5 * time.Minute), until: start},
		{name: "duration before the pod has started", value: "5m", active: true},
		{name: "any Go unit", value: "1500ms", started: start.Add(-time.Second), active: true, until: start.Add(500 * time.Millisecond)},
		{name: "false is no way to write it", value: "false", invalid: true},
		{name: "zero duration", value: "0s", invalid: true},
		{name: "negative duration", value: "-5m", invalid: true},
		{name: "anything else", value: "yes", invalid: true},
		{name: "true is case-sensitive", value: "True", invalid: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := drain.ParseProtection(tt.value)
			if got := p.Active(tt.started, start); got != tt.active {
				t.Errorf("Active() = %v, want %v", got, tt.active)
			}
			if got := p.Invalid(); got != tt.invalid {
				t.Errorf("Invalid() = %v, want %v", got, tt.invalid)
			}
			until, known := p.Until(tt.started)
			if !until.Equal(tt.until) || known == tt.until.IsZero() {
				t.Errorf("Until() = %v, %v, want %v", until, known, tt.until)
			}
		})
	}
}

func TestNoProtection(t *testing.T) {
	if p := (drain.Protection{}); p.Active(time.Time{}, start) || p.Invalid() {
		t.Error("a pod without the annotation is protected or invalid")
	}
}
