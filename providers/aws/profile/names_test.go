// SPDX-License-Identifier: Apache-2.0

package profile_test

import (
	"maps"
	"strings"
	"testing"

	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/profile"
)

// AWS-094
func TestLegacyName(t *testing.T) {
	for _, tc := range []struct {
		reason, cluster, nodeClass, want string
		ok                               bool
	}{
		{"the vector", "c1", "default", "c1_15843455441266977890", true},
		{"a character that IAM refuses", "c/1", "default", "", false},
		{"white space", "c 1", "default", "", false},
		{"as long as may be", strings.Repeat("c", 107), "default", strings.Repeat("c", 107) + "_15843455441266977890", true},
		{"too long", strings.Repeat("c", 108), "default", "", false},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got, ok := profile.Scope{Cluster: tc.cluster, Region: "us-east-1"}.LegacyName(tc.nodeClass)
			if ok != tc.ok || ok && got != tc.want {
				t.Errorf("got %q, %v", got, ok)
			}
		})
	}
}

// AWS-341
func TestNamesOfNewProfiles(t *testing.T) {
	s := profile.Scope{Cluster: "c1", Region: "us-east-1"}
	if got := s.PathOf("u"); got != "/karpenter/us-east-1/c1/u/" {
		t.Errorf("path %s", got)
	}
	a, b := s.Name("default", "x"), s.Name("default", "y")
	if a == b || !strings.HasPrefix(a, "c1_") || strings.Trim(a[3:], "0123456789") != "" {
		t.Errorf("names %s, %s", a, b)
	}
	longest := profile.Scope{Cluster: strings.Repeat("c", 100), Region: "ap-northeast-1"}
	if n := longest.Name("default", "x"); len(n) > 128 {
		t.Errorf("the name of the longest cluster name of EKS has %d characters", len(n))
	}
}

// AWS-341: the tags by which the cluster knows its own win over the user's.
func TestTags(t *testing.T) {
	c := &v1.EC2NodeClass{}
	c.Name = "default"
	c.Spec.Tags = map[string]string{"team": "a", "eks:eks-cluster-name": "other"}
	want := map[string]string{
		"team": "a", "kubernetes.io/cluster/c1": "owned", "eks:eks-cluster-name": "c1",
		"karpenter.k8s.aws/ec2nodeclass": "default", "topology.kubernetes.io/region": "us-east-1",
	}
	if got := (profile.Scope{Cluster: "c1", Region: "us-east-1"}).Tags(c); !maps.Equal(got, want) {
		t.Errorf("tags %v", got)
	}
	if len(c.Spec.Tags) != 2 {
		t.Errorf("the NodeClass's own tags have changed: %v", c.Spec.Tags)
	}
}
