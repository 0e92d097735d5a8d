// SPDX-License-Identifier: Apache-2.0

package nodeclass

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/utils/clock"

	"karpenter.sh/core/cloudprovider/kit/nodeclass/resolution"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/image"
	"karpenter.sh/providers/aws/placement"
	"karpenter.sh/providers/aws/profile"
	"karpenter.sh/providers/aws/reservation"
)

// When conditions are looked at again (AWS-080).
const (
	soon      = time.Minute
	later     = 5 * time.Minute
	unrelated = 10 * time.Minute // for what only a change elsewhere ends
)

// Resolver finds out a part of an EC2NodeClass.
type Resolver = resolution.Resolver[*v1.EC2NodeClass]

// Images finds the images of a NodeClass; *image.Images does.
type Images interface {
	List(context.Context, *v1.EC2NodeClass) ([]v1.AMI, error)
}

// Subnets finds the subnets of a NodeClass; *network.Subnets does.
type Subnets interface {
	List(context.Context, *v1.EC2NodeClass) ([]v1.Subnet, error)
}

// SecurityGroups finds the security groups of a NodeClass; *network.SecurityGroups
// does.
type SecurityGroups interface {
	List(context.Context, *v1.EC2NodeClass) ([]v1.SecurityGroup, error)
}

// Reservations finds the capacity reservations of a NodeClass;
// *reservation.Reservations does.
type Reservations interface {
	List(context.Context, *v1.EC2NodeClass) ([]v1.CapacityReservation, error)
}

// Groups finds the placement group of a NodeClass; *placement.Groups does.
type Groups interface {
	Resolve(context.Context, *v1.EC2NodeClass) (*placement.Group, error)
}

// Profiles makes the instance profile of a NodeClass; *profile.Profiles does.
type Profiles interface {
	Ensure(context.Context, *v1.EC2NodeClass) (string, error)
	CleanUp(context.Context, *v1.EC2NodeClass) error
}

// Options are what NodeClasses are resolved with. All are required but Reservations.
type Options struct {
	Images         Images
	Subnets        Subnets
	SecurityGroups SecurityGroups
	// Reservations is nil with the gate ReservedCapacity off (AWS-433).
	Reservations Reservations
	Groups       Groups
	Profiles     Profiles
	Validator    Resolver
	Clock        clock.PassiveClock
}

// Resolvers are those of the controller nodeclass.status, in their order (AWS-080).
func Resolvers(o Options) []Resolver {
	resolvers := []Resolver{&images{o.Images}}
	if o.Reservations != nil {
		resolvers = append(resolvers, &reservations{o.Reservations, o.Clock})
	}
	resolvers = append(resolvers, &groups{o.Groups}, &subnets{o.Subnets}, &securityGroups{o.SecurityGroups}, &profiles{o.Profiles}, o.Validator)
	for i := range resolvers {
		resolvers[i] = telling{resolvers[i]}
	}
	return resolvers
}

type images struct{ images Images }

func (*images) Condition() string { return v1.ConditionTypeAMIsReady }

// Resolve implements resolution.Resolver. A list that is empty clears the status; an
// alias that the cluster's version has no image for leaves it, because the machines of
// before still boot.
func (r *images) Resolve(ctx context.Context, nodeClass *v1.EC2NodeClass) (resolution.Outcome, error) {
	found, err := r.images.List(ctx, nodeClass)
	var unsupported *image.UnsupportedAliasError
	switch {
	case errors.As(err, &unsupported):
		return resolution.False("UnsupportedAlias", unsupported.Error(), unrelated), nil
	case errors.Is(err, image.ErrNoParameters):
		// A fact, which users look for here: nobody published such an image (AWS-142).
		nodeClass.Status.AMIs = nil
		alias, _, _ := nodeClass.Alias()
		return resolution.False("AMINotFound", fmt.Sprintf("spec.amiSelectorTerms: no image of family %s has version %q", alias.Family, alias.Version), soon), nil
	case err != nil:
		return resolution.Outcome{}, err
	}
	nodeClass.Status.AMIs = found
	if len(found) == 0 {
		return resolution.False("AMINotFound", "AMISelector did not match any AMIs", soon), nil
	}
	return resolution.True(later), nil
}

type subnets struct{ subnets Subnets }

func (*subnets) Condition() string { return v1.ConditionTypeSubnetsReady }

func (r *subnets) Resolve(ctx context.Context, nodeClass *v1.EC2NodeClass) (resolution.Outcome, error) {
	found, err := r.subnets.List(ctx, nodeClass)
	if err != nil {
		return resolution.Outcome{}, err
	}
	nodeClass.Status.Subnets = found
	if len(found) == 0 {
		return resolution.False("SubnetsNotFound", "SubnetSelector did not match any Subnets", soon), nil
	}
	return resolution.True(soon), nil
}

type securityGroups struct{ groups SecurityGroups }

func (*securityGroups) Condition() string { return v1.ConditionTypeSecurityGroupsReady }

func (r *securityGroups) Resolve(ctx context.Context, nodeClass *v1.EC2NodeClass) (resolution.Outcome, error) {
	found, err := r.groups.List(ctx, nodeClass)
	if err != nil {
		return resolution.Outcome{}, err
	}
	nodeClass.Status.SecurityGroups = found
	if len(found) == 0 {
		return resolution.False("SecurityGroupsNotFound", "SecurityGroupSelector did not match any SecurityGroups", soon), nil
	}
	return resolution.True(later), nil
}

type reservations struct {
	reservations Reservations
	clock        clock.PassiveClock
}

func (*reservations) Condition() string { return v1.ConditionTypeCapacityReservationsReady }

func (r *reservations) Resolve(ctx context.Context, nodeClass *v1.EC2NodeClass) (resolution.Outcome, error) {
	found, err := r.reservations.List(ctx, nodeClass)
	if err != nil {
		return resolution.Outcome{}, err
	}
	nodeClass.Status.CapacityReservations = found
	after := soon
	if next, some := reservation.NextChange(found, r.clock.Now()); some && next > 0 {
		after = min(after, next)
	}
	return resolution.True(after), nil
}

type groups struct{ groups Groups }

func (*groups) Condition() string { return v1.ConditionTypePlacementGroupReady }

func (r *groups) Resolve(ctx context.Context, nodeClass *v1.EC2NodeClass) (resolution.Outcome, error) {
	selector := placement.Selector(nodeClass)
	if selector == "" {
		return resolution.True(0), nil
	}
	_, err := r.groups.Resolve(ctx, nodeClass)
	switch {
	case errors.Is(err, placement.ErrNotFound):
		return resolution.False("PlacementGroupNotFound", fmt.Sprintf("Placement group %q not found", selector), soon), nil
	case err != nil:
		return resolution.False("PlacementGroupResolutionFailed", "Failed to resolve placement group", soon), err
	}
	return resolution.True(soon), nil
}

type profiles struct{ profiles Profiles }

func (*profiles) Condition() string { return v1.ConditionTypeInstanceProfileReady }

// Resolve implements resolution.Resolver. A role that does not exist is told in the
// condition: only the account can know (improves on common practice). The profile of
// before stays in the status, and is what running machines have.
func (r *profiles) Resolve(ctx context.Context, nodeClass *v1.EC2NodeClass) (resolution.Outcome, error) {
	name, err := r.profiles.Ensure(ctx, nodeClass)
	switch {
	case errors.Is(err, profile.ErrRoleNotFound):
		return resolution.False("RoleNotFound", fmt.Sprintf("spec.role: role %q does not exist", nodeClass.Spec.Role), soon), nil
	case err != nil:
		return resolution.Outcome{}, err
	}
	nodeClass.Status.InstanceProfile = name
	return resolution.True(later), nil
}
