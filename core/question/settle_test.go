// SPDX-License-Identifier: Apache-2.0

package question_test

import (
	"maps"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/benchmark"
	"karpenter.sh/core/question"
)

// DIS-060, DIS-160, SCH-310: who waits gets a place, but not on nodes that are shut or
// as good as gone, and where the scheduler is told of; nobody is asked about it again.
func TestSettle(t *testing.T) {
	for _, test := range []struct {
		why       string
		nominated bool
		gone      bool
		shut      bool
		want      int // the node that gets the pod
	}{
		{"the first with room", false, false, false, 0},
		{"where it is nominated", true, false, false, 10},
		{"not where it is shut", false, false, true, 10},
		{"not where all is as good as gone", false, true, false, 10},
	} {
		nodes, pods := benchmark.Standing(20) // the first and the tenth have much room
		b, snapshot := begin(t, nodes, pods)
		waiting := &corev1.Pod{ObjectMeta: pods[0].ObjectMeta, Spec: corev1.PodSpec{Containers: pods[0].Spec.Containers}}
		waiting.Name, waiting.UID, waiting.Labels = "waiting", "waiting", nil
		if test.nominated {
			waiting.Status.NominatedNodeName = nodes[10].Name
		}
		if err := b.Waiting(waiting, nil); err != nil {
			t.Fatal(err)
		}
		addPool(t, b, pool("default", 0))
		q := b.Build()
		var o question.Settling
		first := []string{keyOf(snapshot, nodes[0].Name)}
		if test.gone {
			o.Gone = first
		}
		if test.shut {
			o.Shut = first
		}
		settled, receives := q.Settle(o)
		if got := slices.Collect(maps.Keys(receives)); !slices.Equal(got, []string{keyOf(snapshot, nodes[test.want].Name)}) {
			t.Errorf("%s: %v, want %s", test.why, got, nodes[test.want].Name)
		}
		if len(settled.Without().Pods) != 0 || len(q.Without().Pods) != 1 {
			t.Errorf("%s: the pod is asked about again, or was never", test.why)
		}
	}
}
