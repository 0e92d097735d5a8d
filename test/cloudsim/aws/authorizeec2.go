// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"maps"
	"slices"
	"strings"

	"karpenter.sh/test/cloudsim/policy"
	"karpenter.sh/test/cloudsim/wire"
)

func requestTags(tags map[string]string, into map[string][]string) map[string][]string {
	if into == nil {
		into = map[string][]string{}
	}
	for key, value := range tags {
		into["aws:requesttag/"+key] = []string{value}
	}
	into["aws:tagkeys"] = slices.Sorted(maps.Keys(tags))
	return into
}

func resourceTags(tags map[string]string, into map[string][]string) map[string][]string {
	if into == nil {
		into = map[string][]string{}
	}
	for key, value := range tags {
		into["aws:resourcetag/"+key] = []string{value}
		into["ec2:resourcetag/"+key] = []string{value}
	}
	return into
}

// creation is the making of a kind of resource with the tags that the request gives
// it, and the tagging itself.
func (r *request) creation(kind, resource string) []policy.Question {
	return r.creationBy(r.call, kind, resource, r.in.Trees("TagSpecifications"))
}

func (r *request) creationBy(action, kind, resource string, specifications []wire.Tree) []policy.Question {
	tags, err := tagsFor(specifications, kind)
	if err != nil {
		return nil
	}
	out := []policy.Question{{Action: action, Resource: r.arn(resource), Context: requestTags(tags, nil)}}
	if len(tags) > 0 {
		_, name, _ := strings.Cut(action, ":")
		context := requestTags(tags, map[string][]string{"ec2:createaction": {name}})
		out = append(out, policy.Question{Action: "ec2:CreateTags", Resource: r.arn(resource), Context: context})
	}
	return out
}

// onBehalf are what running machines for a fleet needs: the fleet's own action is asked
// for beside that of running.
func (r *request) onBehalf(run []policy.Question) []policy.Question {
	out := slices.Clone(run)
	for _, q := range run {
		if q.Action == "ec2:RunInstances" {
			q.Action, q.Context = r.call, maps.Clone(q.Context)
			out = append(out, q)
		}
	}
	return out
}

// fleetQuestions: a fleet is made, and machines are run on its behalf.
func (r *request) fleetQuestions() []policy.Question {
	out := r.creation("fleet", "fleet/*")
	for _, config := range r.in.Trees("LaunchTemplateConfigs") {
		given := config.Tree("LaunchTemplateSpecification")
		if t, err := r.template(given); err == nil {
			out = append(out, policy.Question{
				Action: r.call, Resource: r.arn("launch-template/" + t.id), Context: resourceTags(t.tags, nil),
			})
		}
		in := wire.Tree{"TagSpecifications": r.in.Trees("TagSpecifications")}
		out = append(out, r.onBehalf(r.runQuestions(given, in))...)
	}
	return out
}

// runQuestions are what running machines needs: everything they are made of, and
// everything that is made.
func (r *request) runQuestions(from, in wire.Tree) []policy.Question {
	const action = "ec2:RunInstances"
	data, tags := in, in.Trees("TagSpecifications")
	var out []policy.Question
	use := func(resource string, context map[string][]string) {
		out = append(out, policy.Question{Action: action, Resource: r.arn(resource), Context: context})
	}
	if from != nil {
		t, err := r.template(from)
		if err != nil {
			return nil
		}
		use("launch-template/"+t.id, resourceTags(t.tags, nil))
		data, tags = t.data, slices.Concat(tags, t.data.Trees("TagSpecifications"))
	}
	image := first(in.Str("ImageId"), data.Str("ImageId"))
	out = append(out, policy.Question{
		Action: action, Resource: "arn:aws:ec2:" + r.options.Setup.Region + "::image/" + image,
		Context: map[string][]string{"ec2:owner": {r.ownerID(r.images[image])}},
	})
	for _, n := range data.Trees("NetworkInterfaces") {
		for _, id := range n.Strs("Groups") {
			use("security-group/"+id, nil)
		}
	}
	use("subnet/"+first(in.Str("SubnetId"), data.Str("SubnetId"), "*"), nil)
	if id := data.Tree("CapacityReservationSpecification").Tree("CapacityReservationTarget").Str("CapacityReservationId"); id != "" {
		use("capacity-reservation/"+id, nil)
	}
	if id := data.Tree("Placement").Str("GroupId"); id != "" {
		use("placement-group/"+id, nil)
	}
	kinds := []string{"instance", "volume", "network-interface"}
	if r.in.Tree("TargetCapacitySpecification").Str("DefaultTargetCapacityType") == spot {
		kinds = append(kinds, "spot-instances-request")
	}
	for _, kind := range kinds {
		out = append(out, r.creationBy(action, kind, kind+"/*", tags)...)
	}
	return append(out, r.passed(data.Tree("IamInstanceProfile").Str("Name"))...)
}

// passed is the passing of an instance profile's role to the machines.
func (r *request) passed(name string) []policy.Question {
	p := r.profiles[name]
	if p == nil || p.role == "" {
		return nil
	}
	return []policy.Question{{
		Action: "iam:PassRole", Resource: r.roleARN(p.role),
		Context: map[string][]string{"iam:passedtoservice": {"ec2.amazonaws.com"}},
	}}
}

func (r *request) tagQuestions() []policy.Question {
	tags, err := readTags(r.in.Trees("Tags"))
	if err != nil {
		return nil
	}
	var templates []policy.Question
	for _, id := range r.in.Strs("Resources") {
		if t := r.templates.byID[id]; t != nil {
			templates = append(templates, policy.Question{
				Action: r.call, Resource: r.arn("launch-template/" + id), Context: resourceTags(t.tags, requestTags(tags, nil)),
			})
		}
	}
	return append(templates, r.onInstances(r.call, r.in.Strs("Resources"), tags)...)
}

func (r *request) onInstances(action string, ids []string, tags map[string]string) []policy.Question {
	var out []policy.Question
	for _, id := range ids {
		if i := r.instances.all[id]; i != nil {
			out = append(out, policy.Question{
				Action: action, Resource: r.arn("instance/" + id), Context: resourceTags(i.tags, requestTags(tags, nil)),
			})
		}
	}
	return out
}
