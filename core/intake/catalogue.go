// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"slices"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/model"
)

// maxCatalogues bounds the distinct instance-type lists remembered; pools of
// one NodeClass share theirs.
const maxCatalogues = 64

// cachedCatalogue remembers a compiled list. Instance types are immutable and
// shared (CP-009), so the same pointers mean the same content; an availability
// change makes new ones.
type cachedCatalogue struct {
	types    []*cloudprovider.InstanceType
	compiled *model.Catalogue
}

// Catalogue compiles a provider's instance types, in their order, at most once
// for each distinct list.
func (c *Compiler) Catalogue(types []*cloudprovider.InstanceType) *model.Catalogue {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.catalogues, func(k *cachedCatalogue) bool { return slices.Equal(k.types, types) })
	if i >= 0 {
		return c.catalogues[i].compiled
	}
	compiled := make([]model.Type, len(types))
	for i, it := range types {
		compiled[i] = c.instanceType(it)
	}
	if len(c.catalogues) == maxCatalogues {
		c.catalogues = slices.Delete(c.catalogues, 0, 1)
	}
	fresh := &cachedCatalogue{types: slices.Clone(types), compiled: model.NewCatalogue(c.vocabulary, compiled)}
	c.catalogues = append(c.catalogues, fresh)
	return fresh.compiled
}

func (c *Compiler) instanceType(it *cloudprovider.InstanceType) model.Type {
	out := model.Type{
		Name:         it.Name,
		Requirements: c.vocabulary.Compile(it.Requirements),
		Capacity:     c.Available(it.Capacity),
	}
	for _, g := range it.Groups() {
		group := model.Group{Allocatable: c.Available(g.Allocatable)}
		for _, o := range g.Offerings {
			group.Offerings = append(group.Offerings, c.offering(o))
		}
		out.Groups = append(out.Groups, group)
	}
	return out
}
