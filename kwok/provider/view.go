// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/catalogue"
	"karpenter.sh/kwok/apis/v1alpha1"
	onsale "karpenter.sh/kwok/catalogue"
)

// view is what is on sale at a moment, prepared for choosing. It is immutable.
type view struct {
	types  []*cloudprovider.InstanceType
	byName map[string]int
	// byPrice are the indices of the types by floor, equal ones in the order of
	// the catalogue.
	byPrice []int
	// floor is the lowest price of an available offering of each type.
	floor []float64
}

func newView(types []*cloudprovider.InstanceType) *view {
	v := &view{types: types, byName: make(map[string]int, len(types)), floor: make([]float64, len(types))}
	for i, it := range types {
		v.byName[it.Name] = i
		v.byPrice = append(v.byPrice, i)
		v.floor[i] = math.Inf(1)
		if cheapest := it.Offerings.Available().Cheapest(); cheapest != nil {
			v.floor[i] = cheapest.Price
		}
		it.Groups() // computed here rather than in the first launch
	}
	slices.SortStableFunc(v.byPrice, func(a, b int) int { return cmp.Compare(v.floor[a], v.floor[b]) })
	return v
}

// views makes a view once for all that see the same, and a type once for all
// views that show it the same.
type views struct {
	base *view
	// stock are the types of the base, to make others of.
	stock *catalogue.Base
	// capacity of each reservation there is.
	capacity map[string]int
	made     *catalogue.Memo[string, *view]
}

func newViews(c *onsale.Catalogue) *views {
	vs := &views{
		base:     newView(c.Types),
		stock:    catalogue.NewBase(c.Types),
		capacity: map[string]int{},
		made:     catalogue.NewMemo[string, *view](catalogue.DefaultViews),
	}
	for _, it := range c.Types {
		for _, o := range it.Offerings {
			if id := o.ReservationID(v1alpha1.LabelReservationID); id != "" {
				vs.reserve(id, o.ReservationCapacity)
			}
		}
	}
	return vs
}

// reserve notes a reservation; the smallest capacity given for it counts
// (CP-068).
func (vs *views) reserve(id string, capacity int) {
	if known, ok := vs.capacity[id]; ok {
		capacity = min(capacity, known)
	}
	vs.capacity[id] = capacity
}

// with returns what is left of the catalogue when so many machines are in each
// reservation and these offerings cannot be had.
func (vs *views) with(used map[string]int, unavailable patterns) *view {
	if len(used) == 0 && len(unavailable) == 0 {
		return vs.base
	}
	key := fmt.Sprint(used, unavailable) // maps are printed in the order of keys
	gone := func(i catalogue.Item) bool { return unavailable.match(i.Type, i.Listed) }
	return vs.made.Get(key, func() *view {
		return newView(vs.stock.View(catalogue.All(
			catalogue.Reservations(v1alpha1.LabelReservationID, func(id string, listed int) int { return listed - used[id] }),
			catalogue.Refused(gone),
			catalogue.Unavailable(gone),
		)))
	})
}

// view returns what is on sale now.
func (p *Provider) view(ctx context.Context, injected injection) (*view, error) {
	members, err := p.members(ctx)
	if err != nil {
		return nil, err
	}
	used := make(map[string]int, len(members))
	for id, nodes := range members {
		used[id] = len(nodes)
	}
	return p.views.with(used, injected.unavailable), nil
}

// members are, by reservation, the names of the Nodes in it and of those to be
// registered (KWOK-008). Without reservations in the catalogue it costs nothing.
func (p *Provider) members(ctx context.Context) (map[string]map[string]bool, error) {
	if len(p.views.capacity) == 0 {
		return nil, nil
	}
	members := p.registrations.members()
	var nodes corev1.NodeList
	if err := p.opts.Client.List(ctx, &nodes, client.HasLabels{v1alpha1.LabelReservationID}, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing the nodes in reservations: %w", err)
	}
	for i := range nodes.Items {
		node := &nodes.Items[i]
		id := node.Labels[v1alpha1.LabelReservationID]
		if isOurs(node) {
			add(members, id, node.Name)
		}
	}
	maps.DeleteFunc(members, func(id string, _ map[string]bool) bool {
		_, known := p.views.capacity[id]
		return !known
	})
	return members, nil
}

// room returns what a launch into a reservation must find; none for others.
func (p *Provider) room(ctx context.Context, reservation string) (room, error) {
	if reservation == "" {
		return room{}, nil
	}
	members, err := p.members(ctx)
	return room{reservation: reservation, capacity: p.views.capacity[reservation], nodes: members[reservation]}, err
}

func add(members map[string]map[string]bool, id, node string) {
	if members[id] == nil {
		members[id] = map[string]bool{}
	}
	members[id][node] = true
}
