// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"reflect"
	"time"

	"karpenter.sh/test/cloudsim/control"
	"karpenter.sh/test/cloudsim/policy"
)

// Setup is what the account holds at the start. It can be written in JSON.
type Setup struct {
	// Account is the account's number, Region the only region.
	Account string `json:"account"`
	Region  string `json:"region"`
	// Cluster is the cluster that EKS knows.
	Cluster Cluster `json:"cluster"`
	// Zones are the region's.
	Zones []Zone `json:"zones"`
	// VPC is the only network.
	VPC            string          `json:"vpc"`
	Subnets        []Subnet        `json:"subnets"`
	SecurityGroups []SecurityGroup `json:"securityGroups"`
	Images         []Image         `json:"images"`
	// Parameters are those of SSM.
	Parameters map[string]string `json:"parameters"`
	// Roles are names of IAM roles, with their path if they have one.
	Roles []string `json:"roles"`
	// InstanceProfiles are those that somebody made before.
	InstanceProfiles []InstanceProfile `json:"instanceProfiles"`
	// Queues are names of SQS queues; interruption notices go to all.
	Queues          []string         `json:"queues"`
	Reservations    []Reservation    `json:"reservations"`
	PlacementGroups []PlacementGroup `json:"placementGroups"`
	// Identities are who may call. Without any, everybody may do everything.
	Identities []Identity `json:"identities"`
	// Shifted are the IDs of zones that ARC has shifted traffic away from.
	Shifted []Shift `json:"shifted"`
}

// Cluster is a cluster of EKS.
type Cluster struct {
	Name     string `json:"name"`
	Version  string `json:"version"`
	Endpoint string `json:"endpoint"`
	// CA is its certificate authority, PEM in base64.
	CA string `json:"ca"`
	// CIDR is the range of its services.
	CIDR string `json:"cidr"`
}

// Zone is an availability zone.
type Zone struct {
	Name string `json:"name"`
	ID   string `json:"id"`
	// Lacks are families that are not sold there.
	Lacks []string `json:"lacks,omitempty"`
}

// Subnet is a subnet.
type Subnet struct {
	ID     string            `json:"id"`
	Zone   string            `json:"zone"`
	CIDR   string            `json:"cidr"`
	Public bool              `json:"public,omitempty"`
	Tags   map[string]string `json:"tags,omitempty"`
}

// SecurityGroup is a security group.
type SecurityGroup struct {
	ID   string            `json:"id"`
	Name string            `json:"name"`
	VPC  string            `json:"vpc,omitempty"` // default: the setup's
	Tags map[string]string `json:"tags,omitempty"`
}

// Image is a machine image.
type Image struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Arch  string `json:"arch"`
	Owner string `json:"owner"` // account, or "amazon"
	// Family is al2023 or bottlerocket: how it boots. Others never join.
	Family     string            `json:"family"`
	Created    time.Time         `json:"created"`
	Deprecated *time.Time        `json:"deprecated,omitempty"`
	Tags       map[string]string `json:"tags,omitempty"`
}

// Reservation is a capacity reservation.
type Reservation struct {
	ID    string `json:"id"`
	Type  string `json:"type"` // instance type
	Zone  string `json:"zone"`
	Count int    `json:"count"`
	// Match is open or targeted, Kind default or capacity-block.
	Match string            `json:"match"`
	Kind  string            `json:"kind"`
	Owner string            `json:"owner,omitempty"` // default: the account
	End   *time.Time        `json:"end,omitempty"`
	Tags  map[string]string `json:"tags,omitempty"`
}

// PlacementGroup is a placement group.
type PlacementGroup struct {
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	Strategy   string            `json:"strategy"` // cluster, partition, spread
	Partitions int               `json:"partitions,omitempty"`
	Tags       map[string]string `json:"tags,omitempty"`
}

// InstanceProfile is an instance profile of IAM with a role in it.
type InstanceProfile struct {
	Name string `json:"name"`
	// Path begins and ends with a slash; default: "/".
	Path string `json:"path,omitempty"`
	// Role is one of the setup's.
	Role string            `json:"role"`
	Tags map[string]string `json:"tags,omitempty"`
}

// Identity is who calls.
type Identity struct {
	// AccessKey is the ID of its access key.
	AccessKey string `json:"accessKey"`
	// Role is its name.
	Role string `json:"role"`
	// Policies are its documents; without any it may do everything.
	Policies []json.RawMessage `json:"policies,omitempty"`

	documents []*policy.Document
	used      map[string]bool // grants
	refusals  []control.Refusal
}

// Shift is a zonal shift of the cluster.
type Shift struct {
	Zone    string    `json:"zone"` // ID
	Expires time.Time `json:"expires"`
}

// ParseSetup reads a setup over the default one of its cluster: lists that it names
// replace those that are there, all else is laid over it. Another version of the
// cluster has its images published as well.
func ParseSetup(data []byte, cluster string) (Setup, error) {
	s := DefaultSetup(cluster)
	before := s.Cluster.Version
	var named map[string]json.RawMessage
	if err := json.Unmarshal(data, &named); err != nil {
		return Setup{}, fmt.Errorf("setup: %w", err)
	}
	s.empty(named)
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s); err != nil {
		return Setup{}, fmt.Errorf("setup: %w", err)
	}
	if s.Cluster.Version != before {
		s.publishImages()
	}
	return s, nil
}

// empty empties the lists that are named, so that nothing of their old elements shines
// through.
func (s *Setup) empty(named map[string]json.RawMessage) {
	v := reflect.ValueOf(s).Elem()
	for i := range v.NumField() {
		if _, ok := named[v.Type().Field(i).Tag.Get("json")]; ok && v.Field(i).Kind() == reflect.Slice {
			v.Field(i).SetZero()
		}
	}
}

// DefaultSetup is an account with one cluster, three zones with a private subnet
// each, and the images that EKS publishes for its version.
func DefaultSetup(cluster string) Setup {
	s := Setup{
		Account: "111122223333", Region: "us-west-2", VPC: "vpc-0a1b2c3d4e5f60718",
		Cluster: Cluster{
			Name: cluster, Version: "1.34", Endpoint: "https://127.0.0.1:6443",
			CA: base64.StdEncoding.EncodeToString([]byte("authority of " + cluster)), CIDR: "10.100.0.0/16",
		},
		Zones: []Zone{
			{Name: "us-west-2a", ID: "usw2-az1"}, {Name: "us-west-2b", ID: "usw2-az2"},
			{Name: "us-west-2c", ID: "usw2-az3", Lacks: []string{"a1", "m4", "p4d"}},
		},
		Parameters: map[string]string{},
		Roles:      []string{"KarpenterNodeRole-" + cluster},
		Queues:     []string{cluster},
	}
	discovery := map[string]string{"karpenter.sh/discovery": cluster}
	for i, z := range s.Zones {
		s.Subnets = append(s.Subnets, Subnet{
			ID: resourceID("subnet", z.Name), Zone: z.Name, CIDR: fmt.Sprintf("192.168.%d.0/18", 64*i), Tags: discovery,
		})
	}
	s.SecurityGroups = []SecurityGroup{
		{ID: resourceID("sg", "nodes"), Name: "nodes", Tags: discovery},
		{ID: resourceID("sg", "default"), Name: "default"},
	}
	s.publishImages()
	return s
}

// publishImages adds the images of EKS and the parameters that name them.
func (s *Setup) publishImages() {
	version := s.Cluster.Version
	for _, arch := range []string{x86, arm} {
		variants := []string{"standard", "nvidia"}
		if arch == x86 {
			variants = append(variants, "neuron")
		}
		for _, v := range variants {
			prefix := fmt.Sprintf("/aws/service/eks/optimized-ami/%s/amazon-linux-2023/%s/%s/", version, arch, v)
			for _, released := range releases() {
				name := fmt.Sprintf("amazon-eks-node-al2023-%s-%s-%s-v%s", arch, v, version, released.Format("20060102"))
				id := s.publish(name, arch, "al2023", released)
				s.Parameters[prefix+name+"/image_id"] = id
				s.Parameters[prefix+"recommended/image_id"] = id // the last one stays
			}
		}
		for _, v := range []string{"", "-nvidia"} {
			name := fmt.Sprintf("bottlerocket-aws-k8s-%s%s-%s-v1.50.0-abcdef12", version, v, map[string]string{x86: "x86_64", arm: "aarch64"}[arch])
			id := s.publish(name, arch, "bottlerocket", releases()[1])
			prefix := fmt.Sprintf("/aws/service/bottlerocket/aws-k8s-%s%s/%s/", version, v, arch)
			s.Parameters[prefix+"latest/image_id"] = id
			s.Parameters[prefix+"1.50.0/image_id"] = id
		}
	}
}

// releases are when images came out, the newest last: an older one to roll out from.
func releases() []time.Time {
	return []time.Time{time.Date(2025, 12, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
}

func (s *Setup) publish(name, arch, family string, created time.Time) string {
	id := resourceID("ami", name)
	s.Images = append(s.Images, Image{
		ID: id, Name: name, Arch: arch, Owner: "amazon", Family: family,
		Created: created,
	})
	return id
}

// resourceID is an identifier that is always the same for a name.
func resourceID(prefix, name string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(prefix + "/" + name)) // a hash takes everything
	return fmt.Sprintf("%s-0%016x", prefix, h.Sum64())
}
