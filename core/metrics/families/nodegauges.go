// SPDX-License-Identifier: Apache-2.0

package families

import (
	"slices"
	"strings"

	"karpenter.sh/core/apis/vocabulary"
)

// Labels of node gauges beside the well-known ones.
const (
	labelManaged      = "managed"
	labelNodeName     = "node_name"
	labelPhase        = "phase"
	labelResourceType = "resource_type"
)

// NodeLabel is a well-known label of nodes and its name in metrics.
type NodeLabel struct{ Key, Name string }

// NodeLabels are those of all gauges of single nodes (OPS-115), by name. Of keys that
// come to the same name the core's wins, then the lexically first.
func NodeLabels(words *vocabulary.Vocabulary) []NodeLabel {
	taken := map[string]bool{labelManaged: true, labelNodeName: true, labelPhase: true, labelResourceType: true}
	var out []NodeLabel
	for _, key := range slices.Concat(vocabulary.Core().WellKnownLabels(), words.WellKnownLabels()) {
		_, suffix, domained := strings.Cut(key, "/")
		if name := labelName(suffix); domained && !taken[name] {
			taken[name] = true
			out = append(out, NodeLabel{key, name})
		}
	}
	slices.SortFunc(out, func(a, b NodeLabel) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// labelName turns everything that the name of a label in metrics cannot have
// into an underscore.
func labelName(suffix string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(suffix))
}

// NodeGauges are the gauges of single nodes. Their labels are those of
// [NodeLabels], then managed, node_name and phase, and resource_type where amounts are
// shown.
func NodeGauges(words *vocabulary.Vocabulary) Group {
	var labels []string
	for _, l := range NodeLabels(words) {
		labels = append(labels, l.Name)
	}
	labels = append(labels, labelManaged, labelNodeName, labelPhase)
	withResource := append(slices.Clone(labels), labelResourceType)
	amounts := func(name, help string) Family {
		return Family{Name: name, Type: Gauge, Labels: withResource, Stage: Beta, Needs: NeedsState, Help: help}
	}
	return Group{Title: "Single nodes", Families: []Family{
		// OPS-117
		amounts("karpenter_nodes_allocatable", "Resources that a node has for pods."),
		// OPS-118
		amounts("karpenter_nodes_total_pod_requests", "Resources that the pods on a node request, those of DaemonSets included."),
		// OPS-119
		amounts("karpenter_nodes_total_pod_limits", "Limits of the pods on a node, those of DaemonSets included."),
		// OPS-120
		amounts("karpenter_nodes_total_daemon_requests", "Resources that the DaemonSet pods on a node request."),
		// OPS-121
		amounts("karpenter_nodes_total_daemon_limits", "Limits of the DaemonSet pods on a node."),
		// OPS-122
		amounts("karpenter_nodes_system_overhead", "Capacity of a node that is not allocatable."),
		// OPS-123
		{Name: "karpenter_nodes_current_lifetime_seconds", Type: Gauge, Labels: labels, Stage: Alpha, Needs: NeedsState,
			Help: "Age of a node."},
	}}
}
