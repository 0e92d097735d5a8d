// SPDX-License-Identifier: Apache-2.0

package disrupt_test

import (
	"math"
	"testing"

	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
)

// balanced is the state of a site whose pool weighs savings against disruption.
func balanced(s *site) disrupt.State {
	in := s.state()
	p := pool()
	p.Balanced = true
	in.Pools["p"] = p
	return in
}

// DIS-096, EXT-167 to EXT-170: the share of the cost that is saved must be half the share of the
// disruption at least.
func TestBalanced(t *testing.T) {
	for _, test := range []struct {
		why   string
		price float64
		pods  int
		score float64
		yes   bool
	}{
		// Beside the node there is another for 8 $/h with nine pods.
		{"as many pods as others for the price", 8, 9, 1, true},
		{"many pods for little money", 2, 9, 0.4, false},
		{"at the threshold", 8.0 / 3, 9, 0.5, true},
		{"few pods", 2, 1, 1.2, true},
	} {
		t.Run(test.why, func(t *testing.T) {
			s := newSite(t)
			s.sells([]model.Type{s.itype("dear", 30, onDemand(90))})
			pods := make([]int64, test.pods)
			for i := range pods {
				pods[i] = 1
			}
			s.node("n", test.price, label.OnDemand, 0, pods...)
			s.node("other", 8, label.OnDemand, 9, 1, 1, 1, 1, 1, 1, 1, 1, 1)
			s.known[1].Consolidatable = false
			d := disrupt.Consolidation{}.Decide(balanced(s))
			var scores []disrupt.Score
			for _, c := range d.Commands {
				scores = c.Scores
			}
			for _, r := range d.Refusals {
				if r.Node == "n" && r.Cause == disrupt.Unbalanced {
					scores = r.Scores
				}
			}
			if (len(d.Commands) == 1) != test.yes || len(scores) != 1 || math.Abs(scores[0].Value-test.score) > 0.01 {
				t.Errorf("%d commands, scores %+v, refused %v", len(d.Commands), scores, causes(d.Refusals))
			}
		})
	}
}

// EXT-170: pools of other policies do not object.
func TestOnlyBalancedPoolsWeigh(t *testing.T) {
	s := newSite(t)
	s.sells([]model.Type{s.itype("dear", 30, onDemand(90))})
	s.node("n", 2, label.OnDemand, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1)
	s.node("other", 8, label.OnDemand, 9, 1, 1, 1, 1, 1, 1, 1, 1, 1)
	s.known[1].Consolidatable = false
	if d := (disrupt.Consolidation{}).Decide(s.state()); len(d.Commands) != 1 || len(d.Commands[0].Scores) != 0 {
		t.Errorf("%+v, refused %v", d.Commands, causes(d.Refusals))
	}
}
