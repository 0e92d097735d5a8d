// SPDX-License-Identifier: Apache-2.0

package operator_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/awslabs/operatorpkg/status"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/fake/v1alpha1"
	"karpenter.sh/core/testkit/binary"
)

// typed returns a client that knows our kinds.
func (s *server) typed(t *testing.T) client.Client {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	c, err := client.New(s.env.Config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func create(t *testing.T, c client.Client, objects ...client.Object) {
	t.Helper()
	for _, object := range objects {
		if err := c.Create(t.Context(), object); err != nil {
			t.Fatal(err)
		}
	}
}

// newPool returns a pool of the NodeClass "default".
func newPool(name string) *v1.NodePool {
	pool := &v1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: name}}
	pool.Spec.Template.Spec.NodeClassRef = v1.NodeClassReference{Group: v1alpha1.Group, Kind: "TestNodeClass", Name: "default"}
	pool.Spec.Template.Spec.Requirements = []v1.NodeSelectorRequirementWithMinValues{}
	return pool
}

// refuseEvents makes the server deny every event.
func refuseEvents(t *testing.T, c client.Client) {
	t.Helper()
	name := metav1.ObjectMeta{Name: "no-events"}
	policy := &admissionv1.ValidatingAdmissionPolicy{ObjectMeta: name}
	policy.Spec.FailurePolicy = ptr.To(admissionv1.Fail)
	rule := admissionv1.NamedRuleWithOperations{RuleWithOperations: admissionv1.RuleWithOperations{
		Operations: []admissionv1.OperationType{admissionv1.OperationAll},
		Rule:       admissionv1.Rule{APIGroups: []string{"", "events.k8s.io"}, APIVersions: []string{"*"}, Resources: []string{"events"}},
	}}
	policy.Spec.MatchConstraints = &admissionv1.MatchResources{ResourceRules: []admissionv1.NamedRuleWithOperations{rule}}
	policy.Spec.Validations = []admissionv1.Validation{{Expression: "false"}}
	binding := &admissionv1.ValidatingAdmissionPolicyBinding{ObjectMeta: name}
	binding.Spec.PolicyName, binding.Spec.ValidationActions = policy.Name, []admissionv1.ValidationAction{admissionv1.Deny}
	create(t, c, policy, binding)
	binary.Eventually(t, 10*time.Second, func() string {
		err := c.Create(t.Context(), &corev1.Event{
			ObjectMeta:     metav1.ObjectMeta{Namespace: "default", Name: "refused"},
			InvolvedObject: corev1.ObjectReference{Namespace: "default"},
		}, client.DryRunAll)
		if err == nil {
			return "an event is accepted"
		}
		return ""
	})
}

// TestWiring follows a pod through all controllers: its pool becomes ready, a
// NodeClaim is made for it, and an instance is launched. None of this needs an
// event to be published (OPS-171).
func TestWiring(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.define(t)
	c := s.typed(t)
	refuseEvents(t, c)
	b := s.replica(t, "CPU_REQUESTS=2000", "OFFERING_METRICS=true", "COMPATIBILITY_METRICS=true", "FEATURE_GATES=NodeRepair=true")
	pool := newPool("general")
	create(t, c, &v1alpha1.TestNodeClass{ObjectMeta: metav1.ObjectMeta{Name: "default"}}, pool)
	binary.Eventually(t, 30*time.Second, func() string {
		if err := c.Get(t.Context(), client.ObjectKeyFromObject(pool), pool); err != nil {
			return err.Error()
		}
		if !pool.StatusConditions().Get(status.ConditionReady).IsTrue() || pool.Status.Resources == nil || pool.Annotations[v1.NodePoolHashAnnotationKey] == "" {
			return fmt.Sprintf("the pool has %v, %v", pool.Annotations, pool.Status)
		}
		return ""
	})

	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "web"}}
	pod.Spec.Containers = []corev1.Container{{Name: "web", Image: "web", Resources: corev1.ResourceRequirements{
		Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1")},
	}}}
	create(t, c, pod)
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable}}
	if err := c.Status().Update(t.Context(), pod); err != nil {
		t.Fatal(err)
	}
	binary.Eventually(t, 30*time.Second, func() string {
		claims := &v1.NodeClaimList{}
		if err := c.List(t.Context(), claims); err != nil {
			return err.Error()
		}
		if len(claims.Items) != 1 || claims.Items[0].Status.ProviderID == "" {
			return fmt.Sprintf("there are nodeclaims %v", claims.Items)
		}
		return ""
	})
	t.Run("OPS-052, OPS-053: names and workers", func(t *testing.T) { testWorkers(t, b) })
	t.Run("metrics", func(t *testing.T) { testControllerMetrics(t, b) })
	if told := s.events(t, "Pod", "Nominated"); len(told) > 0 {
		t.Errorf("OPS-171: an event was accepted: %q", told)
	}
}

// testWorkers expects what two cores get.
func testWorkers(t *testing.T, b *binary.Process) {
	var lines []string
	for name, workers := range map[string]int{
		"nodepool.readiness": 26, "nodepool.hash": 26, "nodepool.registrationhealth": 26, "nodepool.counter": 26,
		"nodeclaim.consistency": 26, "node.health": 26, "provisioner.trigger.pod": 26, "provisioner.trigger.node": 26,
		"state.node": 60, "state.pod": 60, "state.nodeclaim": 60, "state.nodepool": 60, "state.daemonset": 60,
		"state.limitrange": 60, "state.runtimeclass": 60,
		"nodeclaim.disruption": 26, "disruption": 1, "disruption.queue": 115,
		"node.termination": 40, "eviction-queue": 183,
		"nodeclaim.lifecycle": 1067,
		"nodepool.validation": 10, "operatorpkg.nodepool.status": 10, "operatorpkg.nodeclaim.status": 10,
		"operatorpkg.node.status": 10, "operatorpkg.testnodeclass.status": 10,
		"provisioner": 1, "state.pricing": 1, "state.nodeclaimgc": 1, "nodeclaim.garbagecollection": 1, "nodeclaim.expiration": 1,
		"metrics.nodepool": 1, "metrics.pod": 1, "metrics.offering": 1,
	} {
		lines = append(lines, fmt.Sprintf("controller_runtime_max_concurrent_reconciles{controller=%q} %d\n", name, workers))
	}
	binary.Eventually(t, 20*time.Second, func() string { return missing(b, lines...) })
}

func testControllerMetrics(t *testing.T, b *binary.Process) {
	binary.Eventually(t, 20*time.Second, func() string {
		return missing(b,
			`controller_runtime_reconcile_total{controller="nodeclaim.lifecycle",result="requeue_after"}`,                                                                                        // OPS-157
			`controller_runtime_reconcile_errors_total{controller="nodeclaim.lifecycle"}`,                                                                                                        // OPS-158
			`controller_runtime_reconcile_panics_total{controller="nodeclaim.lifecycle"}`,                                                                                                        // OPS-158
			`controller_runtime_reconcile_time_seconds_bucket{controller="nodeclaim.lifecycle",le="0.005"}`,                                                                                      // OPS-159
			`controller_runtime_active_workers{controller="nodeclaim.lifecycle"}`,                                                                                                                // OPS-160
			`workqueue_depth{controller="nodeclaim.lifecycle",name="nodeclaim.lifecycle",priority="`,                                                                                             // OPS-161
			`workqueue_adds_total{controller="nodeclaim.lifecycle",name="nodeclaim.lifecycle"}`,                                                                                                  // OPS-162
			`operator_nodeclaim_status_condition_transitions_total{karpenter_sh_nodepool="general",karpenter_test_sh_testnodeclass="default",reason="Launched",status="True",type="Launched"} 1`, // OPS-150, OPS-151
			`operator_nodepool_status_condition_count{name="general",namespace="",reason="Ready",status="True",type="Ready"} 1`,                                                                  // OPS-150
			`operator_testnodeclass_status_condition_count{name="default",`,                                                                                                                      // OPS-150
			`operator_status_condition_count{group="karpenter.sh",kind="NodePool",name="general",`,                                                                                               // OPS-154, OPS-299
			`karpenter_cloudprovider_duration_seconds_count{controller="nodeclaim.lifecycle",method="Create",provider="fake"} 1`,                                                                 // CP-076
			`leader_election_slowpath_total{name="karpenter-leader-election"} `,                                                                                                                  // OPS-300
			`karpenter_nodeclaims_created_total{min_values_relaxed="false",nodepool="general",reason="provisioned"} 1`,
			`karpenter_nodepools_usage{nodepool="general",resource_type="nodes"} 1`,                     // OPS-125
			`karpenter_nodepools_cost_total{nodepool="general"} `,                                       // OPS-127
			`karpenter_pods_state{arch="",capacity_type="",instance_type="",managed="false",name="web"`, // OPS-128
			`karpenter_pods_provisioning_unbound_time_seconds{name="web",namespace="default"}`,          // OPS-134
		)
	})
}

// OPS-116, OPS-018: without observability of cluster state.
func TestNoObservability(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.define(t)
	create(t, s.typed(t), &v1alpha1.TestNodeClass{ObjectMeta: metav1.ObjectMeta{Name: "default"}},
		&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n"}})
	b := s.replica(t, "DISABLE_CLUSTER_STATE_OBSERVABILITY=true")
	binary.Eventually(t, 30*time.Second, func() string {
		return missing(b, `controller_runtime_max_concurrent_reconciles{controller="nodepool.readiness"}`)
	})
	binary.Eventually(t, 10*time.Second, func() string { return missing(b, "karpenter_cluster_state_node_count 1") })
	for _, series := range []string{"karpenter_nodes_allocatable", "karpenter_nodes_current_lifetime", "karpenter_pods_startup_duration_seconds", "karpenter_nodepools_usage",
		`controller_runtime_max_concurrent_reconciles{controller="metrics.pod"}`, "operator_nodepool_status_condition_count", "operator_testnodeclass_status_condition_count", `controller_runtime_max_concurrent_reconciles{controller="operatorpkg`} {
		if missing(b, series) == "" {
			t.Errorf("there is %s", series)
		}
	}
}

// OPS-298, OPS-299: what grows with the catalogue, and what is said twice, is shown
// when it is asked for.
func TestSeriesByDefault(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.define(t)
	create(t, s.typed(t), &v1alpha1.TestNodeClass{ObjectMeta: metav1.ObjectMeta{Name: "default"}}, newPool("general"))
	b := s.replica(t, "DISABLE_LEADER_ELECTION=true")
	binary.Eventually(t, 30*time.Second, func() string {
		return missing(b, `operator_nodepool_status_condition_count{name="general"`, `operator_testnodeclass_status_condition_count{name="default"`)
	})
	for _, series := range []string{
		"karpenter_cloudprovider_instance_type", `controller_runtime_max_concurrent_reconciles{controller="metrics.offering"}`,
		"operator_status_condition", "operator_termination", "leader_election_slowpath_total",
	} {
		if missing(b, series) == "" {
			t.Errorf("there is %s", series)
		}
	}
}
