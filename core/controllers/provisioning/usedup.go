// SPDX-License-Identifier: Apache-2.0

package provisioning

import (
	"slices"
	"strings"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/reason"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/question"
)

// usedUp names the limits that keep what would do for a class from being had; empty
// without any, and where the reasons are not about pools (SCH-333).
func (p *Provisioner) usedUp(g *gathered, class *model.Class, why reason.List) string {
	if len(why) > 0 && why[0].Pool == "" || len(class.Attempts) == 0 {
		return ""
	}
	if g.scarce == nil {
		g.scarce = scarceIn(cloudprovider.LimitsOf(p.Provider).Shared, g.Pools)
	}
	var short []string
	for _, l := range g.scarce.limits {
		if slices.ContainsFunc(g.scarce.denied[l.Name], func(d denied) bool { return d.wouldDo(class) }) {
			short = append(short, l.String())
		}
	}
	if len(short) == 0 {
		return ""
	}
	return "; limits of the account keep what would do from being launched: " + strings.Join(short, ", ")
}

// scarce is what shared limits deny in a round. There may be thousands of classes to tell,
// and a hundred times as many offerings: those are gone through once.
type scarce struct {
	limits []cloudprovider.SharedLimit
	// denied are offerings by the name of the limit.
	denied map[string][]denied
}

// denied is an unavailable offering for which a limit leaves too little.
type denied struct {
	pool     *question.Pool
	kind     int // of the pool's types
	offering *cloudprovider.Offering
}

func scarceIn(limits []cloudprovider.SharedLimit, pools []question.Pool) *scarce {
	out := &scarce{limits: limits, denied: map[string][]denied{}}
	left := make(map[string]int64, len(limits))
	for _, l := range limits {
		left[l.Name] = l.Left()
	}
	for i := range pools {
		for kind, it := range pools[i].Types {
			for _, o := range it.Offerings {
				out.deny(left, denied{&pools[i], kind, o})
			}
		}
	}
	return out
}

// deny notes an offering by the limits that deny it.
func (s *scarce) deny(left map[string]int64, d denied) {
	if d.offering.Available {
		return
	}
	for _, draw := range d.offering.Draws {
		if most, known := left[draw.Limit]; known && draw.Amount > most {
			s.denied[draw.Limit] = append(s.denied[draw.Limit], d)
		}
	}
}

// wouldDo reports whether pods of a class could have a machine of the offering.
func (d denied) wouldDo(class *model.Class) bool {
	wanted := class.Attempts[len(class.Attempts)-1].Plain
	suits := func(rs requirement.Requirements) bool {
		return rs.Overlaps(wanted) && rs.Overlaps(d.pool.Template.Requirements)
	}
	return suits(d.offering.Requirements) && suits(d.pool.Types[d.kind].Requirements) &&
		class.Requests.FitsIn(d.pool.Template.Catalogue.Type(d.kind).Groups[0].Allocatable)
}
