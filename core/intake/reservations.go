// SPDX-License-Identifier: Apache-2.0

package intake

import (
	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
)

func (c *Compiler) offering(o *cloudprovider.Offering) model.Offering {
	out := model.Offering{Requirements: c.vocabulary.Compile(o.Requirements), Price: o.Price, Available: o.Available}
	if !c.options.Reservations || o.CapacityType() != label.Reserved {
		return out
	}
	key := c.options.Vocabulary.ReservationIDLabel()
	id := o.ReservationID(key)
	if id == "" || o.ReservationCapacity <= 0 { // SCH-211
		out.Available = false
	}
	if id != "" {
		out.Reservation = &model.Reservation{ID: c.reservation(key, id), Capacity: o.ReservationCapacity}
	}
	return out
}

func (c *Compiler) reservation(key, id string) constraint.Label {
	k := c.vocabulary.Key(key)
	return constraint.Label{Key: k, Value: c.vocabulary.Value(k, id)}
}

// Held are the reservations that a NodeClaim is bound to: until it is launched it
// may take a unit of each (SCH-212).
func (c *Compiler) Held(nodeClaim *v1.NodeClaim) []constraint.Label {
	key := c.options.Vocabulary.ReservationIDLabel()
	if !c.options.Reservations || key == "" {
		return nil
	}
	var out []constraint.Label
	for _, r := range nodeClaim.Spec.Requirements {
		if r.Key != key || r.Operator != corev1.NodeSelectorOpIn {
			continue
		}
		for _, id := range r.Values {
			out = append(out, c.reservation(key, id))
		}
	}
	return out
}
