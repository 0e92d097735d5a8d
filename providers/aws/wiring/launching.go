// SPDX-License-Identifier: Apache-2.0

package wiring

import (
	"context"
	"fmt"
	"math/rand/v2"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/retry"
	"karpenter.sh/core/metrics/families"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/failure"
	"karpenter.sh/providers/aws/fleet"
	"karpenter.sh/providers/aws/instance"
	"karpenter.sh/providers/aws/launchtemplate"
	"karpenter.sh/providers/aws/signals"
	"karpenter.sh/providers/aws/userdata"
)

// launching is what machines are launched and found with.
func (p *Parts) launching(s *shared) error {
	var err error
	if p.Table, err = failure.New(); err != nil {
		return err
	}
	r := families.New(p.Registerer, signals.Families())
	p.UserData = r.Gauge("karpenter_ec2nodeclasses_userdata_bytes")
	if err := r.Err(); err != nil {
		return err
	}
	p.Templates = launchtemplate.New(launchtemplate.Options{
		API: p.Services.EC2, Cluster: p.Cluster.Name(), Retry: retry.Policy{Random: rand.Float64}, Clock: p.Clock, Failed: p.failed, Created: p.measured,
	})
	terminations, err := instance.NewMetrics(p.Registerer)
	if err != nil {
		return err
	}
	instances := instance.Options{
		API: p.Services.EC2, Cluster: p.Cluster.Name(), Reservations: p.reserved(), Clock: p.Clock, Batches: s.batches, Metrics: terminations,
	}
	if p.Shifts != nil {
		instances.Shifted = p.Shifts.Shifted
	}
	p.Instances = instance.New(instances)
	launches, err := fleet.NewMetrics(p.Registerer)
	if err != nil {
		return err
	}
	launcher := fleet.Options{
		API: p.Services.EC2, Templates: p.Templates, Subnets: p.Addresses, Health: p.Health, Table: p.Table, Failed: p.failed,
		Surplus: p.surplus, Ended: p.ended, Retry: retry.Policy{Random: rand.Float64}, Clock: p.Clock, Batches: s.batches, Metrics: launches,
	}
	if p.reserved() {
		launcher.Reservations = p.Counts
	}
	if p.Quotas != nil {
		launcher.Quotas = p.Quotas
	}
	p.Launcher = fleet.New(launcher)
	return nil
}

// surplus ends machines that nobody waits for any more.
func (p *Parts) surplus(ctx context.Context, machines []instance.Instance) {
	if err := p.Instances.TerminateKnown(ctx, machines); err != nil {
		p.failed(fmt.Errorf("ending surplus instances, which are left to garbage collection: %w", err))
	}
}

// ended reports whether a machine that a late answer brought is ending. One that EC2 does
// not show, because it is new, is not.
func (p *Parts) ended(ctx context.Context, machine instance.Instance) bool {
	p.Instances.Launched(machine)
	now, err := p.Instances.Fresh(ctx, machine.ID)
	return cloudprovider.IsNodeClaimNotFoundError(err) || err == nil && now.State.Ending()
}

// failed logs what goes wrong in the background.
func (p *Parts) failed(err error) { p.Log.Error(err, "background work failed") }

// measured notes the size of user data (AWS-169).
func (p *Parts) measured(c launchtemplate.Content) {
	name := c.Tags[v1.TagNodeClass]
	bytes, warn := userdata.Size(c.UserData)
	p.UserData.WithLabelValues(name).Set(float64(bytes))
	if warn {
		p.Log.Info("user data are near the limit of EC2", "EC2NodeClass", name, "bytes", bytes)
	}
}
