// SPDX-License-Identifier: Apache-2.0

package place

import (
	"slices"

	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/model"
)

// narrowed lists the attempt's routes for each alternative of the volumes, in
// order, and each choice of domains (SCH-086). Volumes say where a pod may run;
// what topology rules count and which domains they look at is not their matter.
func (s *solver) narrowed(a *attempt, choices []constraint.Sets) []*route {
	alternatives := s.alternatives(a.class)
	out := make([]*route, 0, len(alternatives)*len(choices))
	for _, volumes := range alternatives {
		for _, choice := range choices {
			if r := s.route(a, s.in.Snapshot.Vocabulary.Conjunction(choice, volumes)); !r.impossible {
				out = append(out, r)
			}
		}
	}
	return out
}

// alternatives are those of the class's volumes; one that restricts nothing if it
// has none.
func (s *solver) alternatives(c *class) []constraint.Sets {
	if c.Volumes == nil {
		return s.anywhere[:]
	}
	return c.Volumes
}

func unsatisfiable(e constraint.Entry) bool { return e.Set.Unsatisfiable() }

// attach counts the pod's claims where anything limits them.
func (c *changed) attach(n *model.Node, pod *model.Pod) {
	if len(pod.Attachments) == 0 || len(n.AttachLimits) == 0 {
		return
	}
	if c.attached == nil {
		c.attached = n.Attached.With(nil)
	}
	c.attached.Add(pod.Attachments)
}

// onlyAttachments reports whether nothing but the pod's own claims keeps it from
// the node, so that another pod of its class may still be taken.
func (s *solver) onlyAttachments(r *route, node, pod int) bool {
	return !ofPod.passes(s, r, node, pod) && s.admits(r, node, pod)
}

// tryAgain looks at the nodes that the route has passed although they refused one
// pod only, and forgets those that refuse all by now.
func (s *solver) tryAgain(r *route, pod int) bool {
	for i := 0; i < len(r.again); i++ {
		if s.onNode(r, r.again[i], pod) {
			return true
		}
		if !s.admits(r, r.again[i], pod) {
			r.again = slices.Delete(r.again, i, i+1)
			i--
		}
	}
	return false
}
