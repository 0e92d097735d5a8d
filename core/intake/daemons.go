// SPDX-License-Identifier: Apache-2.0

package intake

import (
	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/hostport"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/engine/taint"
)

// daemon is a DaemonSet's pod as far as nodes of one pool are concerned.
type daemon struct {
	index int // in the list of all daemons
	// terms are its node constraints joined with the pool's.
	terms    []requirement.Requirements
	requests resource.Vector
	ports    hostport.Ports
}

// up assumes the labels that a node gets when it is up (SCH-123, SCH-126).
func up(rs requirement.Requirements) requirement.Requirements {
	return rs.With(requirement.In(label.Registered, "true"), requirement.In(label.Initialized, "true"))
}

// daemonsOf keeps the daemons that some node of the pool would run. Daemons
// whose constraints cannot be read run nowhere.
func (c *Compiler) daemonsOf(pods []*corev1.Pod, pool requirement.Requirements, taints []taint.Taint) []daemon {
	pool = up(pool)
	var out []daemon
	for i, pod := range pods {
		if _, repelled := Tolerations(pod.Spec.Tolerations).Untolerated(taints, true); repelled {
			continue
		}
		terms, _ := c.terms(&pod.Spec)
		d := daemon{index: i, requests: c.Requests(pod), ports: HostPorts(&pod.Spec)}
		for _, term := range terms {
			if pool.Compatible(term, c.IsWellKnown) {
				d.terms = append(d.terms, pool.Intersect(term))
			}
		}
		if len(d.terms) > 0 {
			out = append(out, d)
		}
	}
	return out
}

// IsWellKnown reports whether the key is a label that a pool may leave undefined and
// its nodes have.
func (c *Compiler) IsWellKnown(key string) bool {
	k, ok := c.vocabulary.FindKey(key)
	return ok && c.open.Has(int(k))
}

// IsCustom reports whether the key is a label of the users' own: NodeClaims
// carry a value of their choice for it (SCH-233).
func (c *Compiler) IsCustom(key string) bool {
	return !c.IsWellKnown(key) && !label.SimulationOnly(key) && !c.options.Vocabulary.IsRestricted(key)
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

// shares is what daemons take of the instance types, in their order.
type shares struct {
	requests []resource.Vector
	ports    []hostport.Ports
	running  []bitset.Set // indexes in the list of all daemons
}

// share is what they take of one.
type share struct {
	requests resource.Vector
	ports    hostport.Ports
	running  bitset.Set
}

// sharesOf is what the daemons take of each instance type (SCH-123, SCH-125);
// nothing if there are none. Types with the same daemons share one vector.
func sharesOf(types []*cloudprovider.InstanceType, daemons []daemon) (out shares) {
	if len(daemons) == 0 {
		return out
	}
	bySet := map[string]share{}
	for _, it := range types {
		set := make([]byte, len(daemons))
		for d := range daemons {
			if daemons[d].runsOn(it.Requirements) {
				set[d] = 1
			}
		}
		if _, known := bySet[string(set)]; !known {
			bySet[string(set)] = sum(daemons, set)
		}
		of := bySet[string(set)]
		out.requests = append(out.requests, of.requests)
		out.ports = append(out.ports, of.ports)
		out.running = append(out.running, of.running)
	}
	return out
}

// sum adds up the daemons that are in the set.
func sum(daemons []daemon, set []byte) (out share) {
	for d := range daemons {
		if set[d] == 1 {
			out.requests = out.requests.Add(daemons[d].requests)
			out.ports = append(out.ports, daemons[d].ports...)
			out.running = out.running.Add(daemons[d].index)
		}
	}
	return out
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
	var sum resource.Vector
	for _, pod := range c.belonging(node, daemons) {
		sum = sum.Add(c.Requests(pod))
	}
	return sum.Sub(node.BoundDaemons).Floor()
}

// PortsOfDaemons are those that daemons take of an existing node, whether they are
// bound or still to come (SCH-101).
func (c *Compiler) PortsOfDaemons(node NodeInput, daemons []*corev1.Pod) hostport.Ports {
	var out hostport.Ports
	for _, pod := range c.belonging(node, daemons) {
		out = append(out, HostPorts(&pod.Spec)...)
	}
	return out
}

// belonging are the daemons that run on the node sooner or later.
func (c *Compiler) belonging(node NodeInput, daemons []*corev1.Pod) []*corev1.Pod {
	offered, taints := requirement.OfLabels(node.Labels), Taints(node.Taints)
	if node.Starting {
		offered = up(offered.Without(label.SimulationOnly))
	}
	var out []*corev1.Pod
	for _, pod := range daemons {
		if _, repelled := Tolerations(pod.Spec.Tolerations).Untolerated(taints, true); repelled {
			continue
		}
		terms, _ := c.terms(&pod.Spec)
		for _, term := range terms {
			if offered.Compatible(term, requirement.Strict) {
				out = append(out, pod)
				break
			}
		}
	}
	return out
}
