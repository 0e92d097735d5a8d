// SPDX-License-Identifier: Apache-2.0

package cloudprovider_test

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/awslabs/operatorpkg/status"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/vocabulary"
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
	condition := func(kind corev1.NodeConditionType, is corev1.ConditionStatus) corev1.NodeCondition {
		return corev1.NodeCondition{Type: kind, Status: is, Reason: "Why"}
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
		// found are places of policies and of the conditions that they match.
		found [][2]int
	}{
		{"CP-038: healthy", policies, []corev1.NodeCondition{condition("Ready", "True")}, nil},
		{"CP-038: an absent condition matches nothing", policies, nil, nil},
		{"CP-038: no policies", nil, []corev1.NodeCondition{condition("Ready", "False")}, nil},
		{"CP-038: several policies for one type", policies, []corev1.NodeCondition{condition("Ready", "Unknown")}, [][2]int{{1, 0}}},
		{"CP-038: several conditions", policies, []corev1.NodeCondition{condition("Disk", "False"), condition("Ready", "False")},
			[][2]int{{0, 1}, {2, 0}}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			var want []cloudprovider.Unhealthy
			for _, f := range tc.found {
				want = append(want, cloudprovider.Unhealthy{Policy: tc.policies[f[0]], Condition: tc.conditions[f[1]]})
			}
			if got := cloudprovider.FindUnhealthy(tc.policies, tc.conditions); !slices.Equal(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
			if got := cloudprovider.IsUnhealthy(tc.policies, tc.conditions); got != (len(want) > 0) {
				t.Errorf("unhealthy: %t", got)
			}
		})
	}
}

func TestCheckReady(t *testing.T) {
	nodeClass := func(generation int64, conditions ...status.Condition) *v1.NodePool {
		p := &v1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: "n", Generation: generation}}
		p.Status.Conditions = conditions
		return p
	}
	ready := func(is metav1.ConditionStatus, observed int64) status.Condition {
		return status.Condition{Type: "Ready", Status: is, ObservedGeneration: observed, Message: "why"}
	}
	for _, tc := range []struct {
		reason string
		object status.Object
		class  cloudprovider.ErrorClass
		text   string
	}{
		{"CP-011: ready", nodeClass(2, ready("True", 2)), cloudprovider.ClassOther, ""},
		{"CP-011: not ready carries the message", nodeClass(2, ready("False", 2)), cloudprovider.ClassNodeClassNotReady, "NodeClassRef not ready, why"},
		{"CP-011: False goes before a stale generation", nodeClass(2, ready("False", 1)), cloudprovider.ClassNodeClassNotReady, "NodeClassRef not ready, why"},
		{"CP-011: unknown", nodeClass(2, ready("Unknown", 2)), cloudprovider.ClassCreateError, "creating nodeclaim, NodeClass is in Ready=Unknown"},
		{"CP-011: absent", nodeClass(2), cloudprovider.ClassCreateError, "creating nodeclaim, NodeClass is in Ready=Unknown"},
		{"CP-011: stale generation", nodeClass(2, ready("True", 1)), cloudprovider.ClassNodeClassNotReady,
			"NodeClassRef not ready, generation 2 of NodeClass n is yet to be examined, the last was 1"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			err := cloudprovider.CheckReady(tc.object)
			if cloudprovider.ClassOf(err) != tc.class || (err == nil) != (tc.text == "") || (err != nil && err.Error() != tc.text) {
				t.Errorf("got %v", err)
			}
			if e, ok := cloudprovider.AsCreateError(err); ok && (e.Reason != "NodeClassReadinessUnknown" || e.Message != "NodeClass is in Ready=Unknown") {
				t.Errorf("got %s: %s", e.Reason, e.Message)
			}
		})
	}
}

func TestLaunchRequestOf(t *testing.T) { // API-059, API-076, CP-013
	three := 3
	nodeClaim := &v1.NodeClaim{}
	nodeClaim.Spec.Resources.Requests = resources("cpu=1")
	nodeClaim.Spec.Requirements = []v1.NodeSelectorRequirementWithMinValues{
		{Key: "k", Operator: v1.OperatorIn, Values: []string{"a", "b"}},
		{Key: "k", Operator: v1.OperatorNotIn, Values: []string{"a"}},
		{Key: "n", Operator: v1.OperatorGte, Values: []string{"4"}, MinValues: &three},
		{Key: "beta.kubernetes.io/arch", Operator: v1.OperatorIn, Values: []string{"amd64"}},
	}
	got, err := cloudprovider.LaunchRequestOf(nodeClaim, vocabulary.Core())
	if err != nil {
		t.Fatal(err)
	}
	if text := got.Requirements.String(); text != "k In [b], kubernetes.io/arch In [amd64], n Exists >=4 minValues 3" {
		t.Errorf("got %s", text)
	}
	wantResources(t, got.Resources, resources("cpu=1"))

	nodeClaim.Spec.Requirements[0].Operator = "Like"
	if _, err := cloudprovider.LaunchRequestOf(nodeClaim, vocabulary.Core()); err == nil {
		t.Error("an unknown operator is an error")
	}
}

func TestWithOfferings(t *testing.T) { // CP-048, CP-084
	it := instanceType("t", offering("a", "spot", 1), offering("b", "spot", 1))
	goneIn := func(zone string) func(*cloudprovider.Offering) *cloudprovider.Offering {
		return func(o *cloudprovider.Offering) *cloudprovider.Offering {
			if o.Zone() != zone {
				return o
			}
			return o.Unavailable()
		}
	}
	if it.WithOfferings(goneIn("z")) != it {
		t.Error("nothing changed is the same type")
	}
	other := it.WithOfferings(goneIn("a"))
	if other.Offerings[0].Available || !other.Offerings[1].Available || other.Offerings[0].Price != 1 {
		t.Error("what is gone keeps its price, the rest its availability")
	}
	if !it.Offerings[0].Available || other.Offerings[1] != it.Offerings[1] {
		t.Error("the original is unchanged, the rest is shared")
	}
	if other.WithOfferings(goneIn("a")) != other {
		t.Error("gone twice is gone once")
	}
}

func TestWithReservationCapacity(t *testing.T) { // CP-052
	o := offering("a", "reserved", 1)
	o.ReservationCapacity = 2
	if o.WithReservationCapacity(2) != o {
		t.Error("nothing changed is the same offering")
	}
	if one := o.WithReservationCapacity(1); !one.Available || one.ReservationCapacity != 1 {
		t.Error("room is available")
	}
	full := o.WithReservationCapacity(-1)
	if full.Available || full.ReservationCapacity != 0 || full.WithReservationCapacity(0) != full {
		t.Error("no room is unavailable")
	}
	if again := full.WithReservationCapacity(2); again.Available || again.ReservationCapacity != 2 {
		t.Error("room alone does not put on sale what was off it for another reason")
	}
	o.ReservationCapacity = 0
	if none := o.WithReservationCapacity(0); none.Available || !o.Available {
		t.Error("what never had room is unavailable too")
	}
}

func TestLaunchLabels(t *testing.T) { // CP-019, CP-047
	onDemand, reserved := offering("a", "on-demand", 1), offering("b", "reserved", 1)
	onDemand.Requirements = onDemand.Requirements.With(requirement.DoesNotExist("example.com/reservation"))
	reserved.Requirements = reserved.Requirements.With(requirement.In("example.com/reservation", "r"))
	it := instanceType("t", onDemand, reserved)
	it.Requirements = it.Requirements.With(requirement.In("example.com/reservation", "r"), requirement.In(label.OS, "linux", "windows"))
	for _, tc := range []struct {
		reason   string
		offering *cloudprovider.Offering
		want     map[string]string
	}{
		{"CP-019: reservation labels are never copied from the type", onDemand,
			map[string]string{label.InstanceType: "t", label.Zone: "a", label.CapacityType: "on-demand"}},
		{"CP-019: a reserved machine has them", reserved,
			map[string]string{label.InstanceType: "t", label.Zone: "b", label.CapacityType: "reserved", "example.com/reservation": "r"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if got := cloudprovider.LaunchLabels(it, tc.offering); !maps.Equal(got, tc.want) {
				t.Errorf("got %v", got)
			}
		})
	}
}
