// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"errors"
	"maps"
	"strconv"

	"karpenter.sh/test/cloudsim/wire"
)

// maxOverrides is how many overrides a fleet request may have, over all templates.
const maxOverrides = 300

// candidate is one way to fulfil a fleet request: a template with one override.
type candidate struct {
	*launch
	subnet        *subnet
	specification wire.Tree // of the template, for the answer
	price         float64   // what the fleet would pay
	priority      float64
	order         int
	err           *wire.Error // why it cannot be used at all
	instances     []*instance
}

// createFleet launches the machines of an instant fleet. What cannot be launched is an
// error of the answer, not of the call.
func createFleet(r *request) (wire.Tree, error) {
	if kind := r.in.Str("Type"); kind != "instant" {
		return nil, wire.Errorf("Unsupported", "The simulation has fleets of type instant only, not '%s'", kind)
	}
	target := r.in.Tree("TargetCapacitySpecification")
	capacity := target.Str("DefaultTargetCapacityType")
	if capacity == "" {
		capacity = onDemand
	}
	candidates, err := r.candidates(capacity)
	if err != nil {
		return nil, err
	}
	if err := r.dry(); err != nil {
		return nil, err
	}
	r.rank(candidates, capacity)
	wanted := target.Int("TotalTargetCapacity")
	if r.rule != nil && r.rule.AtMost != nil {
		wanted = min(wanted, *r.rule.AtMost)
	}
	fleet := "fleet-" + r.ids.UUID()
	r.fulfil(candidates, fleet, wanted)
	return r.fleetTree(candidates, fleet, capacity), nil
}

// fulfil launches so many machines, from the best candidate that still has some.
func (r *request) fulfil(candidates []*candidate, fleet string, wanted int) {
	for _, c := range candidates {
		if wanted == 0 {
			return
		}
		if failure := r.within(c); failure != nil {
			c.err = failure
		}
		for c.err == nil && wanted > 0 {
			c.fleet = fleet
			i, err := r.launch(c.launch, c.subnet, len(c.instances))
			if err != nil {
				c.err = err
				break
			}
			c.instances = append(c.instances, i)
			wanted--
		}
	}
}

// within is the error that a fault rule puts in place of a candidate.
func (r *request) within(c *candidate) *wire.Error {
	if r.rule == nil || r.rule.Within == nil || !r.rule.About(c.overrides) {
		return nil
	}
	return wire.Errorf(r.rule.Within.Code, "%s", first(r.rule.Within.Message, "injected by a fault rule"))
}

func (r *request) fleetTree(candidates []*candidate, fleet, capacity string) wire.Tree {
	instances, errs := []wire.Tree{}, []wire.Tree{}
	lifecycle := onDemand
	if capacity == spot {
		lifecycle = spot
	}
	for _, c := range candidates {
		used := wire.Tree{"LaunchTemplateSpecification": c.specification, "Overrides": c.overridesTree()}
		if len(c.instances) > 0 {
			var ids []string
			for _, i := range c.instances {
				ids = append(ids, i.id)
			}
			instances = append(instances, wire.Tree{
				"LaunchTemplateAndOverrides": used, "Lifecycle": lifecycle, "InstanceIds": ids, "InstanceType": c.kind.name,
			})
		}
		if c.err != nil {
			errs = append(errs, wire.Tree{
				"LaunchTemplateAndOverrides": used, "Lifecycle": lifecycle,
				"ErrorCode": c.err.Code, "ErrorMessage": c.err.Message,
			})
		}
	}
	return wire.Tree{"FleetId": fleet, "Instances": instances, "Errors": errs}
}

// overridesTree is the override as answers tell it.
func (c *candidate) overridesTree() wire.Tree {
	out := wire.Tree{}
	for _, name := range []string{"InstanceType", "SubnetId", "AvailabilityZone", "ImageId", "MaxPrice", "Priority", "WeightedCapacity"} {
		if value, ok := c.overrides[name]; ok {
			out[name] = value
		}
	}
	return out
}

// candidates are all overrides of all templates, in the order of the request.
func (r *request) candidates(capacity string) ([]*candidate, error) {
	var out []*candidate
	fleetTags, err := tagsFor(r.in.Trees("TagSpecifications"), "instance")
	if err != nil {
		return nil, err
	}
	for _, config := range r.in.Trees("LaunchTemplateConfigs") {
		specification := config.Tree("LaunchTemplateSpecification")
		t, err := r.template(specification)
		if err != nil {
			return nil, err
		}
		if err := version(specification.Str("Version")); err != nil {
			return nil, err
		}
		overrides := config.Trees("Overrides")
		if len(overrides) == 0 {
			overrides = []wire.Tree{{}}
		}
		if len(out)+len(overrides) > maxOverrides {
			return nil, wire.Errorf("InvalidParameterValue", "The number of overrides exceeds the limit of %d", maxOverrides)
		}
		tags := templateTags(t, fleetTags)
		told := wire.Tree{"LaunchTemplateId": t.id, "LaunchTemplateName": t.name, "Version": "1"}
		for _, o := range overrides {
			c, err := r.candidate(t, o, capacity)
			if err != nil {
				return nil, err
			}
			c.specification, c.order = told, len(out)
			c.labelled = tags
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return nil, wire.Errorf("InvalidFleetConfiguration", "At least one launch template configuration is needed")
	}
	return out, nil
}

// candidate resolves one override. Only a malformed one fails the call.
func (r *request) candidate(t *template, override wire.Tree, capacity string) (*candidate, error) {
	p := parameters{capacity: capacity, override: override, template: t, token: r.in.Str("ClientToken")}
	l, s, why := r.resolve(p)
	c := &candidate{launch: l, subnet: s, priority: override.Float("Priority")}
	if c.kind == nil {
		return nil, why
	}
	if errors.As(why, &c.err) {
		return c, nil // it takes part, and is told why it cannot be used
	}
	c.price = c.kind.price
	if capacity == spot {
		c.price, _ = r.spotPrice(c.kind, s.Zone, r.now)
		c.err = tooLow(override.Str("MaxPrice"), c.price)
	}
	return c, nil
}

// tooLow refuses a spot machine that costs more than the request would pay.
func tooLow(most string, price float64) *wire.Error {
	if limit, err := strconv.ParseFloat(most, 64); most == "" || err == nil && limit >= price {
		return nil
	}
	return wire.Errorf("SpotMaxPriceTooLow",
		"Your Spot request price of %s is lower than the minimum required Spot request fulfillment price of %v.", most, price)
}

// templateTags are the tags of machines: those of the template, of the fleet, and the
// ones that AWS adds.
func templateTags(t *template, fleetTags map[string]string) map[string]string {
	tags := map[string]string{"aws:ec2launchtemplate:id": t.id, "aws:ec2launchtemplate:version": "1"}
	if own, err := tagsFor(t.data.Trees("TagSpecifications"), "instance"); err == nil {
		maps.Copy(tags, own)
	}
	maps.Copy(tags, fleetTags)
	return tags
}
