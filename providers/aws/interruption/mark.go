// SPDX-License-Identifier: Apache-2.0

package interruption

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/kit/health"
	kit "karpenter.sh/core/cloudprovider/kit/interruption"
	awsv1 "karpenter.sh/providers/aws/apis/v1"
)

// interrupted is how long what was taken back is not bought again (AWS-235).
const interrupted = 3 * time.Minute

// Reservations knows what is left of capacity reservations.
type Reservations interface {
	// Refused says that a reservation has nothing left (CP-085).
	Refused(id string)
}

// Mark notes what a notice means for what can be bought (CP-085, AWS-387): the spot
// capacity of the machine's type and zone is short, and a reservation that takes
// machines back has none left. Without reservations, which nil stands for, nothing is
// said about those (AWS-433).
func Mark(record *health.Record, reservations Reservations) func(context.Context, *v1.NodeClaim, kit.Notice) {
	return func(ctx context.Context, nodeClaim *v1.NodeClaim, notice kit.Notice) {
		switch notice.Kind {
		case SpotInterrupted:
			if err := markSpot(record, nodeClaim, notice.Reason); err != nil {
				log.FromContext(ctx).Error(err, "spot capacity is still taken for available", "NodeClaim", nodeClaim.Name)
			}
		case CapacityReservationInterrupted:
			if id := nodeClaim.Labels[awsv1.LabelCapacityReservationID]; id != "" && reservations != nil {
				reservations.Refused(id)
			}
		}
	}
}

func markSpot(record *health.Record, nodeClaim *v1.NodeClaim, reason string) error {
	scope := health.Scope{
		CapacityType: v1.CapacityTypeSpot,
		InstanceType: nodeClaim.Labels[corev1.LabelInstanceTypeStable],
		Zone:         nodeClaim.Labels[corev1.LabelTopologyZone],
	}
	if scope.InstanceType == "" || scope.Zone == "" { // a missing part would widen the mark to all
		return nil
	}
	return record.Mark(health.Mark{Scope: scope, Reason: reason, TTL: interrupted})
}
