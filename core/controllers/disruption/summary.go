// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/disruption/queue"
	"karpenter.sh/core/controllers/disruption/report"
	"karpenter.sh/core/controllers/disruption/survey"
	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/engine/reason"
)

// named is how many objects the text of a command names (OPS-081).
const named = 5

// summary is a command in words and numbers (DIS-156).
type summary struct {
	id           queue.ID
	kind         disrupt.Kind
	decision     report.Decision
	pools        []string // sorted
	nodes        []node
	replacements []replacement
	pods         int
	savings      float64 // per hour
	payback      time.Duration
}

// node is what a log record says of a node.
type node struct {
	Node         klog.ObjectRef `json:"Node"`
	NodeClaim    klog.ObjectRef `json:"NodeClaim"`
	InstanceType string         `json:"instance-type"`
	CapacityType string         `json:"capacity-type"`
}

// replacement is what a log record says of one.
type replacement struct {
	NodeClaim    klog.ObjectRef `json:"NodeClaim"`
	CapacityType string         `json:"capacity-type"`
	// InstanceTypes are listed only of a replacement that is the only one.
	InstanceTypes string `json:"instance-types,omitempty"`
}

func summarize(c queue.Command, weighed disrupt.Command, s *survey.Survey) summary {
	out := summary{
		id: c.ID, kind: c.Kind, decision: report.DecisionWith(len(c.Replacements)), savings: weighed.Saving, payback: weighed.Payback,
		replacements: make([]replacement, len(c.Replacements)),
	}
	for i, nodeClaim := range c.Replacements {
		out.replacements[i] = replacement{NodeClaim: klog.KRef("", nodeClaim.Name), CapacityType: preferred(nodeClaim)}
		if len(c.Replacements) == 1 {
			out.replacements[i].InstanceTypes = reason.Shorten(weighed.Replacements[i].Types, named)
		}
	}
	decided := map[string]*disrupt.Node{}
	for i := range s.State.Nodes {
		decided[s.State.Nodes[i].ID] = &s.State.Nodes[i]
	}
	for _, candidate := range c.Candidates {
		n := decided[candidate.Target.ID]
		labels := s.Node(n.ID).View().Labels
		out.nodes = append(out.nodes, node{
			Node: klog.KRef("", candidate.Target.Node), NodeClaim: klog.KRef("", candidate.Target.NodeClaim),
			InstanceType: labels[corev1.LabelInstanceTypeStable], CapacityType: labels[v1.CapacityTypeLabelKey],
		})
		out.pools = append(out.pools, n.Pool)
		for i := range n.Pods {
			if n.Pods[i].Reschedulable {
				out.pods++
			}
		}
	}
	slices.Sort(out.pools)
	out.pools = slices.Compact(out.pools)
	return out
}

// preferred is the capacity type that is tried first of those that a NodeClaim
// allows; empty if it does not say.
func preferred(nodeClaim *v1.NodeClaim) string {
	for _, capacityType := range []string{v1.CapacityTypeReserved, v1.CapacityTypeSpot, v1.CapacityTypeOnDemand} {
		for _, r := range nodeClaim.Spec.Requirements {
			if r.Key == v1.CapacityTypeLabelKey && slices.Contains(r.Values, capacityType) {
				return capacityType
			}
		}
	}
	return ""
}

// fields are those of the log records about the command. They hold all nodes:
// whoever looks for what became of one finds it here.
func (s summary) fields() []any {
	return []any{
		"command", s.String(),
		"command-id", s.id,
		"reason", report.Reason(s.kind.Reason),
		"decision", s.decision,
		"disrupted-node-count", len(s.nodes),
		"replacement-node-count", len(s.replacements),
		"pod-count", s.pods,
		"savings-per-hour", s.savings,
		"payback", s.paysBack(),
		"disrupted-nodes", s.nodes,
		"replacement-nodes", s.replacements,
	}
}

func (s summary) String() string {
	nodes := make([]string, len(s.nodes))
	for i, n := range s.nodes {
		nodes[i] = n.Node.Name
	}
	return fmt.Sprintf("%s/%s: %s, nodepools %s, nodes %s, savings $%.2f",
		report.Reason(s.kind.Reason), s.id, s.decision, reason.Shorten(s.pools, named), reason.Shorten(nodes, named), s.savings)
}

// paysBack is when the command has saved what it costs, in words.
func (s summary) paysBack() string {
	if s.payback >= disrupt.Never {
		return "never"
	}
	return s.payback.Round(time.Second).String()
}
