// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"pgregory.net/rapid"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/question"
	"karpenter.sh/test/oracle/internal/round"
	"karpenter.sh/test/oracle/internal/world"
)

// tally counts what worlds are made of.
type tally map[string]int

// floor is the least share of something that is worth trying.
type floor struct {
	what  string
	of    string  // "worlds" or "pods"
	least float64 // percent
}

func floors() []floor {
	return []floor{
		{"with a rule", "pods", 60},
		{"with two rules or more", "pods", 30},
		{"placed", "pods", 60},
		{"two spreads beside affinity", "worlds", 5},
		{"a spread that honors taints, a toleration", "worlds", 5},
		{"maxSkew above 2", "worlds", 20},
		{"a daemon and a pod want one port", "worlds", 0.5},
		{"nodes that leave with pods to move", "worlds", 5},
		{"pods that attract each other", "worlds", 20},
		{"a plan that was packed anew", "worlds", 0.3},
		{"a zone of some pools only", "worlds", 10},
	}
}

// What the other tests prove depends on what the worlds have in store.
func TestWorldsAreRich(t *testing.T) {
	found := tally{}
	rapid.Check(t, func(rt *rapid.T) {
		r := gather(rt, world.Draw(rt, world.Usual()))
		plan := place.Solve(r.Input)
		found["worlds"]++
		found.world(r)
		found.plan(rt, r, &plan)
	})
	for _, f := range floors() {
		share := 100 * float64(found[f.what]) / float64(found[f.of])
		t.Logf("%s: %.1f%% of %s", f.what, share, f.of)
		if share < f.least {
			t.Errorf("%s: fewer than %.1f%% of %s", f.what, f.least, f.of)
		}
	}
}

func (n tally) world(r *round.Round) {
	w := r.World
	all := slices.Concat(w.Pending, w.Leaving)
	once := func(what string, is bool) {
		if is {
			n[what]++
		}
	}
	for _, p := range r.Pods {
		n["pods"]++
		once("with a rule", rules(p) > 0)
		once("with two rules or more", rules(p) > 1)
	}
	once("two spreads beside affinity", slices.ContainsFunc(all, func(p *corev1.Pod) bool {
		return len(p.Spec.TopologySpreadConstraints) > 1 && p.Spec.Affinity != nil && p.Spec.Affinity.PodAffinity != nil
	}))
	once("a spread that honors taints, a toleration", slices.ContainsFunc(all, func(p *corev1.Pod) bool {
		return len(p.Spec.Tolerations) > 0 && slices.ContainsFunc(p.Spec.TopologySpreadConstraints, func(c corev1.TopologySpreadConstraint) bool {
			return c.NodeTaintsPolicy != nil && *c.NodeTaintsPolicy == corev1.NodeInclusionPolicyHonor
		})
	}))
	once("maxSkew above 2", slices.ContainsFunc(all, func(p *corev1.Pod) bool {
		return slices.ContainsFunc(p.Spec.TopologySpreadConstraints, func(c corev1.TopologySpreadConstraint) bool { return c.MaxSkew > 2 })
	}))
	once("a daemon and a pod want one port", slices.ContainsFunc(all, func(p *corev1.Pod) bool {
		return slices.ContainsFunc(w.DaemonSets, func(d *appsv1.DaemonSet) bool {
			return shared(p.Spec.Containers[0].Ports, d.Spec.Template.Spec.Containers[0].Ports)
		})
	}))
	once("nodes that leave with pods to move", len(w.Leaving) > 0)
	once("pods that attract each other", slices.ContainsFunc(all, func(p *corev1.Pod) bool {
		return p.Spec.Affinity != nil && p.Spec.Affinity.PodAffinity != nil && len(p.Spec.Affinity.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution) > 0
	}))
	once("a zone of some pools only", partial(r))
}

// plan counts what became of the pods.
func (n tally) plan(rt *rapid.T, r *round.Round, plan *place.Plan) {
	n["placed"] += len(r.Pods) - len(plan.Unplaced) - len(plan.Deferred)
	r.Input.Repack = 0
	asFound := place.Solve(r.Input)
	if textOf(rt, r, plan) != textOf(rt, r, &asFound) {
		n["a plan that was packed anew"]++
	}
}

// rules is how many rules of a pod say where it may run.
func rules(p *corev1.Pod) int {
	n := len(p.Spec.TopologySpreadConstraints) + len(p.Spec.NodeSelector)
	if a := p.Spec.Affinity; a != nil {
		if a.NodeAffinity != nil {
			n++
		}
		if a.PodAffinity != nil {
			n += len(a.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution) + len(a.PodAffinity.PreferredDuringSchedulingIgnoredDuringExecution)
		}
		if a.PodAntiAffinity != nil {
			n += len(a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution) + len(a.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution)
		}
	}
	if len(p.Spec.Containers[0].Ports)+len(p.Spec.Volumes) > 0 {
		n++
	}
	return n
}

func shared(a, b []corev1.ContainerPort) bool {
	return slices.ContainsFunc(a, func(x corev1.ContainerPort) bool {
		return slices.ContainsFunc(b, func(y corev1.ContainerPort) bool { return x.HostPort == y.HostPort && x.Protocol == y.Protocol })
	})
}

// partial reports whether some pools sell in zones that others do not.
func partial(r *round.Round) bool {
	in := func(p *question.Pool, zone string) bool {
		wanted, err := r.Requirements(p.NodePool)
		zones, restricted := wanted.Get(label.Zone)
		return err == nil && (!restricted || zones.Has(zone))
	}
	for _, zone := range r.World.Zones {
		some, all := false, true
		for i := range r.Pools {
			has := in(&r.Pools[i], zone)
			some, all = some || has, all && has
		}
		if some && !all {
			return true
		}
	}
	return false
}
