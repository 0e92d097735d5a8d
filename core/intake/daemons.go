// SPDX-License-Identifier: Apache-2.0

package intake

import (
	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/resource"
)

// daemon is a DaemonSet's pod as far as nodes of one pool are concerned.
type daemon struct {
	// terms are its node constraints joined with the pool's.
	terms    []requirement.Requirements
	requests resource.Vector
}

// up assumes the labels that a node gets when it is up (SCH-123, SCH-126).
func up(rs requirement.Requirements) requirement.Requirements {
	return rs.With(requirement.In(label.Registered, "true"), requirement.In(label.Initialized, "true"))
}

// daemonsOf keeps the daemons that some node of the pool would run. Daemons
// whose constraints cannot be read run nowhere.
func (c *Compiler) daemonsOf(pods []*corev1.Pod, pool requirement.Requirements, taints []model.Taint) []daemon {
	pool = up(pool)
	var out []daemon
	for _, pod := range pods {
		if _, repelled := Tolerations(pod.Spec.Tolerations).Untolerated(taints, true); repelled {
			continue
		}
		terms, _ := c.terms(&pod.Spec)
		d := daemon{requests: c.Requests(pod)}
		for _, term := range terms {
			if pool.Compatible(term, c.isWellKnown) {
				d.terms = append(d.terms, pool.Intersect(term))
			}
		}
		if len(d.terms) > 0 {
			out = append(out, d)
		}
	}
	return out
}

func (c *Compiler) isWellKnown(key string) bool {
	k, ok := c.vocabulary.FindKey(key)
	return ok && c.open.Has(int(k))
}

// IsCustom reports whether the key is a label of the users' own: NodeClaims
// carry a value of their choice for it (SCH-233).
func (c *Compiler) IsCustom(key string) bool {
	return !c.isWellKnown(key) && !label.SimulationOnly(key) && !c.options.Labels.IsRestricted(key)
}

// runsOn reports whether some term of the daemon overlaps the instance type;
// each is tried on its own (SCH-124).
func (d *daemon) runsOn(it requirement.Requirements) bool {
	for _, term := range d.terms {
		if term.Overlaps(it) {
			return true
		}
	}
	return false
}

// NodeInput is an existing node as far as its daemons are concerned.
type NodeInput struct {
	Labels map[string]string
	Taints []corev1.Taint
	// Starting nodes are managed and not registered or not initialized yet.
	Starting bool
	// BoundDaemons are the requests of the DaemonSet pods already there.
	BoundDaemons resource.Vector
}

// RemainingDaemons is what daemons will still take of an existing node
// (SCH-126); never negative.
func (c *Compiler) RemainingDaemons(node NodeInput, daemons []*corev1.Pod) resource.Vector {
	offered, taints := requirement.OfLabels(node.Labels), c.Taints(node.Taints)
	if node.Starting {
		offered = up(offered.Without(label.SimulationOnly))
	}
	var sum resource.Vector
	for _, pod := range daemons {
		if _, repelled := Tolerations(pod.Spec.Tolerations).Untolerated(taints, true); repelled {
			continue
		}
		terms, _ := c.terms(&pod.Spec)
		for _, term := range terms {
			if offered.Compatible(term, requirement.Strict) {
				sum = sum.Plus(c.Requests(pod))
				break
			}
		}
	}
	return sum.Minus(node.BoundDaemons).Floor()
}
