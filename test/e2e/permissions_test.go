// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var _ = Describe("Permissions", func() {
	// OPS-242: the API server's own roles grow by those of the chart.
	It("of administrators and viewers cover Karpenter's objects, those of editors do no more than viewers'", func(ctx SpecContext) {
		class := env.Defaults.NodeClass("any").GroupVersionKind()
		for role, verbs := range map[string][]string{
			"admin": {"get", "list", "watch", "create", "delete", "patch", "update"},
			"edit":  {"get", "list", "watch"},
			"view":  {"get", "list", "watch"},
		} {
			Eventually(func(g Gomega) {
				for _, group := range []string{"karpenter.sh", class.Group} {
					g.Expect(verbsOf(g, ctx, role, group)).To(ConsistOf(verbs), "verbs of role %s in group %s", role, group)
				}
			}).WithContext(ctx).Should(Succeed())
		}
	})
})

// verbsOf are the verbs that a role has on resources of a group, each once.
func verbsOf(g Gomega, ctx SpecContext, name, group string) []string {
	var role rbacv1.ClusterRole
	g.Expect(env.Get(ctx, client.ObjectKey{Name: name}, &role)).To(Succeed())
	var verbs []string
	for _, rule := range role.Rules {
		if slices.Contains(rule.APIGroups, group) {
			verbs = append(verbs, rule.Verbs...)
		}
	}
	slices.Sort(verbs)
	return slices.Compact(verbs)
}
