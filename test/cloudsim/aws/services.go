// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"fmt"
	"strings"
	"time"

	"karpenter.sh/test/cloudsim/control"
	"karpenter.sh/test/cloudsim/wire"
)

func (c *Cloud) clusterARN() string {
	s := c.options.Setup
	return fmt.Sprintf("arn:aws:eks:%s:%s:cluster/%s", s.Region, s.Account, s.Cluster.Name)
}

func describeCluster(r *request) (wire.Tree, error) {
	k := r.options.Setup.Cluster
	if name := r.in.Str("name"); name != k.Name {
		return nil, wire.Errorf("ResourceNotFoundException", "No cluster found for name: %s.", name)
	}
	return wire.Tree{"cluster": wire.Tree{
		"name": k.Name, "arn": r.clusterARN(), "version": k.Version, "endpoint": k.Endpoint, "status": "ACTIVE",
		"certificateAuthority":    wire.Tree{"data": k.CA},
		"kubernetesNetworkConfig": wire.Tree{"serviceIpv4Cidr": k.CIDR, "ipFamily": "ipv4"},
		"resourcesVpcConfig":      wire.Tree{"vpcId": r.options.Setup.VPC},
	}}, nil
}

// getManagedResource knows the cluster only.
func getManagedResource(r *request) (wire.Tree, error) {
	if id := r.in.Str("resourceIdentifier"); id != r.clusterARN() {
		return nil, wire.Errorf("ResourceNotFoundException", "The resource %s is not managed.", id)
	}
	shifts := []wire.Tree{}
	weights := wire.Tree{}
	for _, z := range r.zones {
		weights[z.ID] = 1.0
	}
	for n, s := range r.options.Setup.Shifted {
		if !r.now.Before(s.Expires) {
			continue
		}
		weights[s.Zone] = 0.0
		shifts = append(shifts, wire.Tree{
			"appliedStatus": "APPLIED", "awayFrom": s.Zone, "comment": "simulated", "expiryTime": s.Expires,
			"resourceIdentifier": r.clusterARN(), "startTime": s.Expires.Add(-24 * time.Hour),
			"zonalShiftId": fmt.Sprintf("00000000-0000-4000-a000-%012d", n),
		})
	}
	return wire.Tree{
		"arn": r.clusterARN(), "name": r.options.Setup.Cluster.Name, "appliedWeights": weights,
		"zonalShifts": shifts, "zonalAutoshiftStatus": "DISABLED",
	}, nil
}

// ShiftZone implements control.ZoneShifter. The zone is a name or an ID.
func (c *Cloud) ShiftZone(zone string, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, z := range c.zones {
		if z.Name != zone && z.ID != zone {
			continue
		}
		var shifts []Shift
		for _, s := range c.options.Setup.Shifted {
			if s.Zone != z.ID {
				shifts = append(shifts, s)
			}
		}
		c.options.Setup.Shifted = append(shifts, Shift{Zone: z.ID, Expires: c.clock.Now().Add(d)})
		return nil
	}
	return fmt.Errorf("zone %s: %w", zone, control.ErrNotFound)
}

func getParameter(r *request) (wire.Tree, error) {
	name := r.in.Str("Name")
	if _, rest, ok := strings.Cut(name, ":parameter/"); ok {
		name = "/" + rest // an ARN
	}
	value, ok := r.options.Setup.Parameters[name]
	if !ok {
		return nil, &wire.Error{Code: "ParameterNotFound", Message: "Parameter " + name + " not found."}
	}
	return wire.Tree{"Parameter": wire.Tree{
		"Name": name, "Type": "String", "Value": value, "Version": 1, "DataType": "text",
		"ARN": fmt.Sprintf("arn:aws:ssm:%s::parameter%s", r.options.Setup.Region, name),
	}}, nil
}

// PutParameter sets a parameter of SSM.
func (c *Cloud) PutParameter(name, value string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.options.Setup.Parameters[name] = value
}
