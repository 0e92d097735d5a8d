// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"slices"

	"karpenter.sh/test/cloudsim/wire"
)

// group is a placement group in use.
type group struct {
	PlacementGroup
	perZone map[string]int
	next    int
}

// spreadLimit is how many instances of a spread group a zone holds.
const spreadLimit = 7

func describePlacementGroups(r *request) (wire.Tree, error) {
	all := r.groups
	for _, name := range r.in.Strs("GroupNames") {
		if !slices.ContainsFunc(all, func(g *group) bool { return g.Name == name }) {
			return nil, wire.Errorf("InvalidPlacementGroup.Unknown", "The Placement Group '%s' is unknown.", name)
		}
	}
	if names := r.in.Strs("GroupNames"); len(names) > 0 {
		all = slices.DeleteFunc(slices.Clone(all), func(g *group) bool { return !slices.Contains(names, g.Name) })
	}
	all, err := byIDs(all, r.in.Strs("GroupIds"), func(g *group) string { return g.ID }, "InvalidPlacementGroup.Unknown", "placement group")
	if err != nil {
		return nil, err
	}
	all, err = selectBy(all, r.in.Trees("Filters"), attributes[*group]{
		values: map[string]func(*group) []string{
			"group-name": one(func(g *group) string { return g.Name }),
			"group-id":   one(func(g *group) string { return g.ID }),
			"strategy":   one(func(g *group) string { return g.Strategy }),
			"state":      one(func(*group) string { return "available" }),
		},
		tags: func(g *group) map[string]string { return g.Tags },
	})
	var list []wire.Tree
	for _, g := range all {
		tree := wire.Tree{
			"GroupId": g.ID, "GroupName": g.Name, "State": "available", "Strategy": g.Strategy,
			"GroupArn": r.arn("placement-group/" + g.Name), "Tags": tagTrees(g.Tags),
		}
		if g.Partitions > 0 {
			tree["PartitionCount"] = g.Partitions
		}
		list = append(list, tree)
	}
	return wire.Tree{"PlacementGroups": list}, err
}

// PutPlacementGroup adds a group, or puts it in the place of the one of its name.
func (c *Cloud) PutPlacementGroup(g PlacementGroup) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.groups = slices.DeleteFunc(c.groups, func(other *group) bool { return other.Name == g.Name })
	c.groups = append(c.groups, &group{PlacementGroup: g, perZone: map[string]int{}})
}

// checkPlacement finds the group of a launch.
func (r *request) checkPlacement(l *launch) *wire.Error {
	p := l.data.Tree("Placement")
	id, name := p.Str("GroupId"), p.Str("GroupName")
	if id == "" && name == "" {
		return nil
	}
	at := slices.IndexFunc(r.groups, func(g *group) bool { return g.ID == id || id == "" && g.Name == name })
	if at < 0 {
		return wire.Errorf("InvalidPlacementGroup.Unknown", "The Placement Group '%s' is unknown.", first(id, name))
	}
	l.group, l.partition = r.groups[at], p.Int("PartitionNumber")
	switch {
	case l.partition > l.group.Partitions:
		return wire.Errorf("InvalidParameterValue", "The partition number %d is not in the placement group", l.partition)
	case l.group.Strategy == "cluster" && l.kind.burstable:
		return wire.Errorf("InvalidParameterCombination", "Placement groups of strategy cluster may not be used with instances of type '%s'.", l.kind.name)
	}
	return nil
}

func (r *request) takePlacement(i *instance) *wire.Error {
	g := i.group
	if g == nil {
		return nil
	}
	if g.Strategy == "spread" && g.perZone[i.subnet.Zone] >= spreadLimit {
		return wire.Errorf("InsufficientInstanceCapacity",
			"Your request exceeds the limit of instances in this spread placement group (%d per zone).", spreadLimit)
	}
	g.perZone[i.subnet.Zone]++
	if g.Partitions > 0 && i.partition == 0 {
		shared := *i.launch // the partition is the instance's alone
		shared.partition = g.next%g.Partitions + 1
		i.launch = &shared
		g.next++
	}
	return nil
}

func (i *instance) givePlacement() {
	if i.group != nil {
		i.group.perZone[i.subnet.Zone]--
	}
}
