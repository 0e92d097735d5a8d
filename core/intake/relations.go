// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"slices"

	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/topology"
)

// relations work out what pods have to do with the groups of a round. Labels
// count only as far as some selector reads them, so the pods of a StatefulSet
// or an indexed Job remain one class.
type relations struct {
	rules []*TopologyRule
	// read are the label keys that some selector looks at, sorted.
	read []string
	// known by namespace and the values of the keys read.
	known map[string]relation
	key   []byte
}

type relation struct {
	counted, repelling []int32
	// text tells relations apart.
	text string
}

func (r *Round) newRelations() *relations {
	out := &relations{rules: r.rules, known: map[string]relation{}}
	for _, rule := range r.rules {
		out.read = append(out.read, rule.keysRead()...)
	}
	slices.Sort(out.read)
	out.read = slices.Compact(out.read)
	return out
}

// class returns the shape's class for a pod with such labels.
func (rs *relations) class(p roundPod) *model.Class {
	if len(rs.rules) == 0 {
		return p.shape.class
	}
	rel := rs.of(p)
	if len(rel.counted)+len(rel.repelling)+len(p.shape.owned) == 0 {
		return p.shape.class
	}
	if c, ok := p.shape.classes[rel.text]; ok {
		return c
	}
	c := *p.shape.class
	c.Topology = topology.Relation{Counted: rel.counted, Repelling: rel.repelling, Owned: p.shape.owned}
	p.shape.classes[rel.text] = &c
	return &c
}

func (rs *relations) of(p roundPod) relation {
	rs.key = append(append(rs.key[:0], p.pod.Namespace...), 0)
	for _, key := range rs.read {
		value, has := p.pod.Labels[key]
		if has {
			rs.key = append(append(rs.key, 1), value...)
		}
		rs.key = append(rs.key, 0)
	}
	if rel, ok := rs.known[string(rs.key)]; ok {
		return rel
	}
	rel := rs.work(p)
	rs.known[string(rs.key)] = rel
	return rel
}

func (rs *relations) work(p roundPod) relation {
	var rel relation
	text := make([]byte, 0, len(rs.rules))
	for i, rule := range rs.rules {
		selected := rule.Selects(p.pod.Namespace, p.pod.Labels)
		switch {
		case !selected:
			text = append(text, '0')
			continue
		case rule.Kind == topology.Inverse:
			rel.repelling = append(rel.repelling, int32(i))
		default:
			rel.counted = append(rel.counted, int32(i))
		}
		text = append(text, '1')
	}
	rel.text = string(text)
	return rel
}
