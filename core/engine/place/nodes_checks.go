// SPDX-License-Identifier: Apache-2.0

package place

import (
	"slices"

	"karpenter.sh/core/engine/attach"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/reason"
	"karpenter.sh/core/engine/topology"
)

// check is one thing that may keep a pod from an existing node. The search for a
// node asks whether it passes, [Explain] also why it does not.
type check struct {
	passes func(s *solver, r *route, node, pod int) bool
	// why is asked only where the check does not pass.
	why func(s *solver, r *route, node, pod int) reason.Reason
}

// All that is checked of an existing node (SCH-133), in this order.

// ofClass is what the pods of a class have in common: a node that fails one of
// these refuses them all for good. The cheap ones come first.
var ofClass = [...]check{
	{(*solver).isOpen, (*solver).whyClosed},
	{(*solver).hasRoom, (*solver).whyFull},
	{(*solver).hasPorts, (*solver).whyPorts},
	{(*solver).balancesHosts, (*solver).whyHosts},
	{(*solver).isTolerated, (*solver).whyTaints},
	{(*solver).hasLabels, (*solver).whyLabels},
}

// ofPod says nothing about other pods of the class.
var ofPod = check{(*solver).attaches, (*solver).whyAttached}

// ofRoute is what a route has turned into labels that it wants, see
// [solver.choices]: it is checked apart only to tell which of them is in the way.
var ofRoute = [...]check{
	{(*solver).reachesVolumes, (*solver).whyVolumes},
	{(*solver).balancesDomains, (*solver).whyDomains},
}

// ofPlan is checked once all pods have their place.
var ofPlan = check{(*solver).isReady, (*solver).whyNotReady}

// admits checks all that the pods of a class have in common. Most nodes have no
// room, so that is asked first and without a detour.
func (s *solver) admits(r *route, node, pod int) bool {
	if !s.hasRoom(r, node, pod) {
		return false
	}
	for i := range ofClass {
		if !ofClass[i].passes(s, r, node, pod) {
			return false
		}
	}
	return true
}

// suits checks what is left for a node to be one for the class, however full it is
// and whatever rules on the hostname say.
func (s *solver) suits(r *route, node int) bool {
	return s.isOpen(r, node, 0) && s.hasPorts(r, node, 0) && s.isTolerated(r, node, 0) && s.hasLabels(r, node, 0)
}

// isOpen reports whether the question admits the node as a target.
func (s *solver) isOpen(r *route, node, _ int) bool {
	return !s.in.Without.Has(node) && !(r.class.barred && s.in.Closed.Has(node))
}

func (s *solver) hasRoom(r *route, node, _ int) bool {
	return r.class.Requests.FitsIn(s.available(node))
}

func (s *solver) hasPorts(r *route, node, _ int) bool {
	if len(r.class.Ports) == 0 {
		return true
	}
	c := s.changed[node]
	return !r.class.Ports.Conflict(s.in.Snapshot.Nodes[node].Ports) && (c == nil || !r.class.Ports.Conflict(c.ports))
}

// balancesHosts checks the rules on the hostname.
func (s *solver) balancesHosts(r *route, node, _ int) bool {
	return r.admitsHost(s.in.Snapshot.Nodes[node].Name)
}

func (s *solver) isTolerated(r *route, node, _ int) bool {
	_, repelled := r.class.Tolerations.Untolerated(s.in.Snapshot.Nodes[node].Taints, r.SoftTaints)
	return !repelled
}

// hasLabels compares labels, strictly (SCH-058, SCH-133).
func (s *solver) hasLabels(r *route, node, _ int) bool {
	n := s.in.Snapshot.Nodes[node]
	if r.onHost {
		return s.meetsOnHost(n, r.wanted)
	}
	_, ok := s.in.Snapshot.Vocabulary.Satisfy(n.Labels, r.wanted)
	return ok
}

// attaches checks that the pod's claims do not exceed what the node can attach
// (SCH-089): other pods of the class may have claims that are there already.
func (s *solver) attaches(_ *route, node, pod int) bool {
	n, attachments := s.in.Snapshot.Nodes[node], s.in.Pods[pod].Attachments
	if len(attachments) == 0 || len(n.AttachLimits) == 0 {
		return true
	}
	_, exceeded := n.AttachLimits.Exceeded(s.attached(node), attachments)
	return !exceeded
}

// attached are the claims on a node in this run.
func (s *solver) attached(node int) attach.Usage {
	if c := s.changed[node]; c != nil && c.attached != nil {
		return c.attached
	}
	return s.in.Snapshot.Nodes[node].Attached
}

// reachesVolumes checks that the node meets one alternative of the volumes
// (SCH-086).
func (s *solver) reachesVolumes(r *route, node, _ int) bool {
	return slices.ContainsFunc(s.alternatives(r.class), func(volumes constraint.Sets) bool {
		return s.meetsOnHost(s.in.Snapshot.Nodes[node], volumes)
	})
}

// balancesDomains checks the rules on other keys than the hostname.
func (s *solver) balancesDomains(r *route, node, _ int) bool {
	for i := range r.onKeys {
		if !s.balances(r, &r.onKeys[i], node) {
			return false
		}
	}
	return true
}

// balances reports whether one more pod may land in the node's domain of a rule. Of
// a domain that a spread does not know, because the pod's own constraints exclude
// its nodes, it says nothing: these constraints are in the way.
func (s *solver) balances(r *route, x *rule, node int) bool {
	domains, listed := x.Allowed(x.counts(), s.view(r.attempt, x))
	d, has := s.in.Snapshot.Nodes[node].Labels.Get(x.Key)
	if !has {
		return !listed
	}
	if domains.Has(int(d)) == listed {
		return true
	}
	return x.Kind == topology.Spread && !x.Domains().Has(int(d)) && !(s.isTolerated(r, node, 0) && s.hasLabels(r, node, 0))
}

// isReady checks that pods which need not move do not land on a node that is not
// initialized (DIS-063).
func (s *solver) isReady(_ *route, node, pod int) bool {
	return s.in.Snapshot.Nodes[node].Initialized || !s.in.Moved.Has(pod)
}

// meetsOnHost compares labels where the hostname may be among those wanted.
func (s *solver) meetsOnHost(n *model.Node, wanted constraint.Sets) bool {
	v := s.in.Snapshot.Vocabulary
	for i := range wanted {
		if wanted[i].Key == s.hostname {
			if !s.isOnHost(n, wanted[i].Set) {
				return false
			}
		} else if _, ok := v.Satisfy(n.Labels, wanted[i:i+1]); !ok {
			return false
		}
	}
	return true
}

// isOnHost reports whether the set admits the node's hostname, which nobody may
// have named so far.
func (s *solver) isOnHost(n *model.Node, hosts constraint.Set) bool {
	name, known := s.in.Snapshot.Vocabulary.FindValue(s.hostname, n.Hostname)
	if !known {
		return !hosts.Concrete()
	}
	return s.in.Snapshot.Vocabulary.Has(s.hostname, hosts, name)
}
