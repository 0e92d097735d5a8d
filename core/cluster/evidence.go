// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/engine/attach"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/engine/taint"
	"karpenter.sh/core/intake"
	"karpenter.sh/core/intake/admission"
	"karpenter.sh/core/objects/nodes"
)

const (
	// recently is how long a node's word counts for other instance types, and what
	// may be the fault of the one node: devices that are missing and taints.
	recently = time.Hour
	// evidenceFor is how long the last of an instance type's nodes is remembered
	// when all are gone, and maxEvidence for how many types at most; beyond it all
	// are forgotten.
	evidenceFor = 6 * time.Hour
	maxEvidence = 4096
	// ripe is how long after a node got ready its daemons and taints are all there.
	ripe = 30 * time.Second
)

// kind is what nodes are alike by: those of one instance type in one pool.
type kind struct{ pool, instanceType string }

// witness is what one node turned out to be.
type witness struct {
	kind
	// ready is since when it is, or should be.
	ready             time.Time
	promised, offered resource.Vector
	daemons           resource.Vector
	outlived          bool // the daemons say nothing of those to come
	taints            []taint.Taint
	limits            attach.Limits
	idle              bool // holds no pods but daemons
}

// remembered is the last node of a kind, as it was before it went.
type remembered struct {
	witness
	at time.Time
	// daemonSets are those of that time: what daemons took says nothing once they
	// have changed.
	daemonSets []*corev1.Pod
}

// witness is what the node turned out to be; false while it is not ready for pods
// and still may be, or if it is on its way out.
func (n *StateNode) witness(e *epoch, now time.Time) (witness, bool) {
	if n.claim == nil || n.node == nil || n.marked {
		return witness{}, false
	}
	w := witness{
		kind:     kind{n.NodePool(), n.seen.Labels[corev1.LabelInstanceTypeStable]},
		promised: n.seen.promised, offered: n.seen.allocatable, limits: n.volumeLimits,
	}
	switch {
	case w.pool == "" || w.instanceType == "":
		return witness{}, false
	case n.Initialized():
		w.ready = changed(n.claim, v1.ConditionTypeInitialized)
	case n.seen.Stage == Registered && n.Overdue(now):
		// It is what it says itself, without what its NodeClaim hopes for.
		w.ready, w.offered = changed(n.claim, v1.ConditionTypeRegistered), e.compiler.Available(n.node.Status.Allocatable)
	default:
		return witness{}, false
	}
	u := n.pods.usage()
	w.daemons, w.idle, w.outlived = u.system, u.workload == 0, e.outlived(n.pods)
	if w.idle {
		w.taints = intake.Taints(unforeseen(n.node, n.claim))
	}
	return w, true
}

// outlived reports whether a daemon among the pods has from LimitRanges what those to
// come will not get any more.
func (e *epoch) outlived(s *podSet) bool {
	return slices.ContainsFunc(s.pods, func(p *Pod) bool {
		if !p.Daemon || !admission.Filled(p.Pod) {
			return false
		}
		toCome := e.daemonLike(p)
		return toCome != nil && !e.compiler.Requests(toCome).Equal(p.Requests)
	})
}

// daemonLike is the daemon to come of the DaemonSet that made a pod, or nil.
func (e *epoch) daemonLike(p *Pod) *corev1.Pod {
	made := metav1.GetControllerOfNoCopy(p.Pod)
	i := slices.IndexFunc(e.daemons, func(d *corev1.Pod) bool {
		return made != nil && made.UID == metav1.GetControllerOfNoCopy(d).UID
	})
	if i < 0 {
		return nil
	}
	return e.daemons[i]
}

// unforeseen are the taints of a node that neither its NodeClaim carries nor are
// signs of its state: those come and go.
func unforeseen(node *corev1.Node, claim *v1.NodeClaim) []corev1.Taint {
	var out []corev1.Taint
	for _, t := range node.Spec.Taints {
		disrupted := v1.DisruptedTaint()
		if v1.IsEphemeralTaint(t) || strings.HasPrefix(t.Key, "node.kubernetes.io/") || t.MatchTaint(&disrupted) ||
			nodes.HasTaint(claim.Spec.Taints, t) || nodes.HasTaint(claim.Spec.StartupTaints, t) {
			continue
		}
		out = append(out, t)
	}
	return out
}

// remember keeps what a node was before it goes.
func (c *Cluster) remember(n *StateNode) {
	now := c.clock.Now()
	w, ok := n.witness(c.epoch, now)
	if !ok {
		return
	}
	c.evidence = maps.Clone(c.evidence) // snapshots share the one before
	if len(c.evidence) >= maxEvidence {
		maps.DeleteFunc(c.evidence, func(_ kind, r remembered) bool { return now.Sub(r.at) >= evidenceFor })
	}
	if len(c.evidence) >= maxEvidence || c.evidence == nil {
		c.evidence = map[kind]remembered{}
	}
	c.evidence[w.kind] = remembered{w, now, c.epoch.daemons}
}

// Evidence is what the nodes of a pool turned out to be, by instance type
// (SCH-300). Nodes that are there speak for their type; the last one of those that
// are gone does where they say nothing yet, for some hours.
func (s *Snapshot) Evidence(pool string) intake.Evidence { return s.evidence()[pool] }

func (s *Snapshot) makeEvidence() map[string]intake.Evidence {
	found := map[kind]*testimony{}
	for _, n := range s.nodes {
		if w, ok := n.witness(s.epoch, s.Taken); ok {
			if len(w.taints) > 0 && s.served(n.claim.Name) {
				w.taints = nil // pods ran there: somebody tainted it afterwards
			}
			if found[w.kind] == nil {
				found[w.kind] = &testimony{}
			}
			found[w.kind].hear(&w, s.Taken)
		}
	}
	for k, r := range s.gone {
		if found[k] == nil {
			found[k] = &testimony{}
		}
		if !slices.Equal(r.daemonSets, s.epoch.daemons) {
			r.outlived = true
		}
		found[k].recall(&r, s.Taken)
	}
	out := map[string]intake.Evidence{}
	for k, t := range found {
		if !t.heard {
			continue
		}
		if out[k.pool] == nil {
			out[k.pool] = intake.Evidence{}
		}
		out[k.pool][k.instanceType] = t.sum()
	}
	return out
}
