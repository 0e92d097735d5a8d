// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	"context"
	"errors"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/disruption/report"
	"karpenter.sh/core/controllers/disruption/survey"
	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/launch"
	"karpenter.sh/core/reconcile/concurrency"
)

// replace creates the replacements of a command. If one cannot be created those
// that were are deleted again (DIS-123).
func (c *Controller) replace(ctx context.Context, decided disrupt.Command, s *survey.Survey) ([]*v1.NodeClaim, error) {
	machines, err := s.Machines(decided)
	if err != nil {
		return nil, err
	}
	var created []*v1.NodeClaim
	launched := make([]*v1.NodeClaim, len(machines))
	errs := concurrency.Each(machines, width, func(i int, m launch.Machine) (err error) {
		launched[i], err = c.launcher.Create(ctx, m, report.Reason(decided.Kind.Reason))
		return err
	})
	for i, nodeClaim := range launched {
		if errs[i] == nil {
			created = append(created, nodeClaim)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, errors.Join(err, c.takeBack(ctx, created))
	}
	return created, nil
}

// takeBack deletes replacements that were created for nothing. What fails is left
// to emptiness.
func (c *Controller) takeBack(ctx context.Context, created []*v1.NodeClaim) error {
	return errors.Join(concurrency.Each(created, width, func(_ int, nodeClaim *v1.NodeClaim) error {
		err := c.Client.Delete(ctx, nodeClaim, client.Preconditions{UID: &nodeClaim.UID})
		if client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("deleting replacement %s: %w", nodeClaim.Name, err)
		}
		log.FromContext(ctx).Info("deleted replacement, others could not be created", "NodeClaim", client.ObjectKey{Name: nodeClaim.Name})
		return nil
	})...)
}
