// SPDX-License-Identifier: Apache-2.0

package gauges

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

// nodeLabel is a well-known label of nodes and its name in metrics.
type nodeLabel struct{ key, name string }

// nodeLabels are those of all gauges of single nodes (OPS-115), by name. Of keys
// that come to the same name the core's wins, then the lexically first.
func nodeLabels(words *vocabulary.Vocabulary) []nodeLabel {
	taken := map[string]bool{labelManaged: true, labelNodeName: true, labelPhase: true, labelResourceType: true}
	var out []nodeLabel
	for _, key := range slices.Concat(vocabulary.Core().WellKnownLabels(), words.WellKnownLabels()) {
		_, suffix, domained := strings.Cut(key, "/")
		if name := labelName(suffix); domained && !taken[name] {
			taken[name] = true
			out = append(out, nodeLabel{key, name})
		}
	}
	slices.SortFunc(out, func(a, b nodeLabel) int { return strings.Compare(a.name, b.name) })
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
