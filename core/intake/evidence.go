// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"maps"
	"slices"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/attach"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/engine/taint"
)

// Evidence is what nodes of a pool turned out to be, by instance type (SCH-300).
type Evidence map[string]Observation

// Observation is what the best of the nodes of an instance type turned out to be.
type Observation struct {
	// Promised is what the provider said at their launch, Offered what they have.
	// Nothing is said about resources where no more was promised than offered.
	Promised, Offered resource.Vector
	// Daemons is what daemons and static pods take there; nil if it is not known.
	Daemons resource.Vector
	// Taints are those that the NodeClaim does not know of.
	Taints []taint.Taint
	// Attach are the most claims that a node attaches, by driver.
	Attach attach.Limits
	// Recent observations say something about other instance types, too.
	Recent bool
}

// Equal reports whether both say the same.
func (e Evidence) Equal(o Evidence) bool {
	return maps.EqualFunc(e, o, func(a, b Observation) bool {
		return a.Promised.Equal(b.Promised) && a.Offered.Equal(b.Offered) && a.Daemons.Equal(b.Daemons) &&
			slices.Equal(a.Taints, b.Taints) && maps.Equal(a.Attach, b.Attach) && a.Recent == b.Recent
	})
}

// witnesses is how many instance types have to agree before others are expected to
// be like them.
const witnesses = 2

// judge compares observations with what a pool's instance types promise. Types
// without nodes are taken for what all recent observations have in common, if
// there are two or more.
type judge struct {
	known  map[int]*Observation // by index of the type
	recent []*finding
}

// finding is what one type with nodes lacks.
type finding struct {
	observation *Observation
	promised    resource.Vector // of the base group
	lacks       resource.Vector
	excess      resource.Vector
}

// observed is what is known of the variants of a catalogue; nil if nothing is.
func observed(types []*cloudprovider.InstanceType, catalogue *model.Catalogue, daemons []resource.Vector, e Evidence) []model.Observed {
	if len(e) == 0 {
		return nil
	}
	overhead := func(t int) resource.Vector {
		if daemons == nil {
			return nil
		}
		return daemons[t]
	}
	j := judge{known: map[int]*Observation{}}
	for t, it := range types {
		if o, ok := e[it.Name]; ok {
			j.add(t, &o, catalogue.Type(t).Groups[0].Allocatable, overhead(t))
		}
	}
	var out []model.Observed
	worse := false
	for t := range types {
		for g := range catalogue.Type(t).Groups {
			promised := catalogue.Type(t).Groups[g].Allocatable
			found := j.find(t, promised, overhead(t))
			worse = worse || !found.Missing.Zero() || len(found.Taints) > 0 || len(found.Attach) > 0
			out = append(out, found)
		}
	}
	if !worse {
		return nil
	}
	return out
}

func (j *judge) add(t int, o *Observation, promised, overhead resource.Vector) {
	j.known[t] = o
	if o.Recent {
		j.recent = append(j.recent, &finding{
			observation: o, promised: promised, lacks: o.lacks(promised), excess: o.excess(overhead),
		})
	}
}

// lacks is how much less than promised nodes offer. A node speaks only for those
// of which no more was promised than of itself.
func (o *Observation) lacks(promised resource.Vector) resource.Vector {
	var out resource.Vector
	for id, n := range promised {
		r := resource.ID(id)
		if offered := o.Offered.Get(r); n > offered && o.Promised.Get(r) >= n {
			out = out.Set(r, n-offered)
		}
	}
	return out
}

// excess is how much more than planned daemons take.
func (o *Observation) excess(planned resource.Vector) resource.Vector {
	return o.Daemons.Clone().Sub(planned).Floor()
}

func (j *judge) find(t int, promised, overhead resource.Vector) model.Observed {
	if o := j.known[t]; o != nil {
		return model.Observed{Missing: o.lacks(promised).Add(o.excess(overhead)), Taints: o.Taints, Attach: o.Attach}
	}
	if len(j.recent) < witnesses {
		return model.Observed{}
	}
	return model.Observed{Missing: j.commonLack(promised).Add(j.commonExcess()), Taints: j.commonTaints(), Attach: j.commonLimits()}
}

// commonLack is the least that the types with nodes lack of what is promised, as
// an amount and as a share.
func (j *judge) commonLack(promised resource.Vector) resource.Vector {
	var out resource.Vector
	for id, n := range promised {
		r := resource.ID(id)
		seen, least := 0, n
		for _, f := range j.recent {
			of := f.promised.Get(r)
			if of <= 0 {
				continue
			}
			seen++
			least = min(least, f.lacks.Get(r), int64(float64(f.lacks.Get(r))/float64(of)*float64(n)))
		}
		if seen >= witnesses && least > 0 {
			out = out.Set(r, least)
		}
	}
	return out
}

func (j *judge) commonExcess() resource.Vector {
	out := j.recent[0].excess.Clone()
	for _, f := range j.recent[1:] {
		for id := range out {
			out[id] = min(out[id], f.excess.Get(resource.ID(id)))
		}
	}
	return out
}

func (j *judge) commonTaints() []taint.Taint {
	out := slices.Clone(j.recent[0].observation.Taints)
	for _, f := range j.recent[1:] {
		out = slices.DeleteFunc(out, func(t taint.Taint) bool { return !slices.Contains(f.observation.Taints, t) })
	}
	return out
}

// commonLimits are the most that any of the types attaches, of drivers that all of
// them limit.
func (j *judge) commonLimits() attach.Limits {
	out := maps.Clone(j.recent[0].observation.Attach)
	for _, f := range j.recent[1:] {
		maps.DeleteFunc(out, func(driver string, _ int) bool { _, limited := f.observation.Attach[driver]; return !limited })
		for driver := range out {
			out[driver] = max(out[driver], f.observation.Attach[driver])
		}
	}
	return out
}
