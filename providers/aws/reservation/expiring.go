// SPDX-License-Identifier: Apache-2.0

package reservation

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	v1 "karpenter.sh/providers/aws/apis/v1"
)

// Expiring returns those of some reservations that are capacity blocks about to end
// (AWS-351, AWS-354). One that is not there is left out: its machines are judged by
// what they say themselves.
func (r *Reservations) Expiring(ctx context.Context, ids []string) ([]string, error) {
	now := r.opts.Clock.Now()
	var out []string
	for _, id := range ids {
		t, err := json.Marshal(v1.CapacityReservationSelectorTerm{ID: id})
		if err != nil {
			return nil, fmt.Errorf("asking about capacity reservation %s: %w", id, err)
		}
		found, err := r.ask(ctx, term(t))
		if err != nil {
			return nil, fmt.Errorf("asking about capacity reservation %s: %w", id, err)
		}
		for _, c := range found {
			if aws.ToString(c.CapacityReservationId) == id && statusOf(c, now).State == v1.CapacityReservationStateExpiring {
				out = append(out, id)
			}
		}
	}
	return out, nil
}
