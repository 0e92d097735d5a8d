// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"maps"
	"slices"
	"strings"

	"karpenter.sh/test/cloudsim/wire"
)

func describeInstanceTypes(r *request) (wire.Tree, error) {
	items, err := r.typesNamed(r.in.Strs("InstanceTypes"))
	if err != nil {
		return nil, err
	}
	items, err = selectBy(items, r.in.Trees("Filters"), attributes[*machineType]{values: map[string]func(*machineType) []string{
		"instance-type":                         one(func(t *machineType) string { return t.name }),
		"bare-metal":                            one(func(t *machineType) string { return boolText(t.metal) }),
		"burstable-performance-supported":       one(func(t *machineType) string { return boolText(t.burstable) }),
		"current-generation":                    one(func(t *machineType) string { return boolText(!t.xen) }),
		"hypervisor":                            one((*machineType).hypervisor),
		"processor-info.supported-architecture": one(func(t *machineType) string { return t.arch }),
		"supported-virtualization-type":         one(func(*machineType) string { return "hvm" }),
		"supported-usage-class":                 (*machineType).usages,
		"supported-root-device-type":            one(func(*machineType) string { return "ebs" }),
		"vcpu-info.default-vcpus":               one(func(t *machineType) string { return itoa(t.vcpus) }),
		"memory-info.size-in-mib":               one(func(t *machineType) string { return itoa(t.mib) }),
	}})
	if err != nil {
		return nil, err
	}
	out := wire.Tree{}
	items, err = cut(r, items, func(t *machineType) string { return t.name }, paging{limit: "MaxResults", token: "NextToken", most: 100}, out)
	var list []wire.Tree
	for _, t := range items {
		list = append(list, t.tree())
	}
	out["InstanceTypes"] = list
	return out, err
}

func (r *request) typesNamed(names []string) ([]*machineType, error) {
	if len(names) == 0 {
		return r.types.sorted, nil
	}
	var unknown []string
	var items []*machineType
	for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
		if t := r.types.byName[name]; t != nil {
			items = append(items, t)
		} else {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		return nil, wire.Errorf("InvalidInstanceType", "The following supplied instance types do not exist: [%s]", strings.Join(unknown, ", "))
	}
	return items, nil
}

// EndSale takes a type off the market. Machines of it run on.
func (c *Cloud) EndSale(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	rest := &catalogue{byName: maps.Clone(c.types.byName)}
	delete(rest.byName, name)
	for _, t := range c.types.sorted {
		if t.name != name {
			rest.sorted = append(rest.sorted, t)
		}
	}
	c.types = rest
}

func (t *machineType) hypervisor() string {
	switch {
	case t.metal:
		return ""
	case t.xen:
		return "xen"
	}
	return "nitro"
}

func (t *machineType) usages() []string {
	if t.spotless {
		return []string{"on-demand"}
	}
	return []string{"on-demand", "spot"}
}

// offering is a type in a zone.
type offering struct{ name, zone, zoneID string }

func describeInstanceTypeOfferings(r *request) (wire.Tree, error) {
	kind := r.in.Str("LocationType")
	if kind == "" {
		kind = "region"
	}
	if kind == "outpost" {
		return nil, wire.Errorf("InvalidParameterValue", "There is no outpost here")
	}
	items, err := selectBy(r.offerings(kind), r.in.Trees("Filters"), attributes[offering]{values: map[string]func(offering) []string{
		"instance-type": one(func(o offering) string { return o.name }),
		"location":      one(func(o offering) string { return o.zone }),
	}})
	if err != nil {
		return nil, err
	}
	out := wire.Tree{}
	p := paging{limit: "MaxResults", token: "NextToken", most: 1000}
	items, err = cut(r, items, func(o offering) string { return o.name + " " + o.zone }, p, out)
	var list []wire.Tree
	for _, o := range items {
		list = append(list, wire.Tree{"InstanceType": o.name, "LocationType": kind, "Location": o.zone})
	}
	out["InstanceTypeOfferings"] = list
	return out, err
}

// offerings are the places of all types, by type and place.
func (c *Cloud) offerings(kind string) []offering {
	var out []offering
	for _, t := range c.types.sorted {
		if kind == "region" {
			out = append(out, offering{name: t.name, zone: c.options.Setup.Region})
			continue
		}
		var places []offering
		for _, z := range c.zones {
			if !z.sells(t) {
				continue
			}
			place := z.Name
			if kind == "availability-zone-id" {
				place = z.ID
			}
			places = append(places, offering{t.name, place, z.ID})
		}
		slices.SortFunc(places, func(a, b offering) int { return compare(a.zone, b.zone) })
		out = append(out, places...)
	}
	return out
}

func (z Zone) sells(t *machineType) bool { return !slices.Contains(z.Lacks, t.family) }
