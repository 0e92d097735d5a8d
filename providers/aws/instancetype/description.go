// SPDX-License-Identifier: Apache-2.0

package instancetype

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"karpenter.sh/core/engine/requirement"
)

// API is what is asked of EC2.
type API interface {
	DescribeInstanceTypes(context.Context, *ec2.DescribeInstanceTypesInput, ...func(*ec2.Options)) (*ec2.DescribeInstanceTypesOutput, error)
	DescribeInstanceTypeOfferings(context.Context, *ec2.DescribeInstanceTypeOfferingsInput, ...func(*ec2.Options)) (*ec2.DescribeInstanceTypeOfferingsOutput, error)
}

// The largest pages that the API allows (AWS-420).
const (
	typesPage     = 100
	offeringsPage = 1000
)

// description is a type as EC2 describes it. It is immutable.
type description struct {
	ec2types.InstanceTypeInfo
	name string
	// zones are those that sell it, sorted.
	zones []string
	// labels are the requirements that follow from the description alone.
	labels requirement.Requirements
}

func newDescription(info ec2types.InstanceTypeInfo, zones []string) *description {
	d := &description{InstanceTypeInfo: info, name: string(info.InstanceType), zones: zones}
	d.labels = describedLabels(d)
	return d
}

// load reads the whole catalogue, sorted by name (AWS-200). Nothing without an error
// means that one of the answers was empty.
func load(ctx context.Context, api API) ([]*description, error) {
	zones, err := loadZones(ctx, api)
	if err != nil || len(zones) == 0 {
		return nil, err
	}
	found := map[string]*description{}
	pages := ec2.NewDescribeInstanceTypesPaginator(api, &ec2.DescribeInstanceTypesInput{
		MaxResults: aws.Int32(typesPage),
		Filters: []ec2types.Filter{
			{Name: aws.String("supported-virtualization-type"), Values: []string{string(ec2types.VirtualizationTypeHvm)}},
			{Name: aws.String("processor-info.supported-architecture"), Values: []string{
				string(ec2types.ArchitectureTypeX8664), string(ec2types.ArchitectureTypeArm64),
			}},
		},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("describing instance types: %w", err)
		}
		for _, info := range page.InstanceTypes {
			d := newDescription(info, zones[string(info.InstanceType)])
			if d.usable() {
				found[d.name] = d
			}
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b *description) int { return strings.Compare(a.name, b.name) }), nil
}

// loadZones reads which zones sell each type.
func loadZones(ctx context.Context, api API) (map[string][]string, error) {
	zones := map[string][]string{}
	pages := ec2.NewDescribeInstanceTypeOfferingsPaginator(api, &ec2.DescribeInstanceTypeOfferingsInput{
		LocationType: ec2types.LocationTypeAvailabilityZone, MaxResults: aws.Int32(offeringsPage),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("describing the zones of instance types: %w", err)
		}
		for _, o := range page.InstanceTypeOfferings {
			zones[string(o.InstanceType)] = append(zones[string(o.InstanceType)], aws.ToString(o.Location))
		}
	}
	for name, list := range zones {
		zones[name] = slices.Compact(slices.Sorted(slices.Values(list)))
	}
	return zones, nil
}

// usable repeats the filters of the request, as an answer may not heed them, and asks
// for what no machine is without.
func (d *description) usable() bool {
	return d.name != "" && d.architecture() != "" && d.vcpus() > 0 && d.mebibytes() > 0 &&
		slices.Contains(d.SupportedVirtualizationTypes, ec2types.VirtualizationTypeHvm)
}

// merge keeps what did not change, so that derived objects can be kept too.
func merge(known, loaded []*description) (merged []*description, changed bool) {
	byName := make(map[string]*description, len(known))
	for _, d := range known {
		byName[d.name] = d
	}
	merged = slices.Clone(loaded)
	for i, d := range merged {
		old := byName[d.name]
		if old != nil && slices.Equal(old.zones, d.zones) && reflect.DeepEqual(old.InstanceTypeInfo, d.InstanceTypeInfo) {
			merged[i] = old
		}
	}
	return merged, !slices.Equal(known, merged)
}

// index is a loaded catalogue with what is looked up in it.
type index struct {
	sorted []*description
	byName map[string]*description
	// zones are all that sell anything, sorted.
	zones []string
}

func newIndex(sorted []*description) *index {
	x := &index{sorted: sorted, byName: make(map[string]*description, len(sorted))}
	zones := map[string]bool{}
	for _, d := range sorted {
		x.byName[d.name] = d
		for _, zone := range d.zones {
			zones[zone] = true
		}
	}
	x.zones = slices.Sorted(maps.Keys(zones))
	return x
}
