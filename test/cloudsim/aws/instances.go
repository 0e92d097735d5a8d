// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"karpenter.sh/test/cloudsim/wire"
	"karpenter.sh/test/cloudsim/world"
)

// States of an instance.
const (
	statePending  = "pending"
	stateRunning  = "running"
	stateShutting = "shutting-down"
	stateEnded    = "terminated"
	stateGone     = "gone" // not told any more
)

// Capacity types.
const (
	spot     = "spot"
	onDemand = "on-demand"
	reserved = "reserved"
)

// shownAfterEnd is how long a terminated instance is still told.
const shownAfterEnd = time.Hour

// instance is a machine. What many have in common is in the launch.
type instance struct {
	tagged
	*launch
	id       string
	subnet   *subnet
	address  netip.Addr
	pool     world.Pool
	spotID   string // spot request
	reserve  *reservation
	running  time.Time
	ending   time.Time // zero: it was not told to end
	ended    time.Time
	reason   string
	impaired time.Time // zero: it is well
	only     string    // the check that fails; empty: all
	events   []scheduled
	index    int
}

// launch is what the instances of one override of one request have in common.
type launch struct {
	kind      *machineType
	image     Image
	template  *template // nil: launched without
	data      wire.Tree // template data
	overrides wire.Tree
	fleet     string
	token     string
	at        time.Time
	group     *group
	profile   string
	partition int
	security  []string
	labelled  map[string]string // its tags
}

type instances struct {
	all    map[string]*instance
	sorted []*instance // by ID, made when needed
	dirty  bool
}

func newInstances() instances { return instances{all: map[string]*instance{}} }

func (s *instances) add(i *instance) {
	s.all[i.id] = i
	s.dirty = true
}

func (s *instances) remove(id string) {
	delete(s.all, id)
	s.dirty = true
}

func (s *instances) list() []*instance {
	if s.dirty {
		s.sorted = s.sorted[:0]
		for _, i := range s.all {
			s.sorted = append(s.sorted, i)
		}
		slices.SortFunc(s.sorted, func(a, b *instance) int { return compare(a.id, b.id) })
		s.dirty = false
	}
	return s.sorted
}

func (i *instance) state(now time.Time) string {
	switch {
	case i.ending.IsZero():
		if now.Before(i.running) {
			return statePending
		}
		return stateRunning
	case now.Before(i.ended):
		return stateShutting
	case now.Before(i.ended.Add(shownAfterEnd)):
		return stateEnded
	}
	return stateGone
}

func stateTree(state string) wire.Tree {
	code := map[string]int{statePending: 0, stateRunning: 16, stateShutting: 32, stateEnded: 48}[state]
	return wire.Tree{"Code": code, "Name": state}
}

func (c *Cloud) dnsName(i *instance) string {
	return "ip-" + strings.ReplaceAll(i.address.String(), ".", "-") + "." + c.options.Setup.Region + ".compute.internal"
}

// visible are the instances that can be read by now.
func (r *request) visible() []*instance {
	var out []*instance
	for _, i := range r.instances.list() {
		if r.delays.Shows(lagInstance, i.at, r.now) && i.state(r.now) != stateGone {
			out = append(out, i)
		}
	}
	return out
}

func (r *request) instanceAttributes() attributes[*instance] {
	return attributes[*instance]{
		values: map[string]func(*instance) []string{
			"availability-zone":           one(func(i *instance) string { return i.subnet.Zone }),
			"availability-zone-id":        one(func(i *instance) string { return i.subnet.zoneID }),
			"architecture":                one(func(i *instance) string { return i.kind.arch }),
			"capacity-reservation-id":     one((*instance).reservationID),
			"client-token":                one(func(i *instance) string { return i.token }),
			"iam-instance-profile.arn":    one(func(i *instance) string { return i.profile }),
			"image-id":                    one(func(i *instance) string { return i.image.ID }),
			"instance-id":                 one(func(i *instance) string { return i.id }),
			"instance-lifecycle":          one((*instance).lifecycle),
			"instance-state-code":         one(func(i *instance) string { return itoa(stateTree(i.state(r.now)).Int("Code")) }),
			"instance-state-name":         one(func(i *instance) string { return i.state(r.now) }),
			"instance-type":               one(func(i *instance) string { return i.kind.name }),
			"instance.group-id":           func(i *instance) []string { return i.security },
			"private-dns-name":            one(r.dnsName),
			"private-ip-address":          one(func(i *instance) string { return i.address.String() }),
			"spot-instance-request-id":    one(func(i *instance) string { return i.spotID }),
			"subnet-id":                   one(func(i *instance) string { return i.subnet.ID }),
			"vpc-id":                      one(func(*instance) string { return r.options.Setup.VPC }),
			"network-interface.subnet-id": one(func(i *instance) string { return i.subnet.ID }),
		},
		tags: func(i *instance) map[string]string { return i.read(r.delays, r.now) },
	}
}

func describeInstances(r *request) (wire.Tree, error) {
	ids := r.in.Strs("InstanceIds")
	if len(ids) > 0 && r.in.Has("MaxResults") {
		return nil, wire.Errorf("InvalidParameterCombination", "The parameter instancesSet cannot be used with the parameter maxResults")
	}
	items, err := r.instancesByID(ids)
	if err != nil {
		return nil, err
	}
	items, err = selectBy(items, r.in.Trees("Filters"), r.instanceAttributes())
	if err != nil {
		return nil, err
	}
	out := wire.Tree{}
	items, err = cut(r, items, func(i *instance) string { return i.id }, ec2Paging(), out)
	var list []wire.Tree
	for _, i := range items {
		list = append(list, wire.Tree{
			"ReservationId": "r-0" + strings.TrimPrefix(i.id, "i-0"), "OwnerId": r.options.Setup.Account,
			"Instances": []wire.Tree{r.instanceTree(i)},
		})
	}
	out["Reservations"] = list
	return out, err
}

// instancesByID finds the instances with these IDs, or all that can be read.
func (r *request) instancesByID(ids []string) ([]*instance, error) {
	if len(ids) == 0 {
		return r.visible(), nil
	}
	var out []*instance
	for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) {
		if !wellFormed(id) {
			return nil, wire.Errorf("InvalidInstanceID.Malformed", "Invalid id: \"%s\"", id)
		}
		i := r.instances.all[id]
		if i == nil || i.state(r.now) == stateGone || !r.delays.Shows(lagInstance, i.at, r.now) {
			return nil, wire.Errorf("InvalidInstanceID.NotFound", "The instance ID '%s' does not exist", id)
		}
		out = append(out, i)
	}
	return out, nil
}

func wellFormed(id string) bool {
	digits, ok := strings.CutPrefix(id, "i-")
	return ok && (len(digits) == 8 || len(digits) == 17) && strings.Trim(digits, "0123456789abcdef") == ""
}

func (i *instance) reservationID() string {
	if i.reserve == nil {
		return ""
	}
	return i.reserve.ID
}

func (i *instance) lifecycle() string {
	switch {
	case i.spotID != "":
		return spot
	case i.reserve != nil && i.reserve.Kind == capacityBlock:
		return capacityBlock
	}
	return ""
}
