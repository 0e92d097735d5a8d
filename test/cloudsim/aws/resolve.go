// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"path"
	"slices"
	"strings"

	"karpenter.sh/test/cloudsim/wire"
)

// parameters are what a machine is launched with.
type parameters struct {
	capacity string
	override wire.Tree
	template *template // nil: none
	data     wire.Tree // without a template
	token    string
}

// resolve completes the parameters of a launch and checks them as far as they do not
// depend on what is free. The launch has a type even if there is an error, unless no
// type is given at all.
func (r *request) resolve(p parameters) (*launch, *subnet, error) {
	data := p.data
	if p.template != nil {
		data = p.template.data
	}
	l := &launch{template: p.template, data: data, overrides: p.override, token: p.token, at: r.now}
	name := first(p.override.Str("InstanceType"), data.Str("InstanceType"))
	if name == "" {
		return l, nil, wire.Errorf("MissingParameter", "The request must contain the parameter InstanceType")
	}
	l.kind = r.types.byName[name]
	if l.kind == nil {
		return l, nil, wire.Errorf("InvalidParameterValue", "Invalid value '%s' for InstanceType.", name)
	}
	s, err := r.place(l)
	if err != nil {
		return l, nil, err
	}
	return l, s, cmpErr(r.checkImage(l), r.checkGroups(l), r.checkProfile(l), r.checkPlacement(l), r.checkInterfaces(l))
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// cmpErr is the first error that is one.
func cmpErr(errs ...*wire.Error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// place finds the subnet: named by the override or the template, or the first of the
// zone.
func (r *request) place(l *launch) (*subnet, error) {
	id := first(l.overrides.Str("SubnetId"), l.data.Str("SubnetId"))
	for _, n := range l.data.Trees("NetworkInterfaces") {
		id = first(id, n.Str("SubnetId"))
	}
	zone := first(l.overrides.Str("AvailabilityZone"), l.data.Tree("Placement").Str("AvailabilityZone"))
	var s *subnet
	if id != "" {
		if s = r.subnet(id); s == nil {
			return nil, wire.Errorf("InvalidSubnetID.NotFound", "The subnet ID '%s' does not exist", id)
		}
	} else if s = r.firstSubnet(zone); s == nil {
		return nil, wire.Errorf("InvalidParameterValue", "There is no subnet in zone '%s'", zone)
	}
	if zone != "" && zone != s.Zone {
		return nil, wire.Errorf("InvalidParameterValue", "The subnet '%s' is not in zone '%s'", s.ID, zone)
	}
	if z, _ := r.zone(s.Zone); !z.sells(l.kind) {
		return nil, wire.Errorf("Unsupported",
			"Your requested instance type (%s) is not supported in your requested Availability Zone (%s).", l.kind.name, s.Zone)
	}
	return s, nil
}

func (r *request) firstSubnet(zone string) *subnet {
	for _, s := range r.subnets {
		if zone == "" || zone == s.Zone {
			return s
		}
	}
	return nil
}

func (r *request) checkImage(l *launch) *wire.Error {
	id := first(l.overrides.Str("ImageId"), l.data.Str("ImageId"))
	switch {
	case id == "":
		return wire.Errorf("MissingParameter", "The request must contain the parameter ImageId")
	case !strings.HasPrefix(id, "ami-"):
		return wire.Errorf("InvalidAMIID.Malformed", "Invalid id: \"%s\" (expecting \"ami-...\")", id)
	}
	image, ok := r.images[id]
	if !ok {
		return wire.Errorf("InvalidAMIID.NotFound", "The image id '[%s]' does not exist", id)
	}
	if image.Arch != l.kind.arch {
		return wire.Errorf("InvalidParameterValue",
			"The architecture '%s' of the specified instance type does not match the architecture '%s' of the specified AMI.", l.kind.arch, image.Arch)
	}
	l.image = image
	return nil
}

func (r *request) checkGroups(l *launch) *wire.Error {
	l.security = l.data.Strs("SecurityGroupIds")
	for _, n := range l.data.Trees("NetworkInterfaces") {
		l.security = append(slices.Clone(l.security), n.Strs("Groups")...)
	}
	slices.Sort(l.security)
	l.security = slices.Compact(l.security)
	for _, id := range l.security {
		at := slices.IndexFunc(r.options.Setup.SecurityGroups, func(g SecurityGroup) bool { return g.ID == id })
		if at < 0 {
			return wire.Errorf("InvalidGroup.NotFound", "The security group '%s' does not exist", id)
		}
		if vpc := r.vpcOf(r.options.Setup.SecurityGroups[at]); vpc != r.options.Setup.VPC {
			return wire.Errorf("InvalidParameter", "Security group %s and the subnet belong to different networks.", id)
		}
	}
	return nil
}

func (r *request) checkProfile(l *launch) *wire.Error {
	wanted := l.data.Tree("IamInstanceProfile")
	name := first(wanted.Str("Name"), path.Base(wanted.Str("Arn")))
	if wanted == nil || name == "." {
		return nil
	}
	p := r.profiles[name]
	if p == nil || !r.delays.Shows(lagProfile, p.changed, r.now) {
		return wire.Errorf("InvalidParameterValue", "Value (%s) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name", name)
	}
	l.profile = p.arn
	return nil
}

// checkInterfaces refuses what the type does not have.
func (r *request) checkInterfaces(l *launch) *wire.Error {
	given := l.data.Trees("NetworkInterfaces")
	public := slices.ContainsFunc(given, func(n wire.Tree) bool { return n.Bool("AssociatePublicIpAddress") })
	if public && len(given) > 1 {
		return wire.Errorf("InvalidParameterCombination", "The associatePublicIPAddress parameter cannot be specified when launching with multiple network interfaces.")
	}
	efas, perCard := 0, map[int]int{}
	for _, n := range given {
		card := n.Int("NetworkCardIndex")
		if card >= l.kind.cards {
			return wire.Errorf("InvalidParameterValue", "Network card index %d exceeds the limit for %s", card, l.kind.name)
		}
		if perCard[card]++; perCard[card] > l.kind.enis {
			return wire.Errorf("AttachmentLimitExceeded", "Interface count exceeds the limit for %s", l.kind.name)
		}
		if strings.HasPrefix(n.Str("InterfaceType"), "efa") {
			efas++
		}
	}
	if efas > l.kind.efas {
		return wire.Errorf("AttachmentLimitExceeded", "EFA interface count %d exceeds allowed limit for %s. ", efas, l.kind.name)
	}
	return nil
}
