// SPDX-License-Identifier: Apache-2.0

package wiring

import (
	"context"
	"errors"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/manager"

	"karpenter.sh/core/operator"
)

// closingPatience is how long launches under way are waited for when the leader's work
// ends: less than the manager waits (OPS-060).
const closingPatience = 20 * time.Second

// templates keeps launch templates from piling up.
func (p *Parts) templates() operator.Controller { return leaderWork{p.Templates} }

// closing closes the parts at the end.
func (p *Parts) closing() operator.Controller {
	return leaderWork{manager.RunnableFunc(func(ctx context.Context) error {
		<-ctx.Done()
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closingPatience)
		defer cancel()
		return p.Close(closing)
	})}
}

// Close ends what works in the background. A fleet under way is answered first, and
// what it launched for nobody is ended: so launches close before machines, and those
// before templates. When ctx ends, calls are cancelled.
func (p *Parts) Close(ctx context.Context) error {
	err := errors.Join(p.Launcher.Close(ctx), p.Instances.Close(ctx))
	p.Templates.Close()
	p.Profiles.Close()
	p.Images.Close()
	p.Subnets.Close()
	p.Groups.Close()
	p.Placement.Close()
	if p.reserved() {
		p.Reservations.Close()
	}
	return err
}

// leaderWork is something that runs on the leader until it ends.
type leaderWork struct{ manager.Runnable }

// Register adds the work to a manager.
func (w leaderWork) Register(_ context.Context, m manager.Manager) error { return m.Add(w) }

// NeedLeaderElection implements manager.LeaderElectionRunnable.
func (leaderWork) NeedLeaderElection() bool { return true }
