// SPDX-License-Identifier: Apache-2.0

package aws_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
	"karpenter.sh/test/internal/simcloud"
)

var _ = Describe("A NodeClass", func() {
	// AWS-080 to AWS-088: what only the cloud can know is in a condition, nothing is
	// launched meanwhile, and mending it is enough.
	DescribeTable("that is wrong says so, launches nothing, and works once it is right",
		func(ctx SpecContext, breaks func(ctx SpecContext, class *unstructured.Unstructured) (mends func(SpecContext)), condition, says string, contains ...string) {
			class := env.NodeClass(ctx)
			mends := breaks(ctx, class)
			env.EventuallySays(ctx, class, condition, says, contains...)
			env.EventuallySays(ctx, class, "Ready", "False")
			pool := env.NodePool(ctx, "default", onePodPerNode)
			w := filling(1)
			env.Create(ctx, w.Deployment())
			env.Consistently(ctx, calm, func(g Gomega) { g.Expect(running(ctx)).To(BeZero()) })
			env.EventuallyCondition(ctx, pool, v1.ConditionTypeNodeClassReady, "False")
			mends(ctx)
			env.EventuallySays(ctx, class, "Ready", "True")
			env.EventuallyRunning(ctx, w)
			expectOneEach(ctx, pool)
		},
		Entry("subnets that do not exist", selecting("subnetSelectorTerms", map[string]any{"id": "subnet-0123"}),
			"SubnetsReady", "False SubnetsNotFound: SubnetSelector did not match any Subnets"),
		Entry("security groups that do not exist", selecting("securityGroupSelectorTerms", map[string]any{"name": "none"}),
			"SecurityGroupsReady", "False SecurityGroupsNotFound: SecurityGroupSelector did not match any SecurityGroups"),
		Entry("an image that does not exist", selecting("amiSelectorTerms", map[string]any{"alias": "al2023@v19700101"}),
			"AMIsReady", "False AMINotFound"),
		Entry("a permission that is missing", denied("ec2:RunInstances"),
			"ValidationSucceeded", "False RunInstancesAuthCheckFailed: Controller isn't authorized to call ec2:RunInstances"),
	)

	// AWS-093, AWS-094, CP-106: it goes after its machines, and takes along what was
	// made for it.
	It("waits for its machines, and leaves nothing behind", func(ctx SpecContext) {
		before, err := cloud.State(ctx)
		Expect(err).NotTo(HaveOccurred())
		class := env.NodeClass(ctx)
		pool := env.NodePool(ctx, "default", onePodPerNode)
		w := filling(1)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		Expect(env.Delete(ctx, class)).To(Succeed())
		Expect(env.EventuallyEvent(ctx, class, "WaitingOnNodeClaimTermination")).To(ContainSubstring(env.Claims(ctx, pool)[0].Name))
		env.Scale(ctx, w, 0)
		Expect(env.Delete(ctx, pool)).To(Succeed())
		env.EventuallyGone(ctx, class)
		state, err := cloud.State(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(state["launchTemplates"]).To(BeZero())
		Expect(state["instanceProfiles"]).To(Equal(before["instanceProfiles"]), "but for those that it did not make")
	})

	// AWS-165, AWS-166: the other family that the simulated machines boot.
	It("of Bottlerocket brings machines that join", func(ctx SpecContext) {
		class := env.NodeClass(ctx)
		env.SetSpec(ctx, class, []any{map[string]any{"alias": "bottlerocket@latest"}}, "amiSelectorTerms")
		env.SetSpec(ctx, class, "[settings.kernel]\nlockdown = \"integrity\"\n", "userData")
		pool := env.NodePool(ctx, "default", onePodPerNode)
		w := filling(2)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		env.ExpectPaired(ctx, pool)
	})

	// AWS-164, AWS-207: what the kubelet is told holds on the node.
	It("with kubelet settings brings nodes that have them", func(ctx SpecContext) {
		class := env.NodeClass(ctx)
		env.SetSpec(ctx, class, map[string]any{"maxPods": int64(17), "systemReserved": map[string]any{"cpu": "150m", "memory": "200Mi"}}, "kubelet")
		pool := env.NodePool(ctx, "default", onePodPerNode)
		w := objects.Workload{Name: env.Name("work"), CPU: "100m"}
		env.Create(ctx, w.Pod())
		env.EventuallyRunning(ctx, w)
		for _, node := range env.EventuallySettled(ctx, pool) {
			Expect(node.Status.Capacity.Pods().Value()).To(BeEquivalentTo(17))
			claim := env.ClaimOf(ctx, &node)
			for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourcePods} {
				promised, has := claim.Status.Allocatable[name], node.Status.Allocatable[name]
				Expect(has.Cmp(promised)).To(BeNumerically(">=", 0), "%s of the node against what was planned with", name)
			}
		}
	})
})

// selecting breaks a NodeClass by a selector that matches nothing.
func selecting(field string, term map[string]any) func(SpecContext, *unstructured.Unstructured) func(SpecContext) {
	return func(ctx SpecContext, class *unstructured.Unstructured) func(SpecContext) {
		terms, _, err := unstructured.NestedSlice(class.Object, "spec", field)
		Expect(err).NotTo(HaveOccurred())
		env.SetSpec(ctx, class, []any{term}, field)
		return func(ctx SpecContext) { env.SetSpec(ctx, class, terms, field) }
	}
}

// denied takes a permission away.
func denied(call string) func(SpecContext, *unstructured.Unstructured) func(SpecContext) {
	return func(ctx SpecContext, class *unstructured.Unstructured) func(SpecContext) {
		Expect(cloud.Fault(ctx, simcloud.Fault{"call": call, "error": map[string]any{
			"code": "UnauthorizedOperation", "status": 403, "message": "You are not authorized to perform this operation.",
		}})).To(Succeed())
		touch(ctx, class, "1")
		return func(ctx SpecContext) {
			Expect(cloud.Mend(ctx)).To(Succeed())
			touch(ctx, class, "2")
		}
	}
}

// touch annotates a NodeClass, upon which it is looked at anew (AWS-087).
func touch(ctx SpecContext, class *unstructured.Unstructured, value string) {
	env.Update(ctx, class, func() {
		annotations := class.GetAnnotations()
		if annotations == nil {
			annotations = map[string]string{}
		}
		annotations["testing/touched"] = value
		class.SetAnnotations(annotations)
	})
}

// subnet is one of a NodeClass's status.
type subnet struct{ id, zone string }

func subnetsOf(class *unstructured.Unstructured) []subnet {
	GinkgoHelper()
	list, _, err := unstructured.NestedSlice(class.Object, "status", "subnets")
	Expect(err).NotTo(HaveOccurred())
	Expect(list).NotTo(BeEmpty())
	var out []subnet
	for _, s := range list {
		s := s.(map[string]any)
		out = append(out, subnet{s["id"].(string), s["zone"].(string)})
	}
	return out
}

func nodeNames(nodes []corev1.Node) []string {
	var names []string
	for i := range nodes {
		names = append(names, nodes[i].Name)
	}
	return names
}
