// SPDX-License-Identifier: Apache-2.0

package environment_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/environment"
)

func with(c *v1.NodeClaim, kinds ...string) *v1.NodeClaim {
	for _, kind := range kinds {
		c.Status.Conditions = append(c.Status.Conditions, environment.Condition{Type: kind, Status: metav1.ConditionTrue})
	}
	return c
}

func TestTurnover(t *testing.T) {
	served := func(uid string, more ...string) *v1.NodeClaim {
		return with(claim(uid, ""), append(more, v1.ConditionTypeInitialized)...)
	}
	for _, tc := range []struct {
		reason string
		events []watch.Event
		want   environment.Tally
	}{
		{"nothing happened", nil, environment.Tally{Serving: 2}},
		{"a claim that changes does not come again", []watch.Event{
			{Type: watch.Added, Object: claim("c", "")},
			{Type: watch.Modified, Object: served("c")},
			{Type: watch.Modified, Object: served("a")},
		}, environment.Tally{Came: 1, Serving: 2}},
		{"a mark that is taken back", []watch.Event{
			{Type: watch.Modified, Object: served("a", v1.ConditionTypeDisruptionReason)},
			{Type: watch.Modified, Object: served("a")},
		}, environment.Tally{Disrupted: 1, Serving: 2}},
		{"a claim that goes before another serves", []watch.Event{
			{Type: watch.Added, Object: claim("c", "")},
			{Type: watch.Modified, Object: leaving(served("a", v1.ConditionTypeDisruptionReason))},
			{Type: watch.Modified, Object: served("c")},
		}, environment.Tally{Came: 1, Disrupted: 1, Serving: 1}},
		{"one after the other", []watch.Event{
			{Type: watch.Modified, Object: leaving(served("a", v1.ConditionTypeInstanceTerminating))},
			{Type: watch.Modified, Object: leaving(served("b"))},
			{Type: watch.Deleted, Object: leaving(served("a"))},
			{Type: watch.Deleted, Object: leaving(served("b"))},
		}, environment.Tally{Disrupted: 1}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			turnover := environment.NewTurnover([]v1.NodeClaim{*served("a"), *served("b")})
			for _, event := range tc.events {
				turnover.Observe(event)
			}
			if got, err := turnover.Tally(); err != nil || got != tc.want {
				t.Errorf("got %+v, %v; want %+v", got, err, tc.want)
			}
		})
	}
}
