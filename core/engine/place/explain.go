// SPDX-License-Identifier: Apache-2.0

package place

import (
	"slices"
	"strings"

	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/hostport"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/reason"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/resource"
)

// Explain returns why a pod would not go to an existing node as things stand,
// before any pod has its place: one reason for each check that fails, none if the
// node would take the pod (SCH-135). Preferences keep no pod away, and of OR-ed
// terms that one is told which comes nearest.
func Explain(in Input, pod, node int) reason.List {
	if why := nowhere(&in.Pods[pod]); why != nil {
		return why
	}
	s := newSolver(in)
	c := s.classOf(pod)
	s.byVolumes = c.Volumes != nil
	var nearest reason.List
	for i := range c.attempts {
		if !c.final(i) {
			continue
		}
		why := s.failing(s.route(&c.attempts[i], nil), node, pod)
		if len(why) == 0 {
			return nil
		}
		if nearest == nil || len(why) < len(nearest) {
			nearest = why
		}
	}
	return nearest
}

// failing are the reasons of all checks that fail. The route is that of an attempt
// before volumes and topology rules narrow it.
func (s *solver) failing(r *route, node, pod int) reason.List {
	var out reason.List
	ask := func(checks ...check) {
		for _, c := range checks {
			if !c.passes(s, r, node, pod) {
				why := c.why(s, r, node, pod)
				why.Node = s.in.Snapshot.Nodes[node].Name
				out = append(out, why)
			}
		}
	}
	ask(ofClass[:]...)
	ask(ofPod)
	ask(ofRoute[:]...)
	ask(ofPlan)
	return out
}

func (s *solver) whyClosed(_ *route, node, _ int) reason.Reason {
	if s.in.Without.Has(node) {
		return reason.Reason{Cause: reason.LeftOut}
	}
	return reason.Reason{Cause: reason.Closed}
}

func (s *solver) whyFull(r *route, node, _ int) reason.Reason {
	out, free := reason.Reason{Cause: reason.Room}, s.available(node)
	for i := range max(len(free), len(r.class.Requests)) {
		id := resource.ID(i)
		if needed, left := r.class.Requests.Get(id), free.Get(id); needed > left {
			out.Lacks = append(out.Lacks, reason.Lack{Resource: s.in.Snapshot.Names.Name(id), Needed: needed, Offered: left})
		}
	}
	return out
}

func (s *solver) whyPorts(r *route, node, _ int) reason.Reason {
	var taken []string
	for _, p := range r.class.Ports {
		if s.in.Snapshot.Nodes[node].Ports.Conflict(hostport.Ports{p}) {
			taken = append(taken, p.String())
		}
	}
	return reason.Reason{Cause: reason.HostPorts, Detail: strings.Join(taken, ", ")}
}

func (s *solver) whyHosts(r *route, node, _ int) reason.Reason {
	out, n := reason.Reason{Cause: reason.Topology}, s.in.Snapshot.Nodes[node]
	for i := range r.onHosts {
		if x := &r.onHosts[i]; !x.AdmitsHost(n.Name, x.counts()) {
			rule := r.describe(x, label.Hostname, []reason.Count{{Domain: n.Name, Pods: x.OnHost(n.Name)}})
			rule.Node = requirement.In(label.Hostname, n.Hostname)
			out.Topology = append(out.Topology, rule)
		}
	}
	return out
}

func (s *solver) whyTaints(r *route, node, _ int) reason.Reason {
	return reason.Reason{Cause: reason.Taints, Taints: r.untolerated(s.in.Snapshot.Nodes[node].Taints)}
}

func (s *solver) whyLabels(r *route, node, _ int) reason.Reason {
	if u, ok := r.Plain.Unsatisfiable(); ok {
		return reason.Reason{Cause: reason.Contradiction, Detail: u.Key()}
	}
	return reason.Reason{Cause: reason.Labels, Labels: s.mismatches(s.in.Snapshot.Nodes[node], r.wanted)}
}

func (s *solver) whyAttached(_ *route, node, pod int) reason.Reason {
	n, claims := s.in.Snapshot.Nodes[node], s.in.Pods[pod].Attachments
	used := s.attached(node)
	driver, _ := n.AttachLimits.Exceeded(used, claims)
	return reason.Reason{Cause: reason.AttachLimits, Detail: driver, Lacks: []reason.Lack{{
		Needed: int64(len(used.With(claims)[driver]) - len(used[driver])), Offered: int64(max(n.AttachLimits[driver]-len(used[driver]), 0)),
	}}}
}

func (s *solver) whyVolumes(r *route, node, _ int) reason.Reason {
	out := reason.Reason{Cause: reason.Volumes}
	for _, volumes := range r.class.Volumes {
		out.Labels = append(out.Labels, s.mismatches(s.in.Snapshot.Nodes[node], volumes)...)
	}
	return out
}

func (s *solver) whyDomains(r *route, node, _ int) reason.Reason {
	out, n := reason.Reason{Cause: reason.Topology}, s.in.Snapshot.Nodes[node]
	for i := range r.onKeys {
		if x := &r.onKeys[i]; !s.balances(r, x, node) {
			rule := s.describeOnKey(r.attempt, x)
			rule.Node = s.labelOf(n, x.Key)
			out.Topology = append(out.Topology, rule)
		}
	}
	return out
}

func (s *solver) whyNotReady(_ *route, _, _ int) reason.Reason {
	return reason.Reason{Cause: reason.Uninitialized}
}

// mismatches lists what is wanted in vain, by key, with what the node has instead.
func (s *solver) mismatches(n *model.Node, wanted constraint.Sets) []reason.Label {
	var out []reason.Label
	for i, e := range wanted {
		if !s.meetsOnHost(n, wanted[i:i+1]) {
			offered := s.labelOf(n, e.Key)
			out = append(out, reason.Label{Mismatch: requirement.Mismatch{
				Wanted: s.in.Snapshot.Vocabulary.DecompileOne(e), Offered: offered, Undefined: offered.AllowsAbsent(),
			}})
		}
	}
	slices.SortFunc(out, func(a, b reason.Label) int { return strings.Compare(a.Wanted.Key(), b.Wanted.Key()) })
	return out
}

// labelOf is what a node has of a label: one value, or that it does not exist.
func (s *solver) labelOf(n *model.Node, key constraint.Key) requirement.Requirement {
	v := s.in.Snapshot.Vocabulary
	if key == s.hostname {
		return requirement.In(label.Hostname, n.Hostname)
	}
	if value, has := n.Labels.Get(key); has {
		return requirement.In(v.KeyName(key), v.ValueName(key, value))
	}
	return requirement.DoesNotExist(v.KeyName(key))
}
