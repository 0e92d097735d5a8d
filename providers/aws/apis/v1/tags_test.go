// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	v1 "karpenter.sh/providers/aws/apis/v1"
)

// AWS-124
func TestRestrictedTag(t *testing.T) {
	for key, want := range map[string]bool{
		"kubernetes.io/cluster/test":       true,
		"kubernetes.io/cluster/0-a_B":      true,
		"kubernetes.io/cluster/":           false,
		"kubernetes.io/cluster/-a":         false,
		"kubernetes.io/cluster/a/b":        false,
		"x-kubernetes.io/cluster/a":        false,
		"kubernetesxio/cluster/a":          false,
		"karpenter.sh/nodepool":            true,
		"karpenter.sh/nodeclaim":           true,
		"eks:eks-cluster-name":             true,
		"karpenter.k8s.aws/ec2nodeclass":   true,
		"karpenter.sh/discovery":           false,
		"karpenter.k8s.aws/ec2nodeclasses": false,
		"Name":                             false,
		"":                                 false,
	} {
		if got := v1.RestrictedTag(key); got != want {
			t.Errorf("RestrictedTag(%q) = %t", key, got)
		}
	}
}

// AWS-124
func TestRestrictedTags(t *testing.T) {
	c := nodeClass(func(s *v1.EC2NodeClassSpec) {
		s.Tags = map[string]string{"team": "x", "karpenter.sh/nodepool": "y", "eks:eks-cluster-name": "z"}
	})
	if got, want := c.RestrictedTags(), []string{"eks:eks-cluster-name", "karpenter.sh/nodepool"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := nodeClass().RestrictedTags(); len(got) > 0 {
		t.Errorf("got %v of no tags", got)
	}
}

// AWS-124: what the cluster is found by wins over what the user says.
func TestTags(t *testing.T) {
	c := nodeClass(func(s *v1.EC2NodeClassSpec) {
		s.Tags = map[string]string{"Name": "mine", "team": "x", "karpenter.sh/nodepool": "other", "kubernetes.io/cluster/test": "shared"}
	})
	before := c.DeepCopy()
	for _, pool := range []string{"pool", ""} {
		want := map[string]string{
			"Name": "mine", "team": "x", "kubernetes.io/cluster/test": "owned", "karpenter.sh/nodepool": pool,
			"eks:eks-cluster-name": "test", "karpenter.k8s.aws/ec2nodeclass": "default",
		}
		got := v1.Tags(c, "test", pool)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		clear(got)
	}
	if diff := cmp.Diff(before.Spec.Tags, c.Spec.Tags); diff != "" {
		t.Errorf("the NodeClass was changed (-before +after):\n%s", diff)
	}
}
