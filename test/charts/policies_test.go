// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// OPS-320, OPS-324, OPS-325: the policies are there when they are asked for, bound to
// ConfigMaps of the release in which the controller's own user is filled in.
func TestAdmissionPolicies(t *testing.T) {
	want := map[string]map[string]string{
		"kwok": {"nodeclaims.karpenter.sh": "karpenter-admission", "nodepools.karpenter.sh": "karpenter-admission", "status.karpenter.sh": "karpenter-admission"},
	}
	for _, provider := range []string{"aws", "clusterapi", "proxmox"} {
		want[provider] = maps.Clone(want["kwok"])
	}
	want["aws"]["ec2nodeclasses.karpenter.k8s.aws"] = "karpenter-admission-aws"
	for _, provider := range providers {
		if files, err := os.ReadDir(filepath.Join(chart(provider, "karpenter"), "policies")); err != nil || len(files) != len(want[provider]) {
			t.Errorf("%s has %d files of policies, want %d: %v", provider, len(files), len(want[provider]), err)
		}
		for _, object := range render(t, provider) {
			if strings.HasPrefix(object.GetKind(), "ValidatingAdmission") {
				t.Errorf("%s: there is policy %s, for which nobody asked", provider, object.GetName())
			}
		}
		args := []string{"--set", "admissionPolicies.enabled=true", "--set", "admissionPolicies.parameters.limits=cpu=1", "--set", "serviceAccount.name=me", "--namespace", "ops"}
		if provider == "aws" {
			args = append(args, "--set", "admissionPolicies.providerParameters.roles=nodes")
		}
		rendered := render(t, provider, args...)
		bound := map[string]string{}
		for policy := range want[provider] {
			find[admissionv1.ValidatingAdmissionPolicy](t, rendered, "ValidatingAdmissionPolicy", policy)
			b := find[admissionv1.ValidatingAdmissionPolicyBinding](t, rendered, "ValidatingAdmissionPolicyBinding", policy)
			bound[b.Spec.PolicyName] = b.Spec.ParamRef.Name
			if b.Spec.ParamRef.Namespace != "ops" {
				t.Errorf("%s: policy %s looks into namespace %q", provider, policy, b.Spec.ParamRef.Namespace)
			}
		}
		if diff := cmp.Diff(want[provider], bound); diff != "" {
			t.Errorf("%s: %s", provider, diff)
		}
		data := find[corev1.ConfigMap](t, rendered, "ConfigMap", "karpenter-admission").Data
		if diff := cmp.Diff(map[string]string{"controller": "system:serviceaccount:ops:me", "limits": "cpu=1"}, data); diff != "" {
			t.Errorf("%s: %s", provider, diff)
		}
		if provider == "aws" {
			data := find[corev1.ConfigMap](t, rendered, "ConfigMap", "karpenter-admission-aws").Data
			if diff := cmp.Diff(map[string]string{"roles": "nodes"}, data); diff != "" {
				t.Error(diff)
			}
		}
	}
}

// OPS-312, OPS-325: the values take every key of the parameters; TestRefusals says that
// they take no other, since a rule whose key is misspelt would not apply.
func TestParametersOfPolicies(t *testing.T) {
	for value, example := range map[string]string{"parameters": "core/policies", "providerParameters": "providers/aws/policies"} {
		content, err := os.ReadFile(filepath.Join(root, example, "parameters.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		var parameters corev1.ConfigMap
		if err := yaml.UnmarshalStrict(content, &parameters); err != nil {
			t.Fatal(err)
		}
		delete(parameters.Data, "controller") // the chart knows it
		for key := range parameters.Data {
			render(t, "aws", "--set", "admissionPolicies.enabled=true", "--set-string", "admissionPolicies."+value+"."+key+"=any")
		}
	}
}
