// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"math/rand/v2"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
)

// pool is a node pool with the defaults of the API, but for the time that a node
// has to be quiet.
func pool(consolidateAfter time.Duration) *v1.NodePool {
	np := &v1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: "default", UID: "default", ResourceVersion: "1"}}
	np.Spec.Template.Spec.NodeClassRef = v1.NodeClassReference{Group: "simulated.karpenter.sh", Kind: "NodeClass", Name: "default"}
	np.Spec.Disruption = v1.Disruption{
		ConsolidateAfter:    v1.NillableDurationOf(consolidateAfter),
		ConsolidationPolicy: v1.ConsolidationPolicyWhenEmptyOrUnderutilized,
		Budgets:             []v1.Budget{{Nodes: "10%"}},
	}
	return np
}

// market prices spot capacity at 30 to 60 percent of the price on demand, each type
// in each zone on its own.
func market(types []*cloudprovider.InstanceType, seed uint64) []*cloudprovider.InstanceType {
	const purpose = 1 << 32
	rnd := rand.New(rand.NewPCG(seed, purpose))
	out := make([]*cloudprovider.InstanceType, len(types))
	for i, it := range types {
		full := it.Offerings.OfCapacityType(v1.CapacityTypeOnDemand).Cheapest().Price
		out[i] = it.WithOfferings(func(o *cloudprovider.Offering) *cloudprovider.Offering {
			if o.CapacityType() != v1.CapacityTypeSpot {
				return o
			}
			priced := *o
			priced.Price = full * (0.3 + 0.3*rnd.Float64())
			return &priced
		})
	}
	return out
}
