// SPDX-License-Identifier: Apache-2.0

package aws

import "karpenter.sh/test/cloudsim/wire"

// runInstances checks a launch and launches nothing: only dry runs are simulated.
func runInstances(r *request) (wire.Tree, error) {
	p := parameters{override: wire.Tree{}, data: r.in}
	if given := r.in.Tree("LaunchTemplate"); given != nil {
		t, err := r.template(given)
		if err != nil {
			return nil, err
		}
		p.template = t
		p.override = r.overridden()
	}
	if _, err := decodeUserData(r.in.Str("UserData")); err != nil {
		return nil, err
	}
	for _, s := range r.in.Trees("TagSpecifications") {
		if _, err := readTags(s.Trees("Tags")); err != nil {
			return nil, err
		}
	}
	if r.in.Int("MinCount") > r.in.Int("MaxCount") {
		return nil, wire.Errorf("InvalidParameterValue", "MinCount is greater than MaxCount")
	}
	if _, _, err := r.resolve(p); err != nil {
		return nil, err
	}
	if err := r.dry(); err != nil {
		return nil, err
	}
	return nil, wire.Errorf("Unsupported", "The simulation has RunInstances as a dry run only")
}

// overridden are the parameters of the call that win over its template.
func (r *request) overridden() wire.Tree {
	out := wire.Tree{}
	for _, name := range []string{"InstanceType", "ImageId", "SubnetId"} {
		if value := r.in.Str(name); value != "" {
			out[name] = value
		}
	}
	for _, n := range r.in.Trees("NetworkInterfaces") {
		if id := n.Str("SubnetId"); id != "" {
			out["SubnetId"] = id
		}
	}
	if zone := r.in.Tree("Placement").Str("AvailabilityZone"); zone != "" {
		out["AvailabilityZone"] = zone
	}
	return out
}
