// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/log"
)

// validate lets the method of a proposal decide again over the world as it is
// now, and starts what is left of the command (DIS-074). The nodes of other
// proposals stay held meanwhile, so that no budget is spent twice. On an error
// the proposal is given up: whatever still holds is found again.
func (c *Controller) validate(ctx context.Context, p *pass, ready *proposal) {
	c.proposals.letGo(ready)
	kind := ready.command.Kind
	defer func() { c.metrics.Evaluated(kind, c.Clock.Since(ready.began)) }()
	if !p.knows(kind) {
		log.FromContext(ctx).V(1).Info("abandoning a command, a nodeclaim is not known well enough", "method", name(kind))
		return
	}
	s, err := c.survey(ctx, kind)
	if err != nil {
		p.fail(fmt.Errorf("validating a command of method %s: %w", name(kind), err))
		return
	}
	left, dropped := ready.method.Validate(s.State, ready.command)
	for _, r := range dropped {
		c.tellRefusal(s, r)
	}
	c.metrics.FailedValidation(kind, len(dropped))
	if len(left.Nodes) == 0 {
		log.FromContext(ctx).V(1).Info("abandoning a command of which validation left nothing", "method", name(kind), "dropped", len(dropped))
		return
	}
	started, err := c.start(ctx, ready.method, left, s)
	p.acted = p.acted || started
	p.fail(err)
}
