// SPDX-License-Identifier: Apache-2.0

package network

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"k8s.io/utils/clock"

	"karpenter.sh/core/cloudprovider/kit/address"
	v1 "karpenter.sh/providers/aws/apis/v1"
)

// ReasonSubnetIsFull is why offerings of a zone are unavailable that has no subnet
// with room (AWS-432).
const ReasonSubnetIsFull = "SubnetIsFull"

// Terms of the pool (AWS-131).
const (
	leastRetention = 5 * time.Minute
	moreRetention  = 4 * time.Minute
	// lag is how long after a launch its addresses may be missing from the count: the
	// network plugin takes those of pods only once the machine has joined.
	lag = 2 * time.Minute
)

// AddressOptions is what Addresses are made of.
type AddressOptions struct {
	// Clock is required.
	Clock clock.PassiveClock
	// Interval is that of Subnets, which read the addresses; 0 means DefaultInterval.
	Interval time.Duration
}

// Addresses count the free addresses of subnets. They are safe for concurrent use.
//
// A launch reserves before it calls the cloud. Then it tells of each full subnet by
// Exhausted, and what came of it by Settle or Release. One whose outcome nobody knows
// tells nothing, and is counted for 15 minutes (KIT-031).
type Addresses struct{ pool *address.Pool }

// NewAddresses returns Addresses that know no subnet.
func NewAddresses(opts AddressOptions) *Addresses {
	interval := cmp.Or(opts.Interval, DefaultInterval)
	return &Addresses{pool: address.New(address.Options{
		Clock: opts.Clock, Lag: lag, Retention: max(leastRetention, interval+moreRetention),
	})}
}

// read takes an answer of DescribeSubnets that was asked for at a time. A subnet whose
// addresses are not told is not read, nor is one of IPv6 alone: it tells of no free IPv4
// addresses, and is not full for that.
func (a *Addresses) read(began time.Time, found []types.Subnet) error {
	networks := make([]address.Network, 0, len(found))
	for _, s := range found {
		if s.AvailableIpAddressCount != nil && !aws.ToBool(s.Ipv6Native) {
			networks = append(networks, address.Network{ID: *s.SubnetId, Free: free(s)})
		}
	}
	if err := a.pool.Read(began, networks); err != nil {
		return fmt.Errorf("counting the free addresses of subnets: %w", err)
	}
	return nil
}

// Needs are how many addresses a launch needs of a subnet, by zone; see Demand. Zones
// that are not named are not asked about.
type Needs = map[string]int64

// Reserve chooses for each zone of a launch the subnet of the status with most free
// addresses, the first of equals, and takes the need from it (AWS-132). The result is
// by zone; a zone without a subnet that has room is left out (AWS-432). A launch that
// reserves again gives back what it had. It has a name of its own.
func (a *Addresses) Reserve(launch string, subnets []v1.Subnet, needs Needs) map[string]string {
	return a.pool.Reserve(launch, wants(subnets, needs))
}

// Choose returns what Reserve would now, and takes nothing.
func (a *Addresses) Choose(subnets []v1.Subnet, needs Needs) map[string]string {
	chosen := map[string]string{}
	for _, want := range wants(subnets, needs) {
		if subnet, ok := a.pool.Choose(want); ok {
			chosen[want.Zone] = subnet
		}
	}
	return chosen
}

// Settle tells that a launch brought machines, and how many addresses those take, by
// subnet. The other subnets get back what was reserved. What they take is counted until
// DescribeSubnets must have seen it.
func (a *Addresses) Settle(launch string, taken map[string]int64) { a.pool.SettleEach(launch, taken) }

// Release tells that a launch brought nothing; all it reserved is given back.
func (a *Addresses) Release(launch string) { a.pool.Release(launch) }

// Exhausted tells that the cloud had no address left in a subnet. It has none until
// DescribeSubnets is asked again (AWS-131).
func (a *Addresses) Exhausted(subnet string) { a.pool.Exhausted(subnet) }

// Free returns what a subnet has left, launches in flight subtracted; false if that is
// not known.
func (a *Addresses) Free(subnet string) (int64, bool) { return a.pool.Free(subnet) }

// Full returns, in order, the zones that have subnets of which none has room for the
// need: their offerings cannot be had (ReasonSubnetIsFull, AWS-432). The answer
// changes with every reading and launch, so what is derived from it is to be kept by
// it. It makes no call.
func (a *Addresses) Full(subnets []v1.Subnet, needs Needs) []string {
	var full []string
	for _, want := range wants(subnets, needs) {
		if _, room := a.pool.Choose(want); !room {
			full = append(full, want.Zone)
		}
	}
	return full
}

// wants are what a launch asks of each zone, by zone; the subnets of a zone keep their
// order.
func wants(subnets []v1.Subnet, needs Needs) []address.Want {
	byZone := map[string][]string{}
	for _, s := range subnets {
		byZone[s.Zone] = append(byZone[s.Zone], s.ID)
	}
	var out []address.Want
	for zone, need := range needs {
		if ids := byZone[zone]; len(ids) > 0 {
			out = append(out, address.Want{Zone: zone, Networks: ids, Need: need})
		}
	}
	slices.SortFunc(out, func(a, b address.Want) int { return cmp.Compare(a.Zone, b.Zone) })
	return out
}
