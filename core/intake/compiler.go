// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"sync"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/engine/taint"
)

// PreferencePolicy says whether preferences take part in scheduling (SCH-071).
type PreferencePolicy string

// The policies.
const (
	RespectPreferences PreferencePolicy = "Respect"
	IgnorePreferences  PreferencePolicy = "Ignore"
)

// Options are the settings of a [Compiler].
type Options struct {
	// Vocabulary says how label keys are read.
	Vocabulary *vocabulary.Vocabulary
	// Preferences defaults to RespectPreferences.
	Preferences PreferencePolicy
	// Reservations counts what capacity reservations hold; without it reserved
	// offerings are like any other (SCH-210).
	Reservations bool
	// IgnoreDRARequests leaves pods with claims of Dynamic Resource Allocation
	// without a place (SCH-188).
	IgnoreDRARequests bool
}

// Compiler turns Kubernetes objects into the engine's model. Safe for
// concurrent use.
type Compiler struct {
	options    Options
	vocabulary *constraint.Vocabulary
	names      *resource.Names
	open       bitset.Set

	mu         sync.Mutex
	encoder    encoder
	classes    map[string]*model.Class
	catalogues []*cachedCatalogue
	templates  map[string]*cachedTemplate
}

// New returns a Compiler with nothing interned but the well-known labels.
func New(o Options) *Compiler {
	if o.Preferences == "" {
		o.Preferences = RespectPreferences
	}
	return generation(o, resource.NewNames())
}

// Renewed returns a Compiler that has interned no labels yet but the well-known
// ones, and forgotten everything it compiled. Resource names stay, so vectors
// mean the same to both; whatever holds labels does not.
func (c *Compiler) Renewed() *Compiler { return generation(c.options, c.names) }

func generation(o Options, names *resource.Names) *Compiler {
	c := &Compiler{
		options: o, vocabulary: constraint.NewVocabulary(), names: names,
		classes: map[string]*model.Class{}, templates: map[string]*cachedTemplate{},
	}
	for _, key := range o.Vocabulary.WellKnownLabels() {
		c.open = c.open.Add(int(c.vocabulary.Key(key)))
	}
	return c
}

// Vocabulary holds the interned labels.
func (c *Compiler) Vocabulary() *constraint.Vocabulary { return c.vocabulary }

// Names holds the interned resource names.
func (c *Compiler) Names() *resource.Names { return c.names }

// NodeLabels interns a node's labels. The hostname is left out: every node has
// one of its own, and interning them all would make the vocabulary grow with
// every node ever seen. It is [model.Node.Hostname] instead.
func (c *Compiler) NodeLabels(labels map[string]string) constraint.Labels {
	return c.vocabulary.CompileLabels(labels, func(key string) bool { return key == label.Hostname })
}

// Taints is the engine's form of taints.
func Taints(taints []corev1.Taint) []taint.Taint {
	out := make([]taint.Taint, 0, len(taints))
	for _, t := range taints {
		out = append(out, taint.Taint{Key: t.Key, Value: t.Value, Effect: taint.Effect(t.Effect)})
	}
	return out
}

// Tolerations is the engine's form of tolerations.
func Tolerations(in []corev1.Toleration) taint.Tolerations {
	out := make(taint.Tolerations, 0, len(in))
	for _, t := range in {
		out = append(out, taint.Toleration{
			Key: t.Key, Operator: taint.TolerationOperator(t.Operator), Value: t.Value, Effect: taint.Effect(t.Effect),
		})
	}
	return out
}
