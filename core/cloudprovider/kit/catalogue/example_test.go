// SPDX-License-Identifier: Apache-2.0

package catalogue_test

import (
	"context"
	"fmt"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/catalogue"
	"karpenter.sh/core/cloudprovider/kit/health"
)

// provider is how the parts hang together in a provider.
type provider struct {
	types  *catalogue.Store[*cloudprovider.InstanceType]
	bases  *catalogue.Memo[uint64, *catalogue.Base]
	views  *catalogue.Views[viewKey]
	health *health.Record
}

// viewKey is all that a view depends on.
type viewKey struct {
	catalogue, health uint64
	zone              string // zones of the NodeClass, sorted and joined, if there are several
}

func (p *provider) GetInstanceTypes(zone string) ([]*cloudprovider.InstanceType, error) {
	now, err := p.types.Current()
	if err != nil {
		return nil, err
	}
	base := p.bases.Get(now.Generation, func() *catalogue.Base { return catalogue.NewBase(now.Items) })
	marks := p.health.Snapshot() // one for the key and for the change
	change := catalogue.All(
		catalogue.OnlyZones(zone),
		catalogue.Unavailable(func(i catalogue.Item) bool {
			_, gone := marks.Why(health.Offering{CapacityType: i.CapacityType, InstanceType: i.Type.Name, Zone: i.Zone})
			return gone
		}),
	)
	return p.views.Of(viewKey{now.Generation, marks.Generation(), zone}, base, change), nil
}

func Example() {
	clock := clocktesting.NewFakePassiveClock(time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC))
	p := &provider{
		types: catalogue.NewStore(catalogue.StoreOptions[*cloudprovider.InstanceType]{
			Name: "instance types", Clock: clock, Merge: catalogue.MergeTypes,
			Load: func(context.Context) ([]*cloudprovider.InstanceType, error) { return types(2), nil },
		}),
		bases:  catalogue.NewMemo[uint64, *catalogue.Base](4),
		views:  catalogue.NewViews[viewKey](0),
		health: health.New(health.Options{Clock: clock}),
	}
	if _, err := p.GetInstanceTypes("a"); err != nil {
		fmt.Println(err)
	}
	if err := p.types.Refresh(context.Background()); err != nil {
		fmt.Println(err)
	}
	before, _ := p.GetInstanceTypes("a")
	_ = p.health.Mark(health.Mark{
		Scope:  health.Scope{InstanceType: "type-0", CapacityType: "spot", Zone: "a"},
		Reason: "OutOfStock", TTL: 3 * time.Minute,
	})
	after, _ := p.GetInstanceTypes("a")
	fmt.Println("the marked type is new:", before[0] != after[0])
	fmt.Println("the other one is the same:", before[1] == after[1])
	fmt.Println("on sale:", len(after[0].Offerings.Available()), "of", len(after[0].Offerings))

	clock.SetTime(clock.Now().Add(3 * time.Minute))
	later, _ := p.GetInstanceTypes("a")
	fmt.Println("after the mark's end it is what it was:", later[0] == before[0])
	// Output:
	// reading instance types: nothing has been loaded yet
	// the marked type is new: true
	// the other one is the same: true
	// on sale: 1 of 6
	// after the mark's end it is what it was: true
}
