// SPDX-License-Identifier: Apache-2.0

package reason

import (
	"fmt"
	"slices"
	"strings"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
)

// types says what the pool's instance types lack: the label that none of them
// has, the resource that even the largest has too little of, or, when each can be
// had for itself, which two never come with the third (SCH-221).
func (r Reason) types() string {
	var parts []string
	if text := r.unoffered(); text != "" {
		parts = append(parts, text)
	}
	if !r.Types.Resources {
		parts = append(parts, r.size())
	}
	if len(parts) == 0 {
		return r.Types.String() + r.context()
	}
	return strings.Join(parts, ", and ")
}

func (r Reason) unoffered() string {
	switch {
	case len(r.Unoffered) > 0:
		parts := make([]string, len(r.Unoffered))
		for i, l := range r.Unoffered {
			parts[i] = l.offered()
		}
		return strings.Join(parts, ", and ")
	case !r.Types.Requirements:
		return "no instance type meets all the requirements (" + r.Requirements.String() + ")"
	case !r.Types.Offering:
		return "no instance type has a matching offering available (" + r.Requirements.String() + ")"
	}
	return ""
}

// offered says which instance types or offerings there are instead of the wanted
// ones.
func (l Label) offered() string {
	text := "no " + noun(l.Wanted)
	instead := "; offered: "
	if l.SoldOut {
		text, instead = text+" is available now", "; available: "
	}
	if values := l.Offered.Values(); len(values) > 0 && l.Offered.Concrete() {
		text += instead + Shorten(values, shownOffers)
	}
	return text
}

// noun names what is wanted in the words of whoever asked for it.
func noun(wanted requirement.Requirement) string {
	value := strings.Join(wanted.Values(), " or ")
	if !wanted.Concrete() || len(wanted.Values()) == 0 || len(wanted.Values()) > shownOffers {
		value = set(wanted)
	}
	switch wanted.Key() {
	case label.Zone:
		return "offering in zone " + value
	case label.CapacityType:
		return "offering of capacity type " + value
	case label.InstanceType:
		return "instance type " + value
	}
	return fmt.Sprintf("instance type with label %s %s", wanted.Key(), value)
}

// shownOffers is how many values a message names.
const shownOffers = 5

// size says how much of what is missing.
func (r Reason) size() string {
	text := "no instance type is large enough"
	if r.Types.HugeCPU {
		text += " (is a CPU request of a million cores or more missing its m?)"
	}
	if len(r.Lacks) == 0 {
		return text + ": the pod needs " + r.Least.sized().String()
	}
	offered, needed := make([]string, len(r.Lacks)), make([]string, len(r.Lacks))
	for i, l := range r.Lacks {
		offered[i], needed[i] = l.texts()
	}
	return fmt.Sprintf("%s: the pod needs %s; the largest leaves %s", text, strings.Join(needed, ", "), bare(offered))
}

// context ends the reasons that name no one thing (SCH-228).
func (r Reason) context() string {
	var parts []string
	if text := r.Requirements.String(); text != "" {
		parts = append(parts, "wanted: "+text)
	}
	if least := r.Least.sized(); len(least) > 0 {
		needed := "needed: " + least.String()
		if most := r.Most.sized(); !slices.Equal(least, most) {
			needed += " to " + most.String()
		}
		parts = append(parts, needed)
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, "; ") + ")"
}

// String names what no instance type had; the first match wins (SCH-221).
func (s Shortfall) String() string {
	for _, row := range []struct {
		when bool
		text string
	}{
		{s.RequirementsResources, "the instance types that meet the requirements and are large enough have no matching offering available"},
		{s.ResourcesOffering, "the instance types that are large enough and available do not meet the requirements"},
		{s.RequirementsOffering, "the instance types that meet the requirements and are available are too small"},
	} {
		if row.when {
			return row.text
		}
	}
	return "no single instance type meets the requirements, is large enough and is available"
}
