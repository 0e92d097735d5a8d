// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// OPS-201: how objects are named.
func TestNames(t *testing.T) {
	long := strings.Repeat("a", 50)
	for _, c := range []struct {
		reason, release string
		args            []string
		want            string
	}{
		{"the release has the name of the chart", "karpenter", nil, "karpenter"},
		{"the release contains it", "my-karpenter", nil, "my-karpenter"},
		{"the release does not", "mine", nil, "mine-karpenter"},
		{"another name of the chart", "mine", []string{"--set", "nameOverride=other"}, "mine-other"},
		{"the release contains the other name", "mine", []string{"--set", "nameOverride=in"}, "mine"},
		{"the name is set", "mine", []string{"--set", "fullnameOverride=full"}, "full"},
		{"it wins over the other name", "mine", []string{"--set", "fullnameOverride=full,nameOverride=other"}, "full"},
		{"it is too long", "mine", []string{"--set", "fullnameOverride=" + long + "-" + long}, long + "-" + long[:12]},
		{"it is cut at a dash", "mine", []string{"--set", "fullnameOverride=" + long + strings.Repeat("a", 12) + "-more"}, long + long[:12]},
	} {
		t.Run(c.reason, func(t *testing.T) {
			for _, provider := range providers {
				all := renderAs(t, c.release, provider, c.args...)
				if got := find[appsv1.Deployment](t, all, "Deployment").Name; got != c.want {
					t.Errorf("%s: named %q, want %q", provider, got, c.want)
				}
			}
		})
	}
}

// OPS-207: whose account the pods have.
func TestServiceAccount(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
		made bool
	}{
		{nil, "karpenter", true},
		{[]string{"--set", "serviceAccount.name=given"}, "given", true},
		{[]string{"--set", "serviceAccount.create=false"}, "default", false},
		{[]string{"--set", "serviceAccount.create=false,serviceAccount.name=given"}, "given", false},
	} {
		all := render(t, "kwok", c.args...)
		if got := find[appsv1.Deployment](t, all, "Deployment").Spec.Template.Spec.ServiceAccountName; got != c.want {
			t.Errorf("%v: the pods are %s, want %s", c.args, got, c.want)
		}
		if made := strings.Contains(strings.Join(all.names(), " "), "ServiceAccount/"+c.want); made != c.made {
			t.Errorf("%v: the account is made: %v", c.args, made)
		}
		for _, object := range all {
			if !strings.HasSuffix(object.GetKind(), "RoleBinding") {
				continue
			}
			subjects := object.Object["subjects"]
			if want := []any{map[string]any{"kind": "ServiceAccount", "name": c.want, "namespace": "kube-system"}}; !cmp.Equal(subjects, any(want)) {
				t.Errorf("%v: %s %s is about %v", c.args, object.GetKind(), object.GetName(), subjects)
			}
		}
	}
}

// OPS-202: labels and annotations of every object, which do not get in the way of selectors.
func TestLabels(t *testing.T) {
	mine := []string{
		"--set", "additionalLabels.team=a", "--set-string", "additionalLabels.app\\.kubernetes\\.io/name=wrong",
		"--set", "additionalAnnotations.owner=b", "--set", "serviceAccount.annotations.account=c",
		"--set", "networkPolicy.enabled=true,serviceMonitor.enabled=true", "--api-versions", "monitoring.coreos.com/v1",
		"--set", "podLabels.pod=label", "--set-string", "podLabels.app\\.kubernetes\\.io/instance=wrong",
	}
	for _, provider := range providers {
		all := render(t, provider, mine...)
		for _, object := range all {
			want := map[string]string{
				"app.kubernetes.io/name": "karpenter", "app.kubernetes.io/instance": "karpenter", "app.kubernetes.io/version": "0.0.0",
				"app.kubernetes.io/managed-by": "Helm", "helm.sh/chart": "karpenter-0.0.0", "team": "a",
			}
			got := object.GetLabels()
			for key := range got {
				if strings.HasPrefix(key, "rbac.authorization.k8s.io/") {
					delete(got, key)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: labels of %s %s: %s", provider, object.GetKind(), object.GetName(), diff)
			}
			if object.GetAnnotations()["owner"] != "b" || (object.GetKind() == "ServiceAccount") != (object.GetAnnotations()["account"] == "c") {
				t.Errorf("%s: annotations of %s %s: %v", provider, object.GetKind(), object.GetName(), object.GetAnnotations())
			}
		}
		// OPS-202, OPS-233, OPS-234: the pods are what the selectors look for.
		pods := find[appsv1.Deployment](t, all, "Deployment")
		selector := map[string]string{"app.kubernetes.io/name": "karpenter", "app.kubernetes.io/instance": "karpenter"}
		if diff := cmp.Diff(map[string]string{"app.kubernetes.io/name": "karpenter", "app.kubernetes.io/instance": "karpenter", "pod": "label"}, pods.Spec.Template.Labels); diff != "" {
			t.Error(diff)
		}
		for _, got := range []map[string]string{
			pods.Spec.Selector.MatchLabels,
			find[corev1.Service](t, all, "Service").Spec.Selector,
			find[policyv1.PodDisruptionBudget](t, all, "PodDisruptionBudget", "karpenter").Spec.Selector.MatchLabels,
		} {
			if diff := cmp.Diff(selector, got); diff != "" {
				t.Error(diff)
			}
		}
	}
}

// OPS-203: the image.
func TestImage(t *testing.T) {
	for args, want := range map[string]string{
		"controller.image.tag=":                               "example.org/karpenter:0.0.0",
		"controller.image.tag=v1":                             "example.org/karpenter:v1",
		"controller.image.digest=sha256:1":                    "example.org/karpenter:0.0.0@sha256:1",
		"controller.image.tag=v1,controller.image.digest=a:b": "example.org/karpenter:v1@a:b",
	} {
		pods := find[appsv1.Deployment](t, render(t, "kwok", "--set", args), "Deployment")
		if got := pods.Spec.Template.Spec.Containers[0].Image; got != want {
			t.Errorf("%s: image %s, want %s", args, got, want)
		}
	}
}

// OPS-228: terms about pods are about Karpenter's own, unless they say otherwise.
func TestSelectorsOfTerms(t *testing.T) {
	own := &metav1.LabelSelector{MatchLabels: map[string]string{"app.kubernetes.io/name": "karpenter", "app.kubernetes.io/instance": "karpenter"}}
	others := &metav1.LabelSelector{MatchLabels: map[string]string{"app": "other"}}
	spec := func(args ...string) corev1.PodSpec {
		return find[appsv1.Deployment](t, render(t, "kwok", args...), "Deployment").Spec.Template.Spec
	}
	defaults := spec()
	if got := defaults.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution[0].LabelSelector; !cmp.Equal(got, own) {
		t.Errorf("the default anti-affinity is about %v", got)
	}
	if got := defaults.TopologySpreadConstraints[0].LabelSelector; !cmp.Equal(got, own) {
		t.Errorf("the default spread is over %v", got)
	}
	set := spec("--set-json", `affinity={"podAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":7,"podAffinityTerm":{"topologyKey":"a"}}],
		"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"a","labelSelector":{"matchLabels":{"app":"other"}}}]}}`,
		"--set-json", `topologySpreadConstraints=[{"maxSkew":1,"topologyKey":"a","whenUnsatisfiable":"ScheduleAnyway","labelSelector":{"matchLabels":{"app":"other"}}}]`)
	affinity := set.Affinity.PodAffinity
	if got := affinity.PreferredDuringSchedulingIgnoredDuringExecution[0]; got.Weight != 7 || !cmp.Equal(got.PodAffinityTerm.LabelSelector, own) {
		t.Errorf("a preferred term is %v", got)
	}
	if got := affinity.RequiredDuringSchedulingIgnoredDuringExecution[0].LabelSelector; !cmp.Equal(got, others) {
		t.Errorf("a term with a selector is about %v", got)
	}
	if got := set.TopologySpreadConstraints[0].LabelSelector; !cmp.Equal(got, others) {
		t.Errorf("a spread with a selector is over %v", got)
	}
}
