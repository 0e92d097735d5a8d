// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
)

var _ = Describe("Launches that fail", func() {
	w := func() objects.Workload {
		return objects.Workload{Name: env.Name("work"), Replicas: 2, CPU: "3"}
	}
	recovers := func(ctx SpecContext, pool *v1.NodePool, w objects.Workload) {
		GinkgoHelper()
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		env.EventuallyNodes(ctx, pool, int(w.Replicas))
		env.ExpectPaired(ctx, pool)
	}

	// KWOK-038, LIF-220, SCH-024: nothing is launched into a NodeClass that is not
	// ready, and the pool says why.
	It("are not begun while the NodeClass is not ready", Serial, func(ctx SpecContext) {
		class, work := env.NodeClass(ctx), w()
		setReady(ctx, class, metav1.ConditionFalse)
		pool := env.NodePool(ctx, "default", onePodPerNode)
		env.Create(ctx, work.Deployment())
		held := env.EventuallyCondition(ctx, pool, v1.ConditionTypeNodeClassReady, metav1.ConditionFalse)
		Expect(held.Reason).To(Equal("Testing"))
		Expect(held.Message).To(Equal("set by a test"))
		env.Eventually(ctx, func(g Gomega) { g.Expect(env.Pods(ctx, work)).To(HaveLen(2)) })
		waiting := env.Pods(ctx, work)[0]
		Expect(env.EventuallyEvent(ctx, &waiting, "FailedScheduling")).To(ContainSubstring("no dynamic nodepools found"))
		Expect(env.Claims(ctx, pool)).To(BeEmpty())

		setReady(ctx, class, metav1.ConditionTrue)
		recovers(ctx, pool, work)
		of(pool, work).goesOn(ctx, podsDeleted(), controllerRestarts(), morePods(1))
	})

	// KWOK-038, LIF-220: a NodeClass that goes away, and comes back.
	It("are not begun without the NodeClass", func(ctx SpecContext) {
		pool, work := env.NodePool(ctx, "default", onePodPerNode), w()
		class := env.NodeClass(ctx)
		env.EventuallyCondition(ctx, pool, "Ready", metav1.ConditionTrue)
		Expect(env.Delete(ctx, class)).To(Succeed())
		Expect(env.EventuallyCondition(ctx, pool, v1.ConditionTypeNodeClassReady, metav1.ConditionFalse).Reason).To(Equal("NodeClassNotFound"))

		env.Create(ctx, work.Deployment(), env.Defaults.NodeClass(class.GetName()))
		recovers(ctx, pool, work)
	})

	// LIF-083, LIF-079, KWOK-039: the NodeClaim is given up, counted, and its pods
	// are planned for anew until a launch succeeds.
	DescribeTable("for want of capacity or a ready NodeClass are counted and tried anew",
		func(ctx SpecContext, failure, event, reason string) {
			class, work := env.NodeClass(ctx), w()
			env.Update(ctx, class, func() { inject(class, "create-error", failure) })
			pool := env.NodePool(ctx, "default", onePodPerNode)
			env.Create(ctx, work.Deployment())
			env.Eventually(ctx, func(g Gomega) {
				metrics, err := env.Metrics(ctx)
				g.Expect(err).NotTo(HaveOccurred())
				count, _ := metrics.Sum("karpenter_nodeclaims_disrupted_total", map[string]string{"reason": reason, "nodepool": pool.Name})
				g.Expect(count).To(BeNumerically(">=", 2))
			})
			env.Eventually(ctx, func(g Gomega) {
				var events corev1.EventList
				g.Expect(env.List(ctx, &events, client.MatchingFields{"involvedObject.kind": "NodeClaim", "reason": event})).To(Succeed())
				g.Expect(slices.ContainsFunc(events.Items, func(ev corev1.Event) bool {
					return strings.HasPrefix(ev.InvolvedObject.Name, pool.Name)
				})).To(BeTrue(), "a %s event about a NodeClaim of the pool", event)
			})
			Expect(env.Nodes(ctx, pool)).To(BeEmpty())

			env.Update(ctx, class, func() { class.SetAnnotations(nil) })
			recovers(ctx, pool, work)
			of(pool, work).goesOn(ctx, ordinary()...)
		},
		Entry("no capacity", "InsufficientCapacity", "InsufficientCapacityError", "insufficient_capacity"),
		Entry("NodeClass not ready", "NodeClassNotReady", "NodeClassNotReady", "nodeclass_not_ready"),
	)

	// LIF-083, LIF-074, KWOK-039: any other failure shows on the NodeClaim, which
	// stays and is launched again.
	It("for another reason show it in the Launched condition and are repeated", func(ctx SpecContext) {
		class, work := env.NodeClass(ctx), w()
		env.Update(ctx, class, func() { inject(class, "create-error", "CreateError") })
		pool := env.NodePool(ctx, "default", onePodPerNode)
		env.Create(ctx, work.Deployment())
		env.Eventually(ctx, func(g Gomega) {
			claims := env.Claims(ctx, pool)
			g.Expect(claims).To(HaveLen(2))
			for i := range claims {
				launched := claims[i].StatusConditions().Get(v1.ConditionTypeLaunched)
				g.Expect(launched.IsUnknown()).To(BeTrue())
				g.Expect(launched.Reason).To(Equal("InjectedFailure"))
			}
		})
		before := env.Claims(ctx, pool)
		env.Update(ctx, class, func() { class.SetAnnotations(nil) })
		recovers(ctx, pool, work)
		for _, claim := range before {
			Expect(env.Get(ctx, client.ObjectKeyFromObject(&claim), &claim)).To(Succeed(), "the same NodeClaims")
		}
	})

	// LIF-085, DESIGN 4 (no global gate), KWOK-039: a node that never registers
	// holds up its own pods only.
	It("to register hold up no other pods, and give way to new ones once deleted", func(ctx SpecContext) {
		class, stuck := env.NodeClass(ctx), w()
		env.Update(ctx, class, func() { inject(class, "never-register", "true") })
		pool := env.NodePool(ctx, "default", onePodPerNode)
		env.Create(ctx, stuck.Deployment())
		env.Eventually(ctx, func(g Gomega) {
			claims := env.Claims(ctx, pool)
			g.Expect(claims).To(HaveLen(2))
			for i := range claims {
				g.Expect(claims[i].StatusConditions().IsTrue(v1.ConditionTypeLaunched)).To(BeTrue())
				g.Expect(claims[i].StatusConditions().Get(v1.ConditionTypeRegistered).Reason).To(Equal("NodeNotFound"))
			}
		})
		env.Update(ctx, class, func() { class.SetAnnotations(nil) })
		other := objects.Workload{Name: env.Name("other"), Replicas: 2, CPU: "3"}
		env.Create(ctx, other.Deployment())
		env.Eventually(ctx, func(g Gomega) {
			// The scheduler may give a new node to any of the pods.
			running := 0
			for _, p := range append(env.Pods(ctx, stuck), env.Pods(ctx, other)...) {
				if p.Status.Phase == corev1.PodRunning {
					running++
				}
			}
			g.Expect(running).To(Equal(2), "pods that run beside the stuck launches")
		})

		for _, claim := range env.Claims(ctx, pool) {
			if !claim.StatusConditions().IsTrue(v1.ConditionTypeRegistered) {
				Expect(env.Delete(ctx, &claim)).To(Succeed())
			}
		}
		env.EventuallyRunning(ctx, stuck)
		env.EventuallyRunning(ctx, other)
		env.EventuallyNodes(ctx, pool, 4)
		env.ExpectPaired(ctx, pool)
		of(pool, stuck, other).goesOn(ctx, podsDeleted(), nodeDeleted())
	})

	// OPS-275: what admission forbids is not circumvented.
	It("because admission denies their Node leave that pool's pods waiting", func(ctx SpecContext) {
		work := w()
		env.Create(ctx, denyNodes(env.Name("deny"), "registration", "fail")...)
		env.Eventually(ctx, func(g Gomega) {
			probe := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: env.Name("probe"), Labels: map[string]string{"registration": "fail"}}}
			g.Expect(env.WithWatch.Create(ctx, probe, client.DryRunAll)).NotTo(Succeed(), "the policy is in force")
		})
		denied := env.NodePool(ctx, "denied", onePodPerNode, weight(100), limit(v1.ResourceNodes, "1"), func(p *v1.NodePool) {
			p.Spec.Template.ObjectMeta.Labels["registration"] = "fail"
		})
		open := env.NodePool(ctx, "open", onePodPerNode)
		env.EventuallyUsable(ctx, denied, open)
		env.Create(ctx, work.Deployment())
		env.EventuallyNodes(ctx, open, 1)
		env.EventuallySettled(ctx, open)
		claims := env.Claims(ctx, denied)
		Expect(claims).To(HaveLen(1))
		Expect(claims[0].StatusConditions().Get(v1.ConditionTypeRegistered).IsUnknown()).To(BeTrue())
		Expect(env.Nodes(ctx, denied)).To(BeEmpty())
	})

	// KWOK-039, SCH-192: offerings that are not available are not chosen, and a pod
	// that needs one is told.
	It("are avoided where offerings are known to be unavailable", func(ctx SpecContext) {
		class := env.NodeClass(ctx)
		env.Update(ctx, class, func() { inject(class, "unavailable-offerings", "*/*/test-zone-a,*/*/test-zone-b") })
		env.EventuallyUsable(ctx, env.NodePool(ctx, "default", onePodPerNode))
		work := objects.Workload{Name: env.Name("work"), Replicas: 6, CPU: "3"}
		zoned := objects.Workload{Name: env.Name("zoned"), CPU: "1", NodeSelector: map[string]string{corev1.LabelTopologyZone: "test-zone-a"}}.Pod()
		env.Create(ctx, work.Deployment(), zoned)
		for _, p := range env.EventuallyRunning(ctx, work) {
			Expect(env.NodeOf(ctx, &p).Labels[corev1.LabelTopologyZone]).To(BeElementOf("test-zone-c", "test-zone-d"))
		}
		Expect(env.EventuallyEvent(ctx, zoned, "FailedScheduling")).To(ContainSubstring("offering"))
	})
})

// setReady patches the Ready condition of a NodeClass.
func setReady(ctx SpecContext, class *unstructured.Unstructured, status metav1.ConditionStatus) {
	GinkgoHelper()
	before := class.DeepCopy()
	Expect(unstructured.SetNestedSlice(class.Object, []any{map[string]any{
		"type": "Ready", "status": string(status), "reason": "Testing", "message": "set by a test",
		"lastTransitionTime": metav1.Now().UTC().Format("2006-01-02T15:04:05Z"),
	}}, "status", "conditions")).To(Succeed())
	Expect(env.Status().Patch(ctx, class, client.MergeFrom(before))).To(Succeed())
}

// denyNodes is a policy, with its binding, against Nodes that carry a label.
func denyNodes(name, key, value string) []client.Object {
	fail := admissionv1.Fail
	meta := metav1.ObjectMeta{Name: name, Labels: objects.Marked(nil)}
	policy := &admissionv1.ValidatingAdmissionPolicy{ObjectMeta: meta}
	policy.Spec = admissionv1.ValidatingAdmissionPolicySpec{
		FailurePolicy: &fail,
		MatchConstraints: &admissionv1.MatchResources{ResourceRules: []admissionv1.NamedRuleWithOperations{{
			RuleWithOperations: admissionv1.RuleWithOperations{
				Operations: []admissionv1.OperationType{admissionv1.Create},
				Rule:       admissionv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"nodes"}},
			},
		}}},
		Validations: []admissionv1.Validation{{
			Expression: "!has(object.metadata.labels) || !('" + key + "' in object.metadata.labels) || object.metadata.labels['" + key + "'] != '" + value + "'",
		}},
	}
	binding := &admissionv1.ValidatingAdmissionPolicyBinding{ObjectMeta: meta}
	binding.Spec = admissionv1.ValidatingAdmissionPolicyBindingSpec{
		PolicyName: name, ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny},
	}
	return []client.Object{policy, binding}
}
