// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/resource"
)

// PoolInput is what a template is compiled from.
type PoolInput struct {
	NodePool *v1.NodePool
	// Types are what the provider offers for the pool.
	Types []*cloudprovider.InstanceType
	// Daemons are the pods that represent the DaemonSets (SCH-120).
	Daemons []*corev1.Pod
	// Evidence is what nodes of the pool turned out to be.
	Evidence Evidence
}

// cachedTemplate is the last template of a pool with what it was made from.
type cachedTemplate struct {
	uid        types.UID
	generation int64
	catalogue  *model.Catalogue
	daemons    []*corev1.Pod
	evidence   Evidence
	compiled   *model.Template
}

// Template compiles a node pool, at most once for each revision of its spec,
// its instance types, the daemons and the evidence. The error names the field that cannot be
// understood.
func (c *Compiler) Template(in PoolInput) (*model.Template, error) {
	catalogue := c.Catalogue(in.Types)
	c.mu.Lock()
	known := c.templates[in.NodePool.Name]
	c.mu.Unlock()
	if known != nil && known.uid == in.NodePool.UID && known.generation == in.NodePool.Generation &&
		known.catalogue == catalogue && slices.Equal(known.daemons, in.Daemons) && known.evidence.Equal(in.Evidence) {
		return known.compiled, nil
	}
	compiled, err := c.template(in, catalogue)
	if err != nil {
		return nil, fmt.Errorf("compiling NodePool %q: %w", in.NodePool.Name, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.templates[in.NodePool.Name] = &cachedTemplate{
		uid: in.NodePool.UID, generation: in.NodePool.Generation,
		catalogue: catalogue, daemons: slices.Clone(in.Daemons), evidence: in.Evidence, compiled: compiled,
	}
	return compiled, nil
}

func (c *Compiler) template(in PoolInput, catalogue *model.Catalogue) (*model.Template, error) {
	wanted, err := c.PoolRequirements(in.NodePool)
	if err != nil {
		return nil, err
	}
	if r, bad := wanted.Unsatisfiable(); bad {
		return nil, fmt.Errorf("requirements and labels on key %q exclude each other", r.Key())
	}
	taints := Taints(in.NodePool.Spec.Template.Spec.Taints)
	daemons := sharesOf(in.Types, c.daemonsOf(in.Daemons, wanted, taints))
	return model.NewTemplate(c.vocabulary, model.TemplateOptions{
		Pool:         in.NodePool.Name,
		Requirements: wanted,
		Taints:       taints,
		Catalogue:    catalogue,
		Overhead:     daemons.requests,
		DaemonPorts:  daemons.ports,
		Daemons:      daemons.running,
		Observed:     observed(in.Types, catalogue, daemons.requests, in.Evidence),
		Open:         c.open,
	}), nil
}

// PoolRequirements are what every node of the pool satisfies: its requirements,
// its labels and the two ownership labels (SCH-190, API-124). minValues is
// kept.
func (c *Compiler) PoolRequirements(np *v1.NodePool) (requirement.Requirements, error) {
	template := &np.Spec.Template
	classKey, className := cloudprovider.NodeClassLabel(template.Spec.NodeClassRef)
	out := requirement.All(requirement.In(label.NodePool, np.Name), requirement.In(classKey, className))
	for i, e := range template.Spec.Requirements {
		r, err := c.Requirement(e.Key, string(e.Operator), e.Values)
		if err != nil {
			return out, fmt.Errorf("spec.template.spec.requirements[%d]: %w", i, err)
		}
		if e.MinValues != nil {
			r = r.WithMinValues(*e.MinValues)
		}
		out = out.With(r)
	}
	for key, value := range template.ObjectMeta.Labels {
		key, value = c.options.Vocabulary.Normalize(key, value)
		out = out.With(requirement.In(key, value))
	}
	return out, nil
}

// Apart is how many of the wanted requirements the nodes of a pool could not meet,
// whatever its instance types are; 0 if the pool's own cannot be understood.
func (c *Compiler) Apart(np *v1.NodePool, wanted requirement.Requirements) (apart int) {
	offered, err := c.PoolRequirements(np)
	if err != nil {
		return 0
	}
	open := func(key string) bool {
		k, known := c.vocabulary.FindKey(key)
		return known && c.open.Has(int(k))
	}
	for range offered.Mismatches(wanted, open) {
		apart++
	}
	return apart
}

// PoolLimits is the engine's form of what a pool's limits leave beside the
// capacity of its nodes (SCH-200); used must count 1 of [resource.Nodes] for
// each node.
func (c *Compiler) PoolLimits(limits v1.Limits, used resource.Vector) model.Limits {
	available := c.Available(corev1.ResourceList(limits))
	out := make(model.Limits, 0, len(limits))
	for name := range limits {
		id := c.names.Intern(string(name))
		out = append(out, model.Limit{Resource: id, Amount: available.Get(id) - used.Get(id)})
	}
	slices.SortFunc(out, func(a, b model.Limit) int { return int(a.Resource - b.Resource) })
	return out
}
