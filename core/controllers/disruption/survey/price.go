// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"context"
	"math"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/disrupt"
)

// catalogue is what a pool can launch. A nil catalogue knows nothing.
type catalogue struct {
	state         disrupt.Types
	list          []*cloudprovider.InstanceType // as the provider lists them
	byName        map[string]*cloudprovider.InstanceType
	reservationID string // key of the label
}

// catalogues reads the instance types of all managed pools. Those of a pool that
// cannot be read are unknown.
func (s *Surveyor) catalogues(ctx context.Context, pools map[string]*v1.NodePool) map[string]*catalogue {
	out := map[string]*catalogue{}
	for name, pool := range pools {
		if !s.manages(pool) {
			continue
		}
		types, err := s.InstanceTypes.GetInstanceTypes(ctx, pool)
		if err != nil {
			log.FromContext(ctx).V(1).Info("instance types are not known", "NodePool", klog.KRef("", name), "reason", err.Error())
		}
		c := &catalogue{state: stateOf(types, err), list: types, reservationID: s.ReservationIDLabel}
		c.byName = make(map[string]*cloudprovider.InstanceType, len(types))
		for _, it := range types {
			c.byName[it.Name] = it
		}
		out[name] = c
	}
	return out
}

func stateOf(types []*cloudprovider.InstanceType, err error) disrupt.Types {
	switch {
	case cloudprovider.IsUnevaluatedNodePoolError(err):
		return disrupt.TypesUnevaluated
	case err != nil || len(types) == 0:
		return disrupt.TypesUnavailable
	}
	return disrupt.TypesKnown
}

func (c *catalogue) types() disrupt.Types {
	if c == nil {
		return disrupt.TypesUnavailable
	}
	return c.state
}

// price is that of the first offering, available or not, that a node with these
// labels was bought through; 0 when it is not known (DIS-045).
func (c *catalogue) price(labels map[string]string) float64 {
	it := c.typeOf(labels)
	if it == nil {
		return 0
	}
	for _, o := range it.Offerings {
		if c.bought(labels, o) {
			return known(o.Price)
		}
	}
	return 0
}

// typeOf is the instance type of a node with these labels; nil when it is not known.
func (c *catalogue) typeOf(labels map[string]string) *cloudprovider.InstanceType {
	if c == nil {
		return nil
	}
	return c.byName[labels[corev1.LabelInstanceTypeStable]]
}

func known(price float64) float64 {
	if math.IsNaN(price) {
		return 0
	}
	return price
}

func (c *catalogue) bought(labels map[string]string, o *cloudprovider.Offering) bool {
	capacityType := labels[v1.CapacityTypeLabelKey]
	if o.Zone() != labels[corev1.LabelTopologyZone] || o.CapacityType() != capacityType {
		return false
	}
	return capacityType != v1.CapacityTypeReserved || o.ReservationID(c.reservationID) == labels[c.reservationID]
}

// sorted orders errors by their text.
func sorted(errs []error) []error {
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errs
}
