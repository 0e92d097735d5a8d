// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
)

var _ = Describe("Admission", func() {
	// The IDs are those of the API chapter. Nothing is stored: all is a dry run.
	DescribeTable("refuses NodePools that cannot work, and says why",
		func(ctx SpecContext, says string, change func(*v1.NodePool)) {
			pool := env.Defaults.NodePool(env.Name("refused"), env.Defaults.NodeClass("any"))
			Expect(env.WithWatch.Create(ctx, pool.DeepCopy(), client.DryRunAll)).To(Succeed(), "the pool without the change")
			change(pool)
			Expect(env.WithWatch.Create(ctx, pool, client.DryRunAll)).To(MatchError(ContainSubstring(says)))
		},
		Entry("API-061: a label of a restricted domain", "label domain \"karpenter.sh\" is restricted", label("karpenter.sh/own", "x")),
		Entry("API-061: the pool's own label", "label karpenter.sh/nodepool is restricted", label(v1.NodePoolLabelKey, "x")),
		Entry("API-061: the hostname", "label kubernetes.io/hostname is restricted", label(corev1.LabelHostname, "x")),
		Entry("KWOK-004: the provider's domain", `label domain "karpenter.kwok.sh" is restricted`,
			require("karpenter.kwok.sh/own", corev1.NodeSelectorOpExists)),
		Entry("API-060: In without values", "operator In needs at least one value", require(corev1.LabelTopologyZone, corev1.NodeSelectorOpIn)),
		Entry("API-060: Gt of no number", "need exactly one integer", require(objects.InstanceCPU, corev1.NodeSelectorOpGt, "many")),
		Entry("API-056: an unknown operator", "Unsupported value", require(corev1.LabelTopologyZone, "Like", "x")),
		Entry("API-060: more minValues than values", "needs at least that many values", func(p *v1.NodePool) {
			requirements := p.Spec.Template.Spec.Requirements
			requirements[0].MinValues = ptr.To(2)
		}),
		Entry("API-042: a budget with half a window", "schedule and duration must be set together", func(p *v1.NodePool) {
			p.Spec.Disruption.Budgets = []v1.Budget{{Nodes: "1", Schedule: "@daily"}}
		}),
		Entry("API-044: a budget of no number", "spec.disruption.budgets[0].nodes", func(p *v1.NodePool) {
			p.Spec.Disruption.Budgets = []v1.Budget{{Nodes: "101%"}}
		}),
		Entry("API-018: a lifetime with a unit of days", "spec.template.spec.expireAfter", func(p *v1.NodePool) {
			p.Spec.Template.Spec.ExpireAfter = "30d"
		}),
		Entry("API-036: an unknown policy", "Unsupported value", func(p *v1.NodePool) {
			p.Spec.Disruption.ConsolidationPolicy = "Sometimes"
		}),
		Entry("API-021: a weight beyond its bounds", "spec.weight", weight(101)),
		Entry("API-024: other limits of a static pool", "limits may only contain nodes when replicas is set", func(p *v1.NodePool) {
			p.Spec.Replicas, p.Spec.Limits = ptr.To(int64(1)), v1.Limits{corev1.ResourceCPU: resource.MustParse("1")}
		}),
		Entry("API-025: the weight of a static pool", "weight may not be set together with replicas", func(p *v1.NodePool) {
			p.Spec.Replicas, p.Spec.Weight = ptr.To(int64(1)), ptr.To(int32(1))
		}),
	)

	// API-013, API-023, API-111.
	It("refuses changes of what may not change", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", limit(v1.ResourceNodes, "0"))
		claim := objects.NodeClaim(env.Name("own"), pool)
		claim.Spec.NodeClassRef.Group = "unmanaged.example.com" // nobody acts on it (API-007)
		env.Create(ctx, claim)
		for _, row := range []struct {
			reason, says, patch string
			object              client.Object
		}{
			{"the group of the NodeClass", "group is immutable", `{"spec":{"template":{"spec":{"nodeClassRef":{"group":"other.sh"}}}}}`, pool},
			{"the kind of the NodeClass", "kind is immutable", `{"spec":{"template":{"spec":{"nodeClassRef":{"kind":"Other"}}}}}`, pool},
			{"from dynamic to static", "replicas may neither be added", `{"spec":{"replicas":1}}`, pool},
			{"a NodeClaim's spec", "spec is immutable", `{"spec":{"expireAfter":"1h"}}`, claim},
		} {
			By(row.reason)
			Expect(env.Merge(ctx, row.object, row.patch)).To(MatchError(ContainSubstring(row.says)))
		}
	})
})

func label(key, value string) func(*v1.NodePool) {
	return func(p *v1.NodePool) { p.Spec.Template.ObjectMeta.Labels[key] = value }
}
