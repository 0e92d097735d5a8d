// SPDX-License-Identifier: Apache-2.0

package instancetype_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/health"
	"karpenter.sh/core/cloudprovider/kit/price"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/instancetype"
	"karpenter.sh/providers/aws/kubeletconfig"
	"karpenter.sh/providers/aws/placement"
)

// api is a small EC2: it gives two types, or two offerings, on a page.
type api struct {
	mu    sync.Mutex
	types []ec2types.InstanceTypeInfo
	// zones sell every type that lacks does not name.
	zones []string
	lacks map[string][]string // zones by type
	err   error
	calls int
	// filters are those of the last request for types.
	filters []ec2types.Filter
}

func (a *api) begin() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls++
	return a.err
}

func (a *api) DescribeInstanceTypes(_ context.Context, in *ec2.DescribeInstanceTypesInput, _ ...func(*ec2.Options)) (*ec2.DescribeInstanceTypesOutput, error) {
	if err := a.begin(); err != nil {
		return nil, err
	}
	a.filters = in.Filters
	page, next := cut(a.types, in.NextToken)
	return &ec2.DescribeInstanceTypesOutput{InstanceTypes: page, NextToken: next}, nil
}

func (a *api) DescribeInstanceTypeOfferings(_ context.Context, in *ec2.DescribeInstanceTypeOfferingsInput, _ ...func(*ec2.Options)) (*ec2.DescribeInstanceTypeOfferingsOutput, error) {
	if err := a.begin(); err != nil {
		return nil, err
	}
	if in.LocationType != ec2types.LocationTypeAvailabilityZone {
		return nil, errors.New("asked for another kind of place")
	}
	var all []ec2types.InstanceTypeOffering
	for _, t := range a.types {
		for _, zone := range a.zones {
			if !slices.Contains(a.lacks[string(t.InstanceType)], zone) {
				all = append(all, ec2types.InstanceTypeOffering{InstanceType: t.InstanceType, Location: aws.String(zone)})
			}
		}
	}
	page, next := cut(all, in.NextToken)
	return &ec2.DescribeInstanceTypeOfferingsOutput{InstanceTypeOfferings: page, NextToken: next}, nil
}

func cut[T any](all []T, token *string) (page []T, next *string) {
	from, _ := strconv.Atoi(aws.ToString(token))
	to := min(from+2, len(all))
	if to < len(all) {
		next = aws.String(strconv.Itoa(to))
	}
	return all[from:to], next
}

// left are the counts of reservations.
type left struct {
	counts     map[string]int
	generation uint64
}

func (l *left) Left(id string) int { return l.counts[id] }
func (l *left) Generation() uint64 { return l.generation }

// world is a provider with all that it reads.
type world struct {
	*testing.T
	api      *api
	clock    *clocktesting.FakePassiveClock
	marks    *health.Record
	book     *price.Book
	left     *left
	options  instancetype.Options
	provider *instancetype.Provider
}

func newWorld(t testing.TB, infos []ec2types.InstanceTypeInfo, change ...func(*world)) *world {
	t.Helper()
	w := &world{api: &api{types: infos, zones: []string{"a", "b", "c"}}, left: &left{}}
	w.T, _ = t.(*testing.T)
	w.clock = clocktesting.NewFakePassiveClock(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	w.marks = health.New(health.Options{Clock: w.clock})
	table := price.Table{OnDemand: map[string]float64{}}
	for _, info := range infos {
		table.OnDemand[string(info.InstanceType)] = float64(*info.VCpuInfo.DefaultVCpus)
	}
	w.book = price.NewBook(price.Options{Clock: w.clock, Embedded: table})
	reader, err := kubeletconfig.New(kubeletconfig.Options{Expressions: true})
	must(t, err)
	w.options = instancetype.Options{
		API: w.api, Clock: w.clock, Region: "us-east-1", Kubelet: reader, Health: w.marks,
		Prices:       func() instancetype.Prices { return w.book.Snapshot() },
		Reservations: w.left, MemoryOverhead: 0.075,
	}
	for _, f := range change {
		f(w)
	}
	w.provider, err = instancetype.New(w.options)
	must(t, err)
	if w.api.err == nil {
		must(t, w.provider.Refresh(context.Background()))
	}
	return w
}

func (w *world) list(c *v1.EC2NodeClass, group *placement.Group) []*cloudprovider.InstanceType {
	w.Helper()
	list, err := w.provider.List(context.Background(), c, group)
	must(w.T, err)
	return list
}

// only lists the types of a NodeClass, of which there is one.
func (w *world) only(c *v1.EC2NodeClass) *cloudprovider.InstanceType {
	w.Helper()
	list := w.list(c, nil)
	if len(list) != 1 {
		w.Fatalf("%d types", len(list))
	}
	return list[0]
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// nodeClass has subnets in zones a and b.
func nodeClass(change ...func(*v1.EC2NodeClass)) *v1.EC2NodeClass {
	c := &v1.EC2NodeClass{}
	c.Name, c.UID = "default", types.UID("uid-default")
	c.Spec.AMIFamily = aws.String(v1.AMIFamilyAL2023)
	c.Status.Subnets = []v1.Subnet{{ID: "subnet-a", Zone: "a", ZoneID: "z1"}, {ID: "subnet-b", Zone: "b", ZoneID: "z2"}}
	for _, f := range change {
		f(c)
	}
	return c
}

func family(name string) func(*v1.EC2NodeClass) {
	return func(c *v1.EC2NodeClass) { c.Spec.AMIFamily = &name }
}

func kubelet(text string) func(*v1.EC2NodeClass) {
	return func(c *v1.EC2NodeClass) { c.Spec.Kubelet = &runtime.RawExtension{Raw: []byte(text)} }
}

// m5large is a type with the usual things.
func m5large(change ...func(*ec2types.InstanceTypeInfo)) ec2types.InstanceTypeInfo {
	return info("m5.large", 2, 8192, change...)
}

func info(name string, vcpus int32, mib int64, change ...func(*ec2types.InstanceTypeInfo)) ec2types.InstanceTypeInfo {
	i := ec2types.InstanceTypeInfo{
		InstanceType: ec2types.InstanceType(name), Hypervisor: ec2types.InstanceTypeHypervisorNitro,
		SupportedVirtualizationTypes: []ec2types.VirtualizationType{ec2types.VirtualizationTypeHvm},
		SupportedUsageClasses:        []ec2types.UsageClassType{ec2types.UsageClassTypeOnDemand, ec2types.UsageClassTypeSpot},
		VCpuInfo:                     &ec2types.VCpuInfo{DefaultVCpus: &vcpus},
		MemoryInfo:                   &ec2types.MemoryInfo{SizeInMiB: &mib},
		ProcessorInfo: &ec2types.ProcessorInfo{
			Manufacturer: aws.String("Intel"), SustainedClockSpeedInGhz: aws.Float64(3.1),
			SupportedArchitectures: []ec2types.ArchitectureType{ec2types.ArchitectureTypeI386, ec2types.ArchitectureTypeX8664},
		},
		PlacementGroupInfo: &ec2types.PlacementGroupInfo{SupportedStrategies: []ec2types.PlacementGroupStrategy{"cluster", "partition", "spread"}},
		NetworkInfo: &ec2types.NetworkInfo{
			EnaSupport: ec2types.EnaSupportRequired, EncryptionInTransitSupported: aws.Bool(false),
			DefaultNetworkCardIndex: aws.Int32(0), Ipv4AddressesPerInterface: aws.Int32(10), MaximumNetworkInterfaces: aws.Int32(3),
			NetworkCards: []ec2types.NetworkCardInfo{{
				NetworkCardIndex: aws.Int32(0), MaximumNetworkInterfaces: aws.Int32(3), BaselineBandwidthInGbps: aws.Float64(0.75),
			}},
		},
	}
	for _, f := range change {
		f(&i)
	}
	return i
}

func one(i ec2types.InstanceTypeInfo) []ec2types.InstanceTypeInfo {
	return []ec2types.InstanceTypeInfo{i}
}

func arm(i *ec2types.InstanceTypeInfo) {
	i.ProcessorInfo.SupportedArchitectures = []ec2types.ArchitectureType{ec2types.ArchitectureTypeArm64}
}
