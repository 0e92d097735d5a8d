// SPDX-License-Identifier: Apache-2.0

package policies_test

import (
	"context"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/testkit/testserver"
	"karpenter.sh/providers/aws/apis/crds"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/policies"
)

// OPS-324: what EC2NodeClasses may have.
func TestEC2NodeClasses(t *testing.T) {
	definitions, err := crds.All()
	if err != nil {
		t.Fatal(err)
	}
	config := testserver.Start(t, definitions...).Config
	as := func(user string) client.Client {
		return testserver.Client(t, testserver.As(config, user), v1.AddToScheme, corev1.AddToScheme)
	}
	before := class(func(s *v1.EC2NodeClassSpec) { s.Role, s.UserData = "other", ptr("#!/bin/bash") })
	if err := as("somebody").Create(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	testserver.Create(t, as("admin"), policies.Files())
	set(t, as("admin"), map[string]string{
		"roles": "KarpenterNodeRole-my-cluster, spare", "instanceProfiles": "nodes", "imageOwners": "amazon, 123456789012",
		"images": "ami-123, /images/ours", "userDataAuthors": "author",
	})
	enforced(t, func() bool { return try(t, as("somebody"), class(role("other"))) != nil })
	enforced(t, func() bool { return try(t, as("somebody"), class(role("spare"))) == nil })
	for _, tt := range []struct {
		why     string
		user    string
		change  func(*v1.EC2NodeClassSpec)
		refused string
	}{
		{"a role of the list", "", role("spare"), ""},
		{"another role", "", role("admin"), "spec.role: admin is not among the roles of the ConfigMap karpenter-admission-aws: KarpenterNodeRole-my-cluster, spare"},
		{"an instance profile of the list", "", profile("nodes"), ""},
		{"another instance profile", "", profile("admin"), "spec.instanceProfile: admin is not among"},
		{"an alias", "", images(v1.AMISelectorTerm{Alias: "al2023@latest"}), ""},
		{"an image of the list", "", images(v1.AMISelectorTerm{ID: "ami-123"}), ""},
		{"another image", "", images(v1.AMISelectorTerm{ID: "ami-123"}, v1.AMISelectorTerm{ID: "ami-124"}), "spec.amiSelectorTerms: each term needs an owner of: amazon, 123456789012; or an id or ssmParameter of: ami-123, /images/ours"},
		{"a parameter of the list", "", images(v1.AMISelectorTerm{SSMParameter: "/images/ours"}), ""},
		{"another parameter", "", images(v1.AMISelectorTerm{SSMParameter: "/images/theirs"}), "spec.amiSelectorTerms"},
		{"an owner of the list", "", images(v1.AMISelectorTerm{Name: "nodes-*", Owner: "123456789012"}), ""},
		{"another owner", "", images(v1.AMISelectorTerm{Name: "nodes-*", Owner: "210987654321"}), "spec.amiSelectorTerms"},
		{"a name without an owner", "", images(v1.AMISelectorTerm{Name: "nodes-*"}), "spec.amiSelectorTerms"},
		{"tags without an owner", "", images(v1.AMISelectorTerm{Tags: map[string]string{"a": "b"}}), "spec.amiSelectorTerms"},
		{"user data of an author", "author", userData, ""},
		{"user data of somebody", "", userData, "spec.userData: user somebody is not among the userDataAuthors"},
	} {
		user := "somebody"
		if tt.user != "" {
			user = tt.user
		}
		err := try(t, as(user), class(tt.change))
		if (tt.refused == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), tt.refused) {
			t.Errorf("%s: %v", tt.why, err)
		}
	}
	patch := func(what string) error {
		return as("somebody").Patch(t.Context(), before.DeepCopy(), client.RawPatch("application/merge-patch+json", []byte(what)), client.DryRunAll)
	}
	if err := patch(`{"metadata":{"annotations":{"example.com/seen":"yes"}}}`); err != nil {
		t.Errorf("the annotation of a class that was there before: %v", err)
	}
	if err := patch(`{"spec":{"role":"spare","detailedMonitoring":true}}`); err != nil {
		t.Errorf("a class keeps the user data it has: %v", err)
	}
	if err := patch(`{"spec":{"role":"spare","userData":"#!/bin/sh"}}`); err == nil {
		t.Error("somebody changed user data")
	}
}

// Without keys nothing is restricted.
func TestUnrestricted(t *testing.T) {
	definitions, err := crds.All()
	if err != nil {
		t.Fatal(err)
	}
	config := testserver.Start(t, definitions...).Config
	api := testserver.Client(t, testserver.As(config, "somebody"), v1.AddToScheme, corev1.AddToScheme)
	testserver.Create(t, api, policies.Files())
	enforced(t, func() bool { return try(t, api, class(role("other"))) != nil })
	set(t, api, nil)
	anything := class(images(v1.AMISelectorTerm{ID: "ami-124"}))
	anything.Spec.Role, anything.Spec.UserData = "other", ptr("#!/bin/sh")
	enforced(t, func() bool { return try(t, api, anything) == nil })
}

// set replaces the parameters.
func set(t *testing.T, api client.Client, data map[string]string) {
	t.Helper()
	parameters := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "karpenter-admission-aws"}, Data: data}
	if err := api.Update(t.Context(), parameters); err != nil {
		t.Fatal(err)
	}
}

// enforced waits for the API server, which takes policies in beside its requests.
func enforced(t *testing.T, ok func() bool) {
	t.Helper()
	done := func(context.Context) (bool, error) { return ok(), nil }
	if err := wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, time.Minute, true, done); err != nil {
		t.Fatalf("the policy does not take effect: %v", err)
	}
}

func try(t *testing.T, api client.Client, object client.Object) error {
	t.Helper()
	return api.Create(t.Context(), object, client.DryRunAll)
}

func class(change func(*v1.EC2NodeClassSpec)) *v1.EC2NodeClass {
	nodeClass := &v1.EC2NodeClass{ObjectMeta: metav1.ObjectMeta{GenerateName: "class-"}}
	nodeClass.Spec.Role = "spare"
	nodeClass.Spec.AMISelectorTerms = []v1.AMISelectorTerm{{Alias: "al2023@latest"}}
	nodeClass.Spec.SubnetSelectorTerms = []v1.SubnetSelectorTerm{{Tags: map[string]string{"karpenter.sh/discovery": "my-cluster"}}}
	nodeClass.Spec.SecurityGroupSelectorTerms = []v1.SecurityGroupSelectorTerm{{Tags: map[string]string{"karpenter.sh/discovery": "my-cluster"}}}
	change(&nodeClass.Spec)
	return nodeClass
}

func ptr(s string) *string { return &s }

func role(name string) func(*v1.EC2NodeClassSpec) {
	return func(s *v1.EC2NodeClassSpec) { s.Role = name }
}

func profile(name string) func(*v1.EC2NodeClassSpec) {
	return func(s *v1.EC2NodeClassSpec) { s.Role, s.InstanceProfile = "", &name }
}

func images(terms ...v1.AMISelectorTerm) func(*v1.EC2NodeClassSpec) {
	return func(s *v1.EC2NodeClassSpec) {
		family := v1.AMIFamilyAL2023
		s.AMIFamily, s.AMISelectorTerms = &family, terms
	}
}

func userData(s *v1.EC2NodeClassSpec) { s.UserData = ptr("#!/bin/sh") }
