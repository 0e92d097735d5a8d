// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var _ = Describe("Permissions", func() {
	// OPS-242: the API server's own roles grow by those of the chart.
	It("of viewers, editors and administrators cover Karpenter's objects, and let nobody create NodeClaims", func(ctx SpecContext) {
		class := env.Defaults.NodeClass("any").GroupVersionKind()
		read, change := []string{"get", "list", "watch"}, []string{"get", "list", "watch", "delete", "patch", "update"}
		all := append(change, "create")
		for role, verbs := range map[string]struct{ pools, claims, classes []string }{
			"view":  {read, read, read},
			"edit":  {all, change, read},
			"admin": {all, change, all},
		} {
			Eventually(func(g Gomega) {
				g.Expect(verbsOf(g, ctx, role, schema.GroupResource{Group: "karpenter.sh", Resource: "nodepools"})).To(ConsistOf(verbs.pools), "role %s", role)
				g.Expect(verbsOf(g, ctx, role, schema.GroupResource{Group: "karpenter.sh", Resource: "nodeclaims"})).To(ConsistOf(verbs.claims), "role %s", role)
				g.Expect(verbsOf(g, ctx, role, schema.GroupResource{Group: class.Group, Resource: strings.ToLower(class.Kind) + "es"})).To(ConsistOf(verbs.classes), "role %s", role)
			}).WithContext(ctx).Should(Succeed())
		}
	})
})

// verbsOf are the verbs that a role has on a resource, each once.
func verbsOf(g Gomega, ctx SpecContext, name string, of schema.GroupResource) []string {
	var role rbacv1.ClusterRole
	g.Expect(env.Get(ctx, client.ObjectKey{Name: name}, &role)).To(Succeed())
	var verbs []string
	for _, rule := range role.Rules {
		if slices.Contains(rule.APIGroups, of.Group) && slices.Contains(rule.Resources, of.Resource) {
			verbs = append(verbs, rule.Verbs...)
		}
	}
	slices.Sort(verbs)
	return slices.Compact(verbs)
}
