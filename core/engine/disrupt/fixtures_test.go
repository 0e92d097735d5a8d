// SPDX-License-Identifier: Apache-2.0

package disrupt_test

import (
	"time"

	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/engine/drain"
)

var now = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// emptyNode is a node that emptiness takes; tests change one thing about it.
func emptyNode(id string) disrupt.Node {
	return disrupt.Node{
		ID: id, Name: id, Pool: "p", Claimed: true, Exists: true, Initialized: true, Ready: true,
		Consolidatable: true, Created: now.Add(-time.Hour),
	}
}

// pool is one that leaves room for any number of disruptions.
func pool() disrupt.Pool {
	return disrupt.Pool{Managed: true, Budget: disrupt.Budget{Limit: 1 << 20}}
}

func state(nodes ...disrupt.Node) disrupt.State {
	return disrupt.State{Now: now, Nodes: nodes, Pools: map[string]disrupt.Pool{"p": pool()}}
}

// ordinaryPod is a pod of a Deployment.
func ordinaryPod() disrupt.Pod {
	return disrupt.Pod{Namespace: "default", Name: "web", Active: true, Reschedulable: true, EvictionCost: 1}
}

func protection(value string) drain.Protection { return drain.ParseProtection(value) }

// taken are the nodes of all commands, in order.
func taken(d disrupt.Decision) []string {
	var out []string
	for _, c := range d.Commands {
		out = append(out, c.Nodes...)
	}
	return out
}

// causes are those of the refusals, by node.
func causes(refusals []disrupt.Refusal) map[string]disrupt.Cause {
	out := map[string]disrupt.Cause{}
	for _, r := range refusals {
		out[r.Node] = r.Cause
	}
	return out
}
