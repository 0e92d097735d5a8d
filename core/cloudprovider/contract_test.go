// SPDX-License-Identifier: Apache-2.0

package cloudprovider_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/awslabs/operatorpkg/status"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
)

func TestManages(t *testing.T) {
	kinds := cloudprovider.NodeClassKinds{{Group: "g.example.com", Kind: "Class"}, {Group: "g.example.com", Kind: "Other"}}
	for _, tc := range []struct {
		reason string
		ref    v1.NodeClassReference
		want   bool
	}{
		{"CP-003: group and kind", v1.NodeClassReference{Group: "g.example.com", Kind: "Class", Name: "n"}, true},
		{"CP-003: not only the default", v1.NodeClassReference{Group: "g.example.com", Kind: "Other", Name: "n"}, true},
		{"CP-003: another group", v1.NodeClassReference{Group: "h.example.com", Kind: "Class", Name: "n"}, false},
		{"CP-003: another kind", v1.NodeClassReference{Group: "g.example.com", Kind: "class", Name: "n"}, false},
		{"CP-003: an absent reference is unmanaged", v1.NodeClassReference{}, false},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if got := kinds.Manages(tc.ref); got != tc.want {
				t.Errorf("got %t", got)
			}
		})
	}
	if got := kinds.LabelKeys(); !slices.Equal(got, []string{"g.example.com/class", "g.example.com/other"}) { // CP-004
		t.Errorf("label keys %v", got)
	}
	key, value := cloudprovider.NodeClassLabel(v1.NodeClassReference{Group: "g.example.com", Kind: "Class", Name: "n"}) // CP-004
	if key != "g.example.com/class" || value != "n" {
		t.Errorf("label %s=%s", key, value)
	}
}

func TestNodeClassKindsOf(t *testing.T) { // CP-003
	scheme := runtime.NewScheme()
	scheme.AddKnownTypeWithName(schema.GroupVersionKind{Group: "g.example.com", Version: "v9", Kind: "Class"}, &v1.NodePool{})
	kinds, err := cloudprovider.NodeClassKindsOf([]status.Object{&v1.NodePool{}}, scheme)
	if err != nil || !kinds.Manages(v1.NodeClassReference{Group: "g.example.com", Kind: "Class", Name: "n"}) {
		t.Errorf("got %v, %v", kinds, err)
	}
	if _, err := cloudprovider.NodeClassKindsOf([]status.Object{&v1.NodeClaim{}}, scheme); err == nil {
		t.Error("a type that the scheme does not know is an error")
	}
}

func TestCheckKeys(t *testing.T) {
	offeringWith := func(r requirement.Requirement) *cloudprovider.InstanceType {
		o := offering("a", "spot", 1)
		o.Requirements = o.Requirements.With(r)
		return instanceType("t", o)
	}
	typeWith := func(r requirement.Requirement) *cloudprovider.InstanceType {
		it := instanceType("t", offering("a", "spot", 1))
		it.Requirements = it.Requirements.With(r)
		return it
	}
	for _, tc := range []struct {
		reason string
		it     *cloudprovider.InstanceType
		fails  bool
	}{
		{"CP-006: well-known keys pass", typeWith(requirement.In(label.Arch, "amd64")), false},
		{"CP-006: In on a type", typeWith(requirement.In("example.com/k", "v")), true},
		{"CP-006: Exists on a type", typeWith(requirement.Exists("example.com/k")), true},
		{"CP-006: In on an offering", offeringWith(requirement.In("example.com/k", "v")), true},
		{"CP-006: what may be absent needs no registration", typeWith(requirement.DoesNotExist("example.com/k")), false},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			err := cloudprovider.CheckKeys([]*cloudprovider.InstanceType{tc.it}, wellKnown)
			var unregistered *cloudprovider.UnregisteredKeyError
			if errors.As(err, &unregistered) != tc.fails {
				t.Fatalf("got %v", err)
			}
			if tc.fails && unregistered.Key != "example.com/k" {
				t.Errorf("names %q", unregistered.Key)
			}
		})
	}
}

func TestFindUnhealthy(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	condition := func(kind corev1.NodeConditionType, is corev1.ConditionStatus, ago time.Duration) corev1.NodeCondition {
		return corev1.NodeCondition{Type: kind, Status: is, LastTransitionTime: metav1.NewTime(now.Add(-ago))}
	}
	policies := []cloudprovider.RepairPolicy{
		{ConditionType: "Ready", ConditionStatus: "False", TolerationDuration: 30 * time.Minute},
		{ConditionType: "Ready", ConditionStatus: "Unknown", TolerationDuration: 10 * time.Minute},
		{ConditionType: "Disk", ConditionStatus: "False", TolerationDuration: 0},
	}
	for _, tc := range []struct {
		reason     string
		policies   []cloudprovider.RepairPolicy
		conditions []corev1.NodeCondition
		policy     int
		due        time.Duration
		found      bool
	}{
		{"CP-038: healthy", policies, []corev1.NodeCondition{condition("Ready", "True", time.Hour)}, 0, 0, false},
		{"CP-038: an absent condition matches nothing", policies, nil, 0, 0, false},
		{"CP-038: no policies", nil, []corev1.NodeCondition{condition("Ready", "False", time.Hour)}, 0, 0, false},
		{"CP-038: several policies for one type", policies, []corev1.NodeCondition{condition("Ready", "Unknown", time.Minute)}, 1, 9 * time.Minute, true},
		{"CP-038: the earliest end of toleration decides", policies,
			[]corev1.NodeCondition{condition("Disk", "False", time.Minute), condition("Ready", "False", time.Hour)}, 0, -30 * time.Minute, true},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got, found := cloudprovider.FindUnhealthy(tc.policies, tc.conditions)
			if found != tc.found {
				t.Fatalf("found %t", found)
			}
			if found && (got.Policy != tc.policies[tc.policy] || !got.Due.Equal(now.Add(tc.due))) {
				t.Errorf("got %+v", got)
			}
		})
	}
}
