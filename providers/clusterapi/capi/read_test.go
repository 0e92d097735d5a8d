// SPDX-License-Identifier: Apache-2.0

package capi_test

import (
	"errors"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"karpenter.sh/providers/clusterapi/capi"
)

// CAPI-007, CAPI-121: the version that the server prefers, if it is known.
func TestChoose(t *testing.T) {
	for reason, tc := range map[string]struct {
		preferred string
		served    []string
		want      string
	}{
		"the newer one is preferred":   {"v1beta2", []string{"v1beta2", "v1beta1"}, "v1beta2"},
		"the older one is preferred":   {"v1beta1", []string{"v1beta2", "v1beta1"}, "v1beta1"},
		"there is the older one only":  {"v1beta1", []string{"v1beta1"}, "v1beta1"},
		"one to come is preferred":     {"v1", []string{"v1", "v1beta2", "v1beta1"}, "v1beta2"},
		"only one to come is served":   {"v1", []string{"v1"}, ""},
		"only what is too old is left": {"v1alpha4", []string{"v1alpha4"}, ""},
		"Cluster API is not there":     {"", nil, ""},
	} {
		t.Run(reason, func(t *testing.T) {
			got, err := capi.Choose(tc.preferred, tc.served)
			if got != tc.want || (tc.want == "") != errors.Is(err, capi.ErrNotServed) {
				t.Errorf("got %q, %v, want %q", got, err, tc.want)
			}
		})
	}
}

func deployment(change func(*capi.MachineDeployment)) *capi.MachineDeployment {
	d := &capi.MachineDeployment{}
	d.Annotations = map[string]string{}
	change(d)
	return d
}

// CAPI-029: what is no integer limits nothing.
func TestMaxSize(t *testing.T) {
	for text, want := range map[string]struct {
		size    int32
		limited bool
	}{
		"": {}, "many": {}, "1.5": {}, "99999999999": {},
		"0": {0, true}, "7": {7, true},
	} {
		d := deployment(func(d *capi.MachineDeployment) { d.Annotations[capi.AnnotationMaxSize] = text })
		if size, limited := d.MaxSize(); limited != want.limited || (limited && size != want.size) {
			t.Errorf("%q: got %d, %t", text, size, limited)
		}
	}
}

// CAPI-120: how many Machines a roll-out explains.
func TestSurge(t *testing.T) {
	surge := func(v intstr.IntOrString) capi.Strategy {
		return capi.Strategy{RollingUpdate: capi.RollingUpdate{MaxSurge: &v}}
	}
	for reason, tc := range map[string]struct {
		change func(*capi.MachineDeployment)
		want   int32
	}{
		"nobody said":       {func(*capi.MachineDeployment) {}, 1},
		"a number, v1beta2": {func(d *capi.MachineDeployment) { d.Spec.Rollout.Strategy = surge(intstr.FromInt32(3)) }, 3},
		"a number, v1beta1": {func(d *capi.MachineDeployment) { d.Spec.Strategy = surge(intstr.FromInt32(3)) }, 3},
		"none":              {func(d *capi.MachineDeployment) { d.Spec.Strategy = surge(intstr.FromInt32(0)) }, 0},
		"a share, rounded up": {func(d *capi.MachineDeployment) {
			d.Spec.Replicas, d.Spec.Strategy = new(int32(5)), surge(intstr.FromString("30%"))
		}, 2},
		"a share of no replicas":        {func(d *capi.MachineDeployment) { d.Spec.Strategy = surge(intstr.FromString("30%")) }, 0},
		"Machines are replaced by hand": {func(d *capi.MachineDeployment) { d.Spec.Rollout.Strategy.Type = "OnDelete" }, 0},
	} {
		t.Run(reason, func(t *testing.T) {
			if got := deployment(tc.change).Surge(); got != tc.want {
				t.Errorf("got %d, want %d", got, tc.want)
			}
		})
	}
}

// CAPI-005, CAPI-029: the annotation counts with any value.
func TestPaused(t *testing.T) {
	for reason, tc := range map[string]struct {
		change func(*capi.MachineDeployment)
		want   bool
	}{
		"neither":        {func(*capi.MachineDeployment) {}, false},
		"the spec":       {func(d *capi.MachineDeployment) { d.Spec.Paused = true }, true},
		"the annotation": {func(d *capi.MachineDeployment) { d.Annotations[capi.AnnotationPaused] = "" }, true},
	} {
		d := deployment(tc.change)
		cluster := &capi.Cluster{ObjectMeta: d.ObjectMeta, Spec: capi.ClusterSpec{Paused: d.Spec.Paused}}
		if d.Paused() != tc.want || cluster.Paused() != tc.want {
			t.Errorf("%s: deployment %t, cluster %t", reason, d.Paused(), cluster.Paused())
		}
	}
}

// CAPI-041, CAPI-046: what becomes of a Machine.
func TestMachine(t *testing.T) {
	now := metav1.NewTime(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	for reason, tc := range map[string]struct {
		machine                     capi.Machine
		terminating, marked, failed bool
	}{
		"it serves":           {machine: capi.Machine{Status: capi.MachineStatus{Phase: "Running"}}},
		"it terminates":       {machine: capi.Machine{ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: &now}}, terminating: true},
		"it is marked":        {machine: capi.Machine{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{capi.AnnotationDelete: ""}}}, marked: true},
		"its phase is Failed": {machine: capi.Machine{Status: capi.MachineStatus{Phase: "Failed"}}, failed: true},
		"a reason, v1beta1":   {machine: capi.Machine{Status: capi.MachineStatus{Failure: capi.Failure{FailureReason: "CreateError"}}}, failed: true},
		"a message, as v1beta2 has it": {machine: capi.Machine{Status: capi.MachineStatus{
			Deprecated: capi.DeprecatedStatus{V1Beta1: capi.Failure{FailureMessage: "no quota"}},
		}}, failed: true},
	} {
		m := &tc.machine
		if m.Terminating() != tc.terminating || m.Marked() != tc.marked || m.Failed() != tc.failed {
			t.Errorf("%s: terminating %t, marked %t, failed %t", reason, m.Terminating(), m.Marked(), m.Failed())
		}
	}
}
