// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"context"
	"fmt"
	"time"

	"github.com/awslabs/operatorpkg/status"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/metrics"
)

// deadline is when a NodeClaim is given up, and why.
type deadline struct {
	at     time.Time
	reason metrics.Reason
}

// livenessDeadline returns the one deadline that a NodeClaim has before it is
// registered, and false after (LIF-110).
func livenessDeadline(launched, registered *status.Condition, launchTimeout time.Duration) (deadline, bool) {
	switch {
	case registered.IsTrue():
		return deadline{}, false
	case launched.IsTrue():
		return deadline{registered.LastTransitionTime.Add(RegistrationTimeout), metrics.RegistrationTimeout}, true
	}
	return deadline{launched.LastTransitionTime.Add(launchTimeout), metrics.LaunchTimeout}, true
}

// liveness deletes a NodeClaim that was not registered in time (LIF-111). It is
// the last step, so that an instance launched in this very pass is stored before.
func (c *Controller) liveness(_ context.Context, p *pass) error {
	d, ok := livenessDeadline(p.conditions.Get(v1.ConditionTypeLaunched), p.conditions.Get(v1.ConditionTypeRegistered), c.launchTimeout)
	if !ok {
		return nil
	}
	if left := d.at.Sub(p.now); left > 0 {
		p.again(left)
		return nil
	}
	p.then(func(ctx context.Context) error { return c.timeOut(ctx, p.nodeClaim, d.reason) })
	return nil
}

func (c *Controller) timeOut(ctx context.Context, nodeClaim *v1.NodeClaim, reason metrics.Reason) error {
	removed, err := c.remove(ctx, nodeClaim, reason)
	if err != nil || !removed {
		return err
	}
	log.FromContext(ctx).V(1).Info("terminating due to timeout", "reason", reason)
	if err := c.Health.RecordFailure(ctx, nodeClaim); err != nil {
		log.FromContext(ctx).Error(fmt.Errorf("recording a failed registration: %w", err), "updating registration health")
	}
	return nil
}
