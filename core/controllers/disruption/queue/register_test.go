// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"

	v1 "karpenter.sh/core/apis/v1"
)

// DIS-124, DIS-125, DIS-147: what becomes of a replacement is not left to the next poll.
func TestCommandsAreCarriedOnWithTheirReplacements(t *testing.T) {
	claim := func(uid types.UID, change func(*v1.NodeClaim)) *v1.NodeClaim {
		c := &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: "r", UID: uid}}
		change(c)
		return c
	}
	waits := func(*v1.NodeClaim) {}
	serves := func(c *v1.NodeClaim) { c.StatusConditions().SetTrue(v1.ConditionTypeInitialized) }
	goes := func(c *v1.NodeClaim) { now := metav1.Now(); c.DeletionTimestamp = &now }
	for _, test := range []struct {
		why    string
		uid    types.UID
		change func(*v1.NodeClaim)
		want   int
	}{
		{"it waits still", "replacement", waits, 0},
		{"it serves", "replacement", serves, 1},
		{"it goes", "replacement", goes, 1},
		{"another one of its name goes", "other", goes, 0},
	} {
		t.Run(test.why, func(t *testing.T) {
			q := New(Options{})
			q.Add(Command{ID: "c", Replacements: []*v1.NodeClaim{claim("replacement", waits)}})
			work := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[ID]())
			defer work.ShutDown()
			h := q.replacementHandler()
			h.Update(t.Context(), event.TypedUpdateEvent[*v1.NodeClaim]{ObjectOld: claim(test.uid, waits), ObjectNew: claim(test.uid, test.change)}, work)
			if got := work.Len(); got != test.want {
				t.Errorf("%d commands are carried on, want %d", got, test.want)
			}
			q.drop(q.command("c"))
			h.Delete(t.Context(), event.TypedDeleteEvent[*v1.NodeClaim]{Object: claim("replacement", goes)}, work)
			if got := work.Len(); got != test.want {
				t.Errorf("%d commands are carried on, want %d: the command is over", got, test.want)
			}
		})
	}
}
