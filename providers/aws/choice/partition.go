// SPDX-License-Identifier: Apache-2.0

package choice

import (
	"strconv"

	"karpenter.sh/core/cloudprovider"
	v1 "karpenter.sh/providers/aws/apis/v1"
)

// partition narrows to the lowest partition that has an offering, if the NodeClaim
// restricts partitions; else the cloud chooses one, and it is 0 (AWS-362).
func partition(r Request, candidates []Candidate) ([]Candidate, int32) {
	if !restricts(r, candidates) {
		return candidates, 0
	}
	lowest := int32(0)
	for _, c := range candidates {
		for _, o := range c.Offerings {
			if n := partitionOf(o); n > 0 && (lowest == 0 || n < lowest) {
				lowest = n
			}
		}
	}
	if lowest == 0 {
		return candidates, 0
	}
	return keep(candidates, func(o *cloudprovider.Offering) bool { return partitionOf(o) == lowest }), lowest
}

// restricts reports whether the NodeClaim excludes a partition that its types could
// be in. A requirement that admits each of them leaves the choice to the cloud, which
// spreads machines.
func restricts(r Request, candidates []Candidate) bool {
	wanted, there := r.Requirements.Get(v1.LabelPlacementGroupPartition)
	if !there {
		return false
	}
	for _, c := range candidates {
		possible, _ := c.Type.Requirements.Get(v1.LabelPlacementGroupPartition)
		for _, value := range possible.Values() {
			if !wanted.Has(value) {
				return true
			}
		}
	}
	return false
}

// partitionOf is the partition of an offering; 0 if it has none.
func partitionOf(o *cloudprovider.Offering) int32 {
	n, err := strconv.ParseInt(o.Value(v1.LabelPlacementGroupPartition), 10, 32)
	if err != nil {
		return 0
	}
	return int32(n)
}
