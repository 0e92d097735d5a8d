// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/events"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/blueprint"
	"karpenter.sh/providers/aws/choice"
	"karpenter.sh/providers/aws/fleet"
	"karpenter.sh/providers/aws/instance"
	"karpenter.sh/providers/aws/nodeclass"
)

// Reasons of failed launches that no error of the cloud caused (CP-012, AWS-132,
// AWS-294).
const (
	reasonTypes    = "InstanceTypeResolutionFailed"
	reasonSubnets  = "SubnetResolutionFailed"
	reasonTemplate = "LaunchTemplateResolutionFailed"
)

// Create implements cloudprovider.CloudProvider, in the order of CP-010 to CP-019.
func (p *Provider) Create(ctx context.Context, nodeClaim *karpv1.NodeClaim) (*karpv1.NodeClaim, error) {
	nodeClass, err := p.lookup().ForLaunch(ctx, nodeClaim)
	if err != nil {
		return nil, err
	}
	if err := nodeclass.CheckReady(nodeClass); err != nil {
		return nil, err
	}
	request, err := cloudprovider.LaunchRequestOf(nodeClaim, p.words)
	if err != nil {
		return nil, err
	}
	stamp, err := p.opts.Hash.Stamp(nodeClass)
	if err != nil {
		return nil, err
	}
	for n := 1; ; n++ {
		types, err := p.types(ctx, nodeClass)
		if err != nil {
			return nil, cloudprovider.NewCreateError(err, reasonTypes, "Error resolving instance types")
		}
		machine, err := p.launch(ctx, attempt{nodeClass: nodeClass, nodeClaim: nodeClaim, request: request, types: types})
		if err == nil {
			p.opts.Instances.Launched(machine)
			return p.launched(launch{nodeClass: nodeClass, request: request, types: types, machine: machine, annotations: stamp}), nil
		}
		if !quotaShort(err) || n == choices {
			p.refused(nodeClaim, nodeClass, err)
			return nil, err
		}
	}
}

// choices is how often a launch is chosen anew that other launches have left no quota for:
// the types show by then what there is room for (AWS-450).
const choices = 3

func quotaShort(err error) bool {
	var told *fleet.Error
	return errors.As(err, &told) && told.QuotaShort()
}

// attempt is a launch that is to be chosen.
type attempt struct {
	nodeClass *v1.EC2NodeClass
	nodeClaim *karpv1.NodeClaim
	request   cloudprovider.LaunchRequest
	types     []*cloudprovider.InstanceType
}

// launch chooses what to ask for, and asks.
func (p *Provider) launch(ctx context.Context, a attempt) (instance.Instance, error) {
	chosen, err := choice.Of(choice.Request{
		LaunchRequest: a.request, Types: a.types, MinValues: p.opts.MinValues, Reservations: p.opts.Reservations != nil,
	})
	if err != nil {
		return instance.Instance{}, err
	}
	if chosen.Inflexible {
		p.opts.Log(ctx, "launching on-demand although spot is allowed, from few instance types: more types make spot capacity likelier",
			"NodeClaim", a.nodeClaim.Name, "instance types", len(chosen.Candidates)) // AWS-282
	}
	asked, err := p.ask(ctx, a.nodeClass, a.nodeClaim, chosen)
	if err != nil {
		return instance.Instance{}, err
	}
	return p.opts.Launcher.Launch(ctx, asked)
}

// refused passes on what a failed launch tells besides its error.
func (p *Provider) refused(nodeClaim *karpv1.NodeClaim, nodeClass *v1.EC2NodeClass, err error) {
	var told *fleet.Error
	if !errors.As(err, &told) {
		return
	}
	if told.ProfileRefused() { // so that one that was deleted is made anew (AWS-342)
		p.opts.Profiles.Invalidate(nodeClass.Status.InstanceProfile)
	}
	if told.RowSpotRole() { // AWS-293
		p.opts.Events.Publish(events.Event{
			Object: nodeClaim, Type: events.Warning, Reason: "SpotServiceLinkedRoleCreationFailure",
			Message:      `Attempted to launch a spot instance but failed due to "AuthFailure.ServiceLinkedRoleCreationNotPermitted"`,
			DedupeValues: []string{string(nodeClaim.UID)},
		})
	}
}

// ask says what the cloud is asked for.
func (p *Provider) ask(ctx context.Context, nodeClass *v1.EC2NodeClass, nodeClaim *karpv1.NodeClaim, chosen choice.Choice) (fleet.Request, error) {
	if len(nodeClass.Status.Subnets) == 0 {
		return fleet.Request{}, cloudprovider.NewCreateError(blueprint.ErrNoSubnets, reasonSubnets, "Error getting subnets")
	}
	facts, err := p.opts.Facts(ctx, nodeClass)
	if err != nil {
		return fleet.Request{}, cloudprovider.NewCreateError(err, reasonTemplate, "Error getting launch template configs: "+err.Error())
	}
	group, _ := p.opts.Groups.Last(nodeClass)
	asked, err := p.blueprints.Request(blueprint.Input{
		Facts: facts, NodeClass: nodeClass, NodeClaim: nodeClaim, Choice: chosen, Group: group, Machines: p.opts.Types,
	})
	if err != nil && cloudprovider.ClassOf(err) == cloudprovider.ClassOther {
		return fleet.Request{}, cloudprovider.NewCreateError(err, reasonTemplate, "Error getting launch template configs: "+err.Error())
	}
	return asked, err
}
