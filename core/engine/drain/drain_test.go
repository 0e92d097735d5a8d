// SPDX-License-Identifier: Apache-2.0

package drain_test

import (
	"slices"
	"testing"
	"time"

	"karpenter.sh/core/engine/drain"
	"karpenter.sh/core/engine/taint"
)

func TestDecide(t *testing.T) {
	var (
		plain          = drain.Pod{}
		daemon         = drain.Pod{Daemon: true}
		critical       = drain.Pod{Critical: true}
		criticalDaemon = drain.Pod{Critical: true, Daemon: true}
		exempt         = drain.Pod{Tolerations: tolerate(taint.Toleration{Operator: taint.TolerateExists}), Grace: time.Hour, HasGrace: true}
		protected      = drain.Pod{Protection: drain.ParseProtection("true"), Grace: 30 * time.Second, HasGrace: true}
		terminating    = drain.Pod{Deletion: start.Add(30 * time.Second)}
		stuck          = drain.Pod{Deletion: start.Add(-time.Hour)}
	)
	tests := []struct {
		name     string
		pods     []drain.Pod
		deadline time.Time
		since    time.Time
		want     drain.Decision
	}{
		{
			name: "LIF-141: nothing waits",
			pods: []drain.Pod{{Terminal: true}, {Mirror: true}, exempt, stuck},
			want: drain.Decision{Complete: true},
		},
		{
			name: "LIF-141: protected and terminating pods hold it open",
			pods: []drain.Pod{protected, terminating},
			want: drain.Decision{Waiting: 2, Protected: []int{0}, Terminating: 1, Recheck: time.Second},
		},
		{
			name: "LIF-142: ordinary pods go first",
			pods: []drain.Pod{criticalDaemon, critical, daemon, plain, plain},
			want: drain.Decision{Waiting: 5, Later: 3, Evict: []int{3, 4}, Recheck: time.Second},
		},
		{
			name: "LIF-142: then ordinary daemons",
			pods: []drain.Pod{criticalDaemon, critical, daemon},
			want: drain.Decision{Waiting: 3, Later: 2, Evict: []int{2}, Recheck: time.Second},
		},
		{
			name: "LIF-142: then critical pods",
			pods: []drain.Pod{criticalDaemon, critical},
			want: drain.Decision{Waiting: 2, Later: 1, Evict: []int{1}, Recheck: time.Second},
		},
		{
			name: "LIF-142: critical daemons are last",
			pods: []drain.Pod{criticalDaemon},
			want: drain.Decision{Waiting: 1, Evict: []int{0}, Recheck: time.Second},
		},
		{
			name: "LIF-142: a group that only terminates holds back the next",
			pods: []drain.Pod{terminating, critical},
			want: drain.Decision{Waiting: 2, Terminating: 1, Later: 1, Recheck: time.Second},
		},
		{
			name: "LIF-142: a protected pod holds back the next group",
			pods: []drain.Pod{protected, critical},
			want: drain.Decision{Waiting: 2, Protected: []int{0}, Later: 1, Recheck: time.Second},
		},
		{
			name:     "LIF-143: forced pods go whatever their group",
			pods:     []drain.Pod{plain, {Critical: true, Daemon: true, Grace: time.Hour, HasGrace: true}},
			deadline: start.Add(time.Minute),
			want:     drain.Decision{Waiting: 2, Evict: []int{0}, Force: []int{1}, Recheck: time.Second},
		},
		{
			name:     "LIF-143: forced pods hold nobody back",
			pods:     []drain.Pod{{Grace: time.Hour, HasGrace: true}, critical},
			deadline: start.Add(time.Minute),
			want:     drain.Decision{Waiting: 2, Evict: []int{1}, Force: []int{0}, Recheck: time.Second},
		},
		{
			name:     "LIF-160: the deadline leaves mirror, terminal and tolerating pods alone",
			pods:     []drain.Pod{exempt, {Mirror: true, Grace: time.Hour, HasGrace: true}, {Terminal: true, Grace: time.Hour, HasGrace: true}},
			deadline: start,
			want:     drain.Decision{Complete: true},
		},
		{
			name:     "LIF-162: a grace as long as the node's goes at once",
			pods:     []drain.Pod{graceful(time.Minute + time.Second)},
			deadline: start.Add(time.Minute),
			want:     drain.Decision{Waiting: 1, Force: []int{0}, Recheck: time.Second},
		},
		{
			name:     "LIF-162: a protected pod runs until its grace no longer fits",
			pods:     []drain.Pod{protected},
			deadline: start.Add(30 * time.Second),
			want:     drain.Decision{Waiting: 1, Protected: []int{0}, Recheck: time.Second},
		},
		{
			name:     "LIF-162: and then goes although it is protected",
			pods:     []drain.Pod{protected},
			deadline: start.Add(30*time.Second - time.Nanosecond),
			want:     drain.Decision{Waiting: 1, Force: []int{0}, Recheck: time.Second},
		},
		{
			name:     "LIF-162: no time at all forces every waiting pod",
			pods:     []drain.Pod{graceful(0), protected, {Critical: true, Grace: time.Second, HasGrace: true}},
			deadline: start.Add(-time.Nanosecond),
			want:     drain.Decision{Waiting: 3, Force: []int{0, 1, 2}, Recheck: time.Second},
		},
		{
			name:     "LIF-162: an earlier deletion with a long grace is shortened",
			pods:     []drain.Pod{{Deletion: start.Add(time.Hour)}},
			deadline: start.Add(time.Minute),
			want:     drain.Decision{Waiting: 1, Force: []int{0}, Recheck: time.Second},
		},
		{
			name:     "LIF-163: past the deadline a pod without grace is still waited for",
			pods:     []drain.Pod{terminating},
			deadline: start.Add(time.Minute),
			want:     drain.Decision{Waiting: 1, Terminating: 1, Recheck: time.Second},
		},
		{
			name:  "LIF-145: not complete before the minimum time",
			since: start.Add(-2 * time.Second),
			want:  drain.Decision{Recheck: time.Second},
		},
		{
			name:  "LIF-145: looks again when the minimum time is over",
			since: start.Add(-5*time.Second + 200*time.Millisecond),
			want:  drain.Decision{Recheck: 200 * time.Millisecond},
		},
		{
			name:  "LIF-145: complete after the minimum time",
			since: start.Add(-5 * time.Second),
			want:  drain.Decision{Complete: true},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := drain.Decide(drain.Input{Pods: tt.pods, Deadline: tt.deadline, Since: tt.since, Now: start})
			if got.Complete != tt.want.Complete || got.Waiting != tt.want.Waiting || got.Recheck != tt.want.Recheck ||
				got.Terminating != tt.want.Terminating || got.Later != tt.want.Later || !slices.Equal(got.Protected, tt.want.Protected) ||
				!slices.Equal(got.Evict, tt.want.Evict) || !slices.Equal(got.Force, tt.want.Force) {
				t.Errorf("Decide() = %+v, want %+v", got, tt.want)
			}
		})
	}
}

// LIF-163: a node whose pods never end is given up about a minute after its
// deadline, because pods forced by then are stuck.
func TestDecideEnds(t *testing.T) {
	deadline := start
	forced := drain.Pod{Deletion: deadline.Add(time.Second)}
	for _, tt := range []struct {
		after    time.Duration
		complete bool
	}{
		{after: 61 * time.Second},
		{after: 62 * time.Second, complete: true},
	} {
		got := drain.Decide(drain.Input{Pods: []drain.Pod{forced}, Deadline: deadline, Now: start.Add(tt.after)})
		if got.Complete != tt.complete {
			t.Errorf("%v after the deadline: Complete = %v", tt.after, got.Complete)
		}
	}
}

func FuzzDecideNever(f *testing.F) {
	f.Add(uint8(0b101), int64(10), int64(30), true)
	f.Fuzz(func(t *testing.T, bits uint8, deletion, deadline int64, hasGrace bool) {
		pod := drain.Pod{
			Terminal: bits&1 != 0, Mirror: bits&2 != 0, Daemon: bits&4 != 0, Critical: bits&8 != 0,
			HasGrace: hasGrace, Grace: time.Duration(deletion%600) * time.Second,
		}
		if bits&16 != 0 {
			pod.Deletion = start.Add(time.Duration(deletion%600) * time.Second)
		}
		if bits&32 != 0 {
			pod.Tolerations = tolerate(taint.Toleration{Operator: taint.TolerateExists})
		}
		in := drain.Input{Pods: []drain.Pod{pod}, Now: start}
		if bits&64 != 0 {
			in.Deadline = start.Add(time.Duration(deadline%600) * time.Second)
		}
		d := drain.Decide(in)
		touched := len(d.Evict) + len(d.Force)
		if (pod.Terminal || pod.Mirror || bits&32 != 0) && (touched > 0 || !d.Complete) {
			t.Errorf("%+v holds the node or is touched: %+v", pod, d)
		}
		if touched > 1 || d.Complete == (d.Waiting > 0) || d.Complete == (d.Recheck > 0) {
			t.Errorf("%+v gives a decision at odds with itself: %+v", pod, d)
		}
	})
}
