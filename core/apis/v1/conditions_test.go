// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"testing"
	"time"

	"github.com/awslabs/operatorpkg/status"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"

	v1 "karpenter.sh/core/apis/v1"
)

var (
	_ status.Object = (*v1.NodePool)(nil)
	_ status.Object = (*v1.NodeClaim)(nil)
)

// API-118
func TestReadyDependsOn(t *testing.T) {
	for name, test := range map[string]struct {
		object      status.Object
		dependents  []string
		independent string
	}{
		"NodePool": {&v1.NodePool{}, []string{
			v1.ConditionTypeValidationSucceeded, v1.ConditionTypeNodeClassReady,
		}, v1.ConditionTypeNodeRegistrationHealthy},
		"NodeClaim": {&v1.NodeClaim{}, []string{
			v1.ConditionTypeLaunched, v1.ConditionTypeRegistered, v1.ConditionTypeInitialized,
		}, v1.ConditionTypeDrifted},
	} {
		t.Run(name, func(t *testing.T) {
			for _, dependent := range test.dependents {
				if test.object.StatusConditions().Root().IsTrue() {
					t.Errorf("Ready is True before %s is", dependent)
				}
				test.object.StatusConditions().SetTrue(dependent)
			}
			test.object.StatusConditions().SetFalse(test.independent, "Reason", "")
			if !test.object.StatusConditions().Root().IsTrue() {
				t.Errorf("Ready is %v though all of %v are True", test.object.StatusConditions().Root(), test.dependents)
			}
			if err := test.object.StatusConditions().Clear(test.independent); err != nil {
				t.Errorf("API-117: clearing %s: %v", test.independent, err)
			}
		})
	}
}

// LIF-070 API-116
func TestMissingConditionsAwaitReconciliation(t *testing.T) {
	created := metav1.NewTime(monday)
	claim := &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: created}}
	for _, kind := range []string{v1.ConditionTypeLaunched, v1.ConditionTypeRegistered, v1.ConditionTypeInitialized} {
		want := &status.Condition{
			Type: kind, Status: metav1.ConditionUnknown, LastTransitionTime: created,
			Reason: "AwaitingReconciliation", Message: "object is awaiting reconciliation",
		}
		if diff := cmp.Diff(want, claim.StatusConditions().Get(kind)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
	}
}

// API-114: conditions are stored by their last transition, Ready last, also after
// one was cleared.
func TestOrderOfConditions(t *testing.T) {
	clock := clocktesting.NewFakeClock(monday)
	pool := &v1.NodePool{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(monday)}}
	for _, kind := range []string{"Zulu", v1.ConditionTypeValidationSucceeded, "Alpha", "Mike"} {
		clock.Step(time.Minute)
		pool.StatusConditions(status.WithClock(clock)).SetTrue(kind)
	}
	if err := pool.StatusConditions(status.WithClock(clock)).Clear("Mike"); err != nil {
		t.Fatal(err)
	}
	want := []string{v1.ConditionTypeNodeClassReady, "Zulu", v1.ConditionTypeValidationSucceeded, "Alpha", status.ConditionReady}
	var got []string
	for _, condition := range pool.GetConditions() {
		got = append(got, condition.Type)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order of conditions (-want +got):\n%s", diff)
	}
}

// API-115 API-116
func TestReady(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*v1.NodeClaim, status.ConditionSet)
		want   status.Condition
	}{
		"all dependents are True": {func(_ *v1.NodeClaim, set status.ConditionSet) {
			set.SetTrue(v1.ConditionTypeInitialized)
		}, status.Condition{Status: metav1.ConditionTrue, Reason: "Ready"}},
		"one is Unknown": {func(_ *v1.NodeClaim, set status.ConditionSet) {
			set.SetUnknownWithReason(v1.ConditionTypeInitialized, "NodeNotReady", "")
		}, status.Condition{Status: metav1.ConditionUnknown, Reason: "ReconcilingDependents", Message: "Initialized=Unknown"}},
		"one is False beside an Unknown one": {func(_ *v1.NodeClaim, set status.ConditionSet) {
			set.SetFalse(v1.ConditionTypeRegistered, "MultipleNodesFound", "")
		}, status.Condition{Status: metav1.ConditionFalse, Reason: "UnhealthyDependents", Message: "Registered=False, Initialized=Unknown"}},
		"another condition is False": {func(_ *v1.NodeClaim, set status.ConditionSet) {
			set.SetTrue(v1.ConditionTypeInitialized)
			set.SetFalse(v1.ConditionTypeConsistentStateFound, "ConsistencyCheckFailed", "")
		}, status.Condition{Status: metav1.ConditionTrue, Reason: "Ready"}},
		"True of an older generation is not enough": {func(claim *v1.NodeClaim, set status.ConditionSet) {
			claim.Generation = 2
			set.SetTrue(v1.ConditionTypeInitialized)
			set.SetTrue(v1.ConditionTypeRegistered)
		}, status.Condition{Status: metav1.ConditionUnknown, Reason: "ReconcilingDependents", Message: "Launched=True", ObservedGeneration: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			clock := clocktesting.NewFakeClock(monday)
			claim := &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(monday)}}
			set := claim.StatusConditions(status.WithClock(clock))
			for _, kind := range []string{v1.ConditionTypeLaunched, v1.ConditionTypeRegistered} {
				clock.Step(time.Minute)
				set.SetTrue(kind)
			}
			clock.Step(time.Minute)
			test.change(claim, set)
			got := *set.Root()
			got.Type, got.LastTransitionTime = "", metav1.Time{}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("Ready (-want +got):\n%s", diff)
			}
		})
	}
}
