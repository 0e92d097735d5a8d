// SPDX-License-Identifier: Apache-2.0

package query

import (
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// Filter is a filter of EC2; one of its values must fit.
func Filter(name string, values ...string) types.Filter {
	return types.Filter{Name: aws.String(name), Values: values}
}

// Tags are the filters that ask for all of some tags, by key. The value "*" is any,
// so the tag need only be there; wildcards of EC2 pass through (AWS-130).
func Tags(tags map[string]string) []types.Filter {
	out := make([]types.Filter, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		if value := tags[key]; value == "*" {
			out = append(out, Filter("tag-key", key))
		} else {
			out = append(out, Filter("tag:"+key, value))
		}
	}
	return out
}
