// SPDX-License-Identifier: Apache-2.0

package userdata_test

import (
	"strings"
	"testing"

	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/userdata"
)

// AWS-166: where the version is read from, in the order in which that counts.
func TestImageVersion(t *testing.T) {
	term := func(change func(*v1.AMISelectorTerm)) []v1.AMISelectorTerm {
		out := []v1.AMISelectorTerm{{}}
		change(&out[0])
		return out
	}
	named := func(names ...string) []v1.AMI {
		var out []v1.AMI
		for i, name := range names {
			out = append(out, v1.AMI{ID: "ami-" + string(rune('0'+i)), Name: name})
		}
		return out
	}
	for _, tc := range []struct {
		reason string
		terms  []v1.AMISelectorTerm
		amis   []v1.AMI
		want   string
	}{
		{"nothing", nil, nil, ""},
		{"an alias", term(func(x *v1.AMISelectorTerm) { x.Alias = "bottlerocket@1.45.0" }), named("bottlerocket-v1.46.0-x"), "1.45.0"},
		{"the newest", term(func(x *v1.AMISelectorTerm) { x.Alias = "bottlerocket@latest" }), nil, "latest"},
		{"a name", term(func(x *v1.AMISelectorTerm) { x.Name = "bottlerocket-aws-k8s-1.31-x86_64-v1.46.0-abc" }), named("bottlerocket-v1.40.0-x"), "v1.46.0"},
		{"a name with a wildcard", term(func(x *v1.AMISelectorTerm) { x.Name = "bottlerocket-*-v1.4*-*" }), named("bottlerocket-v1.40.0-x"), "v1.40.0"},
		{"an image by ID", term(func(x *v1.AMISelectorTerm) { x.ID = "ami-1" }), named("bottlerocket-v1.40.0-x", "mine-v1.50.0"), "v1.50.0"},
		{"any image that is called so", term(func(x *v1.AMISelectorTerm) { x.SSMParameter = "/x" }), named("mine-v1.50.0", "bottlerocket-v1.40.0-x"), "v1.40.0"},
		{"none that is called so", term(func(x *v1.AMISelectorTerm) { x.Tags = map[string]string{"a": "b"} }), named("mine-v1.50.0"), ""},
		{"v without numbers", term(func(x *v1.AMISelectorTerm) { x.Name = "v.x-vx.y-v1.50" }), nil, "v1.50"},
	} {
		nodeClass := &v1.EC2NodeClass{Spec: v1.EC2NodeClassSpec{AMISelectorTerms: tc.terms}, Status: v1.EC2NodeClassStatus{AMIs: tc.amis}}
		if got := userdata.ImageVersion(nodeClass); got != tc.want {
			t.Errorf("AWS-166 %s: %q, want %q", tc.reason, got, tc.want)
		}
	}
}

// AWS-166: from 1.46 on, images know by themselves what to bind.
func TestBindsByItself(t *testing.T) {
	for version, want := range map[string]bool{
		"": false, "latest": true, "v1.45.9": false, "v1.46.0": true, "1.46.0": true, "1.46": true, "1.100.0": true, "1.9.0": false,
		"v2.0.0": true, "v0.99.0": false, "1": false, "v1.x": false, "v": false,
	} {
		in := input(t, v1.AMIFamilyBottlerocket)
		in.InstanceStoreRAID0, in.ImageVersion = true, version
		if got := !strings.Contains(decoded(t, in), "'--dirs', '/var/lib/containerd', '/var/lib/kubelet', '/var/log/pods'"); got != want {
			t.Errorf("%q binds by itself: %t, want %t", version, got, want)
		}
	}
}
