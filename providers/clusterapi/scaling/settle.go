// SPDX-License-Identifier: Apache-2.0

package scaling

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/inventory"
)

// settleFor is how long Cluster API has to delete a Machine that is marked (CAPI-059).
const settleFor = 2 * time.Minute

// Settle deletes the Machines of a deployment that have been marked for a while and still
// run although it has no Machine too many: during a roll-out Cluster API may have deleted
// another one in their place. What it has too many is left to Cluster API (CAPI-059).
func (s *Scaler) Settle(ctx context.Context, deployment types.NamespacedName) error {
	d := s.desks.enter(deployment)
	defer s.desks.leave(deployment, d)
	return d.exclusively(ctx, func() error {
		inv, err := s.opts.Inventory.Fresh(ctx, deployment)
		if err != nil {
			return err
		}
		var errs []error
		for _, m := range s.overdue(inv) {
			errs = append(errs, s.deleteMachine(ctx, m))
		}
		return errors.Join(errs...)
	})
}

// Tidy forgets what was raised of deployments that are gone, or that Cluster API has looked
// at since. It costs a read of each deployment that was raised since the last time.
func (s *Scaler) Tidy(ctx context.Context) error {
	var errs []error
	for _, deployment := range s.desks.idle() {
		errs = append(errs, s.tidy(ctx, deployment))
	}
	return errors.Join(errs...)
}

func (s *Scaler) tidy(ctx context.Context, deployment types.NamespacedName) error {
	d := s.desks.enter(deployment)
	defer s.desks.leave(deployment, d)
	return d.exclusively(ctx, func() error {
		fresh := &capi.MachineDeployment{}
		err := s.opts.Inventory.Management.Live.Get(ctx, deployment, fresh)
		if client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("reading MachineDeployment %s: %w", deployment, err)
		}
		d.unseen(fresh) // of one that is gone, all is forgotten
		return nil
	})
}

// overdue are the Machines on record that should have been deleted.
func (s *Scaler) overdue(inv *inventory.Inventory) []*capi.Machine {
	going := inv.Going()
	if inv.Count(0).Machines+len(going) > int(inv.Deployment.Replicas()) {
		return nil
	}
	var out []*capi.Machine
	for _, m := range going {
		// A mark without a time was made by somebody else, before.
		marked, err := time.Parse(time.RFC3339, m.Annotations[capi.AnnotationDelete])
		if err != nil || s.opts.Clock.Since(marked) >= settleFor {
			out = append(out, m)
		}
	}
	return out
}
