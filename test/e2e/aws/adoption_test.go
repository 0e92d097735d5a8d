// SPDX-License-Identifier: Apache-2.0

package aws_test

import (
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
)

// unmoved is how long an adopted cluster is watched.
const unmoved = 30 * time.Second

var _ = Describe("A cluster that another Karpenter has run", func() {
	// AWS-090, AWS-091, AWS-123, AWS-295, AWS-321, API-091, API-097: what it left is
	// taken over as it is, and can be handed back.
	It("is adopted without a change, and managed from then on", func(ctx SpecContext) {
		if !env.Karpenter.Local() {
			Skip("the controller is not a process on this machine")
		}
		operator(ctx)
		Expect(env.Karpenter.Kill(ctx)).To(Succeed())
		defer func() { Expect(env.Karpenter.Ensure(ctx)).To(Succeed()) }()
		left := leave(ctx, 3)
		w := filling(3)
		env.Create(ctx, w.Deployment())
		pods := env.EventuallyRunning(ctx, w)
		nodes := env.Nodes(ctx, left.pool)
		before, err := cloud.Requests(ctx)
		Expect(err).NotTo(HaveOccurred())
		podsBefore := make([]types.UID, len(pods))
		for i := range pods {
			podsBefore[i] = pods[i].UID
		}

		Expect(env.Karpenter.Start(ctx)).To(Succeed())
		env.Restarted(ctx)
		env.EventuallySays(ctx, left.class, "Ready", "True")
		env.Consistently(ctx, unmoved, func(g Gomega) {
			claims := env.Claims(ctx, left.pool)
			g.Expect(objects.UIDs(claims)).To(ConsistOf(objects.UIDs(left.claims)))
			for i := range claims {
				g.Expect(claims[i].DeletionTimestamp).To(BeNil(), "NodeClaim %s stays", claims[i].Name)
				drifted := claims[i].StatusConditions().Get(v1.ConditionTypeDrifted)
				g.Expect(drifted.IsTrue()).To(BeFalse(), "NodeClaim %s: %v", claims[i].Name, drifted)
				g.Expect(claims[i].StatusConditions().Root().IsTrue()).To(BeTrue())
			}
			now := env.Nodes(ctx, left.pool)
			g.Expect(now).To(HaveLen(len(nodes)))
			for i := range now {
				g.Expect(now[i].UID).To(Equal(nodes[i].UID))
				g.Expect(now[i].Spec.Taints).To(BeEmpty(), "taints of %s", now[i].Name)
			}
			g.Expect(running(ctx)).To(Equal(3))
		})
		for _, pod := range env.Pods(ctx, w) {
			Expect(podsBefore).To(ContainElement(pod.UID), "no pod is started anew")
		}
		for _, call := range []string{"ec2:CreateFleet", "ec2:TerminateInstances", "ec2:CreateTags", "iam:CreateInstanceProfile", "iam:DeleteInstanceProfile"} {
			calls, err := cloud.Calls(ctx, call, before)
			Expect(err).NotTo(HaveOccurred())
			for _, c := range calls {
				Expect(c.Code).To(Equal("DryRunOperation"), "%s %v", c.Call, c.Input)
			}
		}
		left.expectAnnotations(ctx)

		By("then: a NodeClaim is deleted")
		gone := left.claims[0]
		Expect(env.Delete(ctx, &gone)).To(Succeed())
		env.EventuallyGone(ctx, &gone)
		ended, err := cloud.Calls(ctx, "ec2:TerminateInstances", before)
		Expect(err).NotTo(HaveOccurred())
		Expect(ended).NotTo(BeEmpty())
		Expect(ended[0].Input["InstanceIds"]).To(ConsistOf(machineOf(gone.Status.ProviderID)))
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, left.pool)
		expectOneEach(ctx, left.pool)
		claims := env.Claims(ctx, left.pool)
		Expect(claims).To(HaveLen(3))
		fresh := slices.IndexFunc(claims, func(c v1.NodeClaim) bool { return !slices.Contains(objects.UIDs(left.claims), c.UID) })
		Expect(fresh).NotTo(Equal(-1))
		for key, value := range left.hashes {
			Expect(claims[fresh].Annotations).To(HaveKeyWithValue(key, value), "what the other one would go by")
		}
	})
})
