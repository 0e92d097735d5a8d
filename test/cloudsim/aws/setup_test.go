// SPDX-License-Identifier: Apache-2.0

package aws_test

import (
	"strings"
	"testing"

	"karpenter.sh/test/cloudsim/aws"
)

// SIM-034, SIM-060: a setup is laid over the default one.
func TestParseSetup(t *testing.T) {
	s, err := aws.ParseSetup([]byte(`{
		"cluster": {"version": "1.35"}, "parameters": {"/mine": "ami-1"},
		"subnets": [{"id": "subnet-1", "zone": "us-west-2a", "cidr": "10.0.0.0/24"}]}`), "c1")
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Subnets) != 1 || s.Subnets[0].Tags != nil || s.Cluster.Name != "c1" || s.Cluster.Version != "1.35" || len(s.Zones) != 3 || s.Parameters["/mine"] != "ami-1" {
		t.Errorf("setup %+v", s)
	}
	if s.Parameters["/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/x86_64/standard/recommended/image_id"] == "" {
		t.Error("the version that is named has no images")
	}
	for says, text := range map[string]string{"colour": `{"colour": 1}`, "unexpected end": `{`} {
		if _, err := aws.ParseSetup([]byte(text), "c1"); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want %q", err, says)
		}
	}
	for says, change := range map[string]func(*aws.Setup){
		"there is no zone":          func(s *aws.Setup) { s.Zones = nil },
		`there is no zone "moon"`:   func(s *aws.Setup) { s.Subnets[0].Zone = "moon" },
		"subnet-1":                  func(s *aws.Setup) { s.Subnets[0].CIDR = "10.0.0.0/31" },
		`there is no role "r"`:      func(s *aws.Setup) { s.InstanceProfiles = []aws.InstanceProfile{{Name: "p", Role: "r"}} },
		`there is no type "z9.big"`: func(s *aws.Setup) { s.Reservations = []aws.Reservation{{ID: "cr-1", Type: "z9.big"}} },
	} {
		o := aws.DefaultOptions("c1")
		o.Setup.Subnets = []aws.Subnet{{ID: "subnet-1", Zone: "us-west-2a", CIDR: "10.0.0.0/24"}}
		change(&o.Setup)
		if _, err := aws.New(o); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want %q", err, says)
		}
	}
}
