// SPDX-License-Identifier: Apache-2.0

package wiring

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/collect"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/finalization"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/resolution"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/statichash"
	"karpenter.sh/core/cloudprovider/kit/refresh"
	"karpenter.sh/core/operator"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/cluster"
	"karpenter.sh/providers/aws/controllers/capacitytype"
	"karpenter.sh/providers/aws/controllers/expiration"
	"karpenter.sh/providers/aws/controllers/networkplugin"
	"karpenter.sh/providers/aws/controllers/observedcapacity"
	"karpenter.sh/providers/aws/instance"
	"karpenter.sh/providers/aws/interruption"
	"karpenter.sh/providers/aws/nodeclass"
	"karpenter.sh/providers/aws/pricing"
	"karpenter.sh/providers/aws/profile"
	"karpenter.sh/providers/aws/provider"
	"karpenter.sh/providers/aws/providerid"
	"karpenter.sh/providers/aws/quota"
	"karpenter.sh/providers/aws/tagging"
	"karpenter.sh/providers/aws/zonalshift"
)

// How often the catalogue is read anew (AWS-200), and deprecated images are looked for
// (AWS-142).
const (
	typesEvery  = 12 * time.Hour
	imagesEvery = 30 * time.Minute
)

// Controllers are those of AWS-400 but for the metrics of NodeClasses; the core runs
// them on the leader.
func (p *Parts) Controllers() []operator.Controller {
	controllers := []operator.Controller{
		p.resolution(), p.hash(), p.finalization(), p.collection(), p.templates(), p.closing(),
		profile.NewCollector(profile.CollectorOptions{Client: p.Client, Live: p.Live, Profiles: p.Profiles}),
		tagging.New(tagging.Options{Client: p.Client, Kinds: p.Kinds, Instances: p, Cluster: p.Cluster.Name(), Clock: p.Clock}),
		pricing.NewController(p.Prices),
		cluster.NewController(p.Cluster),
		networkplugin.New(networkplugin.Options{Live: p.Live, Plugin: p.Plugin}),
		refresh.New(refresh.Options{Name: "providers.instancetype", Every: typesEvery, Done: p.loaded, Clock: p.Clock, Do: p.refreshTypes}),
		refresh.New(refresh.Options{Name: "providers.ssm.invalidation", Every: imagesEvery, Done: p.loaded, Clock: p.Clock, Do: p.invalidateImages}),
		observedcapacity.New(observedcapacity.Options{Client: p.Client, Kinds: p.Kinds, Images: p, Memory: p.Types}),
	}
	if p.Quotas != nil {
		controllers = append(controllers, p.quotas())
	}
	for _, c := range interruption.Controllers(p.interruption()) {
		controllers = append(controllers, c)
	}
	if p.reserved() {
		controllers = append(controllers,
			capacitytype.New(capacitytype.Options{Client: p.Client, Live: p.Live, Kinds: p.Kinds, Instances: p, Clock: p.Clock}),
			expiration.New(expiration.Options{Client: p.Client, Live: p.Live, Kinds: p.Kinds, Reservations: p.Reservations, NodeClaims: p.NodeClaims}),
		)
	}
	if p.Shifts != nil {
		controllers = append(controllers, zonalshift.NewController(zonalshift.Options{
			Source: p.Shift, Shifts: p.Shifts, Client: p.Client, Words: p.Provider.Words(), Events: p.Events,
		}))
	}
	return controllers
}

// nodeClassStatus turns conditions of NodeClasses into metrics and events (OPS-116).
func nodeClassStatus(setup operator.Setup) operator.Controller {
	return operator.NodeClassStatus[*v1.EC2NodeClass](setup)
}

// resolution is nodeclass.status (AWS-080).
func (p *Parts) resolution() operator.Controller {
	o := nodeclass.Options{
		Images: p.Images, Subnets: p.Subnets, SecurityGroups: p.Groups, Groups: p.Placement, Profiles: p.Profiles,
		Validator: p.Validator, Clock: p.Clock,
	}
	if p.reserved() {
		o.Reservations = p.Reservations
	}
	return resolution.New(resolution.Options[*v1.EC2NodeClass]{
		Client: p.Client, Kind: v1.Kind(), Fresh: provider.FreshNodeClass, Resolvers: nodeclass.Resolvers(o), Clock: p.Clock,
	})
}

func (p *Parts) hash() operator.Controller {
	return statichash.New(statichash.Options[*v1.EC2NodeClass]{Client: p.Client, Scheme: p.Hash, Fresh: provider.FreshNodeClass})
}

func (p *Parts) finalization() operator.Controller {
	return finalization.New(finalization.Options[*v1.EC2NodeClass]{
		Client: p.Client, Live: p.Live, Kind: v1.Kind(), Fresh: provider.FreshNodeClass, CleanUp: p.cleanUp, Events: p.Events,
	})
}

// cleanUp deletes what was made for a NodeClass that nothing uses any more (AWS-093).
func (p *Parts) cleanUp(ctx context.Context, nodeClass *v1.EC2NodeClass) (time.Duration, error) {
	if err := p.Profiles.CleanUp(ctx, nodeClass); err != nil {
		return 0, fmt.Errorf("cleaning up instance profiles of EC2NodeClass %s: %w", nodeClass.Name, err)
	}
	if err := p.Templates.DeleteOf(ctx, nodeClass.Name); err != nil {
		return 0, fmt.Errorf("cleaning up launch templates of EC2NodeClass %s: %w", nodeClass.Name, err)
	}
	p.UserData.DeleteLabelValues(nodeClass.Name)
	p.Validator.Forget(nodeClass.UID)
	p.Dropped.Forget(nodeClass.UID)
	return 0, nil
}

// collection ends machines that no NodeClaim has (AWS-326). Machines of shared fleets
// carry no name of a NodeClaim until they are tagged; until then the launcher knows whose
// they are, or that their launch is under way, unless it is another process.
func (p *Parts) collection() operator.Controller {
	return collect.New(collect.Options{
		Client: p.Client, Live: p.Live, Machines: p.Provider, Clock: p.Clock,
		Rule: collect.Rule{
			Grace:  30 * time.Second,
			Tie:    collect.Tie{Machine: p.claimant, NodeClaim: func(c *karpv1.NodeClaim) string { return string(c.UID) }},
			Spares: func(machine *karpv1.NodeClaim) bool { return p.Launcher.UnderWay(machine.CreationTimestamp.Time) },
		},
		Schedule: collect.Schedule{First: 10 * time.Second, Rounds: 20, Then: 2 * time.Minute},
	})
}

// claimant is the UID of the NodeClaim that a machine was launched for.
func (p *Parts) claimant(machine *karpv1.NodeClaim) string {
	id, err := providerid.InstanceID(machine.Status.ProviderID)
	if err != nil {
		return ""
	}
	return string(p.Launcher.Claimant(id))
}

func (p *Parts) interruption() interruption.Options {
	o := interruption.Options{
		Client: p.Client, Live: p.Live, Kinds: p.Kinds, QueueName: p.Settings.InterruptionQueue, SQS: p.Services.SQS,
		EC2: p.Services.EC2, Health: p.Health, Events: p.Events, NodeClaims: p.NodeClaims, Metrics: p.Interruptions, Clock: p.Clock,
	}
	if p.reserved() {
		o.Reservations = p.Counts
	}
	return o
}

// quotas reads the account's quotas and what is used of them (AWS-448).
func (p *Parts) quotas() *quota.Reader {
	return quota.NewReader(quota.Options{
		Account: p.Quotas, API: p.Services.ServiceQuotas, EC2: p.Services.EC2, Reservations: p.reserved(), VCPUs: p.Types.VCPUs,
		Random: rand.Float64, Clock: p.Clock, Log: p.Log,
	})
}

func (p *Parts) invalidateImages(ctx context.Context) error {
	dropped, err := p.Images.InvalidateDeprecated(ctx)
	if len(dropped) > 0 {
		p.Log.Info("images of parameters were deprecated, so the parameters are read anew", "images", dropped)
	}
	return err
}

// Partition implements partition.Instances.
func (p *Parts) Partition(ctx context.Context, instanceID string) (int32, error) {
	machine, err := p.Instances.Fresh(ctx, instanceID)
	return machine.Partition, err
}

// Tags implements tagging.Instances.
func (p *Parts) Tags(ctx context.Context, instanceID string) (map[string]string, error) {
	machine, err := p.Instances.Fresh(ctx, instanceID)
	return machine.Tags, err
}

// Tag implements tagging.Instances.
func (p *Parts) Tag(ctx context.Context, instanceID string, tags map[string]string) error {
	return p.Instances.Tag(ctx, instanceID, tags)
}

// CapacityTypes implements capacitytype.Instances. All are asked for at once, so that
// they share calls.
func (p *Parts) CapacityTypes(ctx context.Context, ids []string) (map[string]string, error) {
	type answer struct {
		machine instance.Instance
		err     error
	}
	answers := make(chan answer, len(ids))
	for _, id := range ids {
		go func() {
			machine, err := p.Instances.Fresh(ctx, id)
			answers <- answer{machine, err}
		}()
	}
	out := make(map[string]string, len(ids))
	var failed error
	for range ids {
		a := <-answers
		switch {
		case a.err == nil:
			out[a.machine.ID] = a.machine.CapacityType
		case !cloudprovider.IsNodeClaimNotFoundError(a.err):
			failed = a.err // one cause of many tells enough
		}
	}
	if failed != nil {
		return nil, failed
	}
	return out, nil
}

// Selected implements observedcapacity.Images.
func (p *Parts) Selected(ctx context.Context, nodeClass *v1.EC2NodeClass, instanceType string) (string, error) {
	return p.Provider.ImageFor(ctx, nodeClass, instanceType)
}
