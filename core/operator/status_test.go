// SPDX-License-Identifier: Apache-2.0

package operator_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/fake/v1alpha1"
	"karpenter.sh/core/testkit/binary"
)

// held keeps an object until a test lets it go.
const held = "example.com/held"

// TestStatus follows the conditions of a pool through metrics and events.
func TestStatus(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.define(t)
	c := s.typed(t)
	nodeClass := &v1alpha1.TestNodeClass{ObjectMeta: metav1.ObjectMeta{Name: "default", Finalizers: []string{held}}}
	pool := newPool("general")
	pool.Finalizers = []string{held}
	create(t, c, nodeClass, pool)
	for _, condition := range []string{v1.ConditionTypeValidationSucceeded, v1.ConditionTypeNodeClassReady} {
		pool.StatusConditions().SetTrue(condition)
	}
	if err := c.Status().Update(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	b := s.replica(t, "DISABLE_LEADER_ELECTION=true", "OFFERING_METRICS=true")

	t.Run("CP-078, OPS-298: what the provider sells", func(t *testing.T) {
		binary.Eventually(t, 30*time.Second, func() string {
			return missing(b, `karpenter_cloudprovider_instance_type_offering_price_estimate{capacity_type="on-demand",instance_type="`,
				`karpenter_cloudprovider_duration_seconds_count{controller="metrics.offering",method="GetInstanceTypes",provider="fake"} `)
		})
	})
	t.Run("OPS-152: a first sighting", func(t *testing.T) {
		binary.Eventually(t, 30*time.Second, func() string {
			return missing(b, `operator_nodepool_status_condition_transitions_total{reason="NodeClassReady",status="True",type="NodeClassReady"} 1`)
		})
		if missing(b, `operator_nodepool_status_condition_transition_seconds_count{status="True",to_status="False",type="NodeClassReady"}`) == "" {
			t.Error("it counts as a transition")
		}
		if told := s.events(t, "NodePool", v1.ConditionTypeNodeClassReady); len(told) > 0 {
			t.Errorf("OPS-197: it is told: %q", told)
		}
	})
	remove(t, c, nodeClass)
	gauge := `operator_nodepool_status_condition_count{name="general",namespace="",reason="%s",status="False",type="NodeClassReady"} 1`
	t.Run("OPS-152, OPS-197: a change of status", func(t *testing.T) {
		binary.Eventually(t, 20*time.Second, func() string {
			return missing(b, fmt.Sprintf(gauge, "NodeClassTerminating"),
				`operator_nodepool_status_condition_transitions_total{reason="NodeClassTerminating",status="False",type="NodeClassReady"} 1`,
				`operator_nodepool_status_condition_transition_seconds_count{status="True",to_status="False",type="NodeClassReady"} 1`)
		})
		binary.Eventually(t, 10*time.Second, func() string {
			told := s.events(t, "NodePool", v1.ConditionTypeNodeClassReady)
			if len(told) != 1 || !strings.Contains(told[0], "True -> ") || !strings.Contains(told[0], "NodeClassTerminating") {
				return fmt.Sprintf("events %q", told)
			}
			return ""
		})
	})
	release(t, c, nodeClass)
	t.Run("OPS-152: a change of reason", func(t *testing.T) {
		binary.Eventually(t, 20*time.Second, func() string { return missing(b, fmt.Sprintf(gauge, "NodeClassNotFound")) })
		if missing(b, fmt.Sprintf(gauge, "NodeClassTerminating")) == "" {
			t.Error("the series of the reason before is there")
		}
		if missing(b, `operator_nodepool_status_condition_transitions_total{reason="NodeClassNotFound"`) == "" {
			t.Error("it counts as a transition")
		}
	})
	t.Run("OPS-087: buckets from half a second to more than two hours", func(t *testing.T) {
		const bucket = `operator_nodepool_status_condition_transition_seconds_bucket{status="True",to_status="False",type="NodeClassReady",le="%s"} `
		if wrong := missing(b, fmt.Sprintf(bucket, "0.5"), fmt.Sprintf(bucket, "1"), fmt.Sprintf(bucket, "8192")); wrong != "" {
			t.Error(wrong)
		}
		if missing(b, fmt.Sprintf(bucket, "16384")) == "" {
			t.Error("one is too many")
		}
	})
	t.Run("OPS-150, OPS-087: other buckets for a NodeClass", func(t *testing.T) {
		const bucket = `operator_testnodeclass_termination_duration_seconds_bucket{le="%s"} `
		binary.Eventually(t, 20*time.Second, func() string {
			return missing(b, fmt.Sprintf(bucket, "0.005"), fmt.Sprintf(bucket, "10"))
		})
		if missing(b, fmt.Sprintf(bucket, "8192")) == "" {
			t.Error("they are those of NodePools")
		}
	})
	remove(t, c, pool)
	binary.Eventually(t, 20*time.Second, func() string {
		return missing(b, `operator_nodepool_termination_current_time_seconds{name="general",namespace=""} `)
	})
	release(t, c, pool)
	t.Run("OPS-153, OPS-198: the end", func(t *testing.T) {
		binary.Eventually(t, 20*time.Second, func() string {
			if len(s.events(t, "NodePool", "Finalized")) != 1 {
				return "no event of the finalizer"
			}
			return missing(b, `operator_nodepool_termination_duration_seconds_count 1`)
		})
		for _, series := range []string{"operator_nodepool_termination_current_time_seconds{", "operator_nodepool_status_condition_count{", "operator_nodepool_status_condition_current_status_seconds{"} {
			if missing(b, series) == "" {
				t.Errorf("there is %s of a pool that is gone", series)
			}
		}
	})
}

func remove(t *testing.T, c client.Client, object client.Object) {
	t.Helper()
	if err := c.Delete(t.Context(), object); err != nil {
		t.Fatal(err)
	}
}

// release lets a held object go.
func release(t *testing.T, c client.Client, object client.Object) {
	t.Helper()
	patch := client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"finalizers":null}}`))
	if err := c.Patch(t.Context(), object, patch); err != nil {
		t.Fatal(err)
	}
}

// events are the messages of what was told of objects of a kind for a reason. It
// expects them to be like all of ours (OPS-167).
func (s *server) events(t *testing.T, kind, reason string) []string {
	t.Helper()
	list, err := s.client.CoreV1().Events("default").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, e := range list.Items {
		if e.InvolvedObject.Kind != kind || e.Reason != reason {
			continue
		}
		if e.Source.Component != "karpenter" || e.Type != "Normal" {
			t.Errorf("OPS-167: event %s of %s is from %q, %s", reason, kind, e.Source.Component, e.Type)
		}
		told = append(told, e.Message)
	}
	slices.Sort(told)
	return told
}

// OPS-079, OPS-166, LIF-261: what goes wrong in a controller is logged, counted
// and tried again, whatever it is.
func TestControllerFails(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.define(t)
	create(t, s.typed(t), &v1alpha1.TestNodeClass{ObjectMeta: metav1.ObjectMeta{Name: "default"}})
	b := s.replica(t, fails+"=1", "DISABLE_LEADER_ELECTION=true")
	binary.Eventually(t, 30*time.Second, func() string {
		return missing(b, `controller_runtime_reconcile_panics_total{controller="failing"} 1`,
			`controller_runtime_reconcile_errors_total{controller="failing"} 2`,
			`controller_runtime_reconcile_total{controller="failing",result="success"} 1`)
	})
	var logged []string
	for line := range strings.Lines(b.Printed()) {
		if strings.Contains(line, `"message":"Reconciler error"`) && strings.Contains(line, `"level":"ERROR"`) && strings.Contains(line, `"controller":"failing"`) {
			logged = append(logged, line)
		}
	}
	if len(logged) != 2 || !strings.Contains(logged[0], "what a surprise") || !strings.Contains(logged[1], "it does not work") {
		t.Errorf("records %q", logged)
	}
}

// OPS-042: what a gate brings along is needed only when the gate is on.
func TestGates(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.define(t, "NodeOverlay")
	const reconciling = `controller_runtime_max_concurrent_reconciles{controller="nodepool.readiness"}`
	off := s.replica(t, "DISABLE_LEADER_ELECTION=true")
	binary.Eventually(t, 30*time.Second, func() string { return missing(off, reconciling) })
	if log := off.Printed(); strings.Contains(log, "NodeOverlay.") || strings.Contains(log, "CapacityBuffer.") {
		t.Error("kinds were looked for that nobody wants")
	}
	on := s.replica(t, "DISABLE_LEADER_ELECTION=true", "FEATURE_GATES=NodeOverlay=true,CapacityBuffer=true")
	binary.Eventually(t, 30*time.Second, func() string {
		for _, kind := range []string{"NodeOverlay.karpenter.sh/v1alpha1", "CapacityBuffer.autoscaling.x-k8s.io/v1beta1"} {
			if !strings.Contains(on.Printed(), kind) {
				return "nothing is said of " + kind
			}
		}
		return ""
	})
	if missing(on, reconciling) == "" {
		t.Error("controllers work without a kind that is wanted")
	}
}
