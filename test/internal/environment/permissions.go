// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"context"
	"os"
	"slices"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/testkit/testserver"
	"karpenter.sh/test/internal/permissions"
)

// account is the service account that the chart makes as release karpenter (OPS-262).
var account = types.NamespacedName{Namespace: "kube-system", Name: "karpenter"}

// CoreRole is the chart's role with the rules of the core (OPS-237).
const CoreRole = "karpenter-core"

// Judgement says which of the chart's grants a suite has to have needed: all that are
// not left to others.
type Judgement struct {
	// Elsewhere are roles that another suite judges.
	Elsewhere []string
	Waivers   []permissions.Waiver
}

// ExpectPermissionsFit looks back on a suite: the permissions of the chart were enough
// for all that the controller did (OPS-310), and if every spec ran, it needed those that
// are judged (OPS-311).
func (e *Environment) ExpectPermissionsFit(ctx context.Context, judged Judgement) {
	ginkgo.GinkgoHelper()
	log := e.Karpenter.AuditLog()
	if log == "" {
		gomega.Expect(os.Getenv(testserver.CI)).To(gomega.BeEmpty(), "nobody would notice that permissions are not checked: the cluster has no audit log")
		ginkgo.GinkgoWriter.Println("no permissions are checked: the cluster has no audit log, as that of make e2e has")
		return
	}
	requests, err := permissions.ReadAudit(log, "system:serviceaccount:"+account.Namespace+":"+account.Name)
	gomega.Expect(err).NotTo(gomega.HaveOccurred())
	gomega.Expect(requests.Made).NotTo(gomega.BeEmpty(), "requests of the controller under its service account")
	gomega.Expect(requests.Refusals).To(gomega.BeEmpty(), "requests that the chart's rules do not allow")
	if !EverySpecRuns() || !e.Karpenter.Local() {
		ginkgo.GinkgoWriter.Println("whether all that is granted is needed is not checked: not every spec ran, since some were left out or need a controller that is a process")
		return
	}
	grants, err := permissions.Granted(ctx, e, account)
	gomega.Expect(err).NotTo(gomega.HaveOccurred())
	grants = slices.DeleteFunc(grants, func(g permissions.Grant) bool { return slices.Contains(judged.Elsewhere, g.Role) })
	unused, stale := permissions.Unused(grants, requests.Made, judged.Waivers)
	gomega.Expect(unused).To(gomega.BeEmpty(), "grants that no request needed")
	gomega.Expect(stale).To(gomega.BeEmpty(), "waivers of grants that are not there, or are needed")
}

// EverySpecRuns tells whether no specs were selected.
func EverySpecRuns() bool {
	suite, _ := ginkgo.GinkgoConfiguration()
	return len(suite.FocusStrings)+len(suite.SkipStrings)+len(suite.FocusFiles)+len(suite.SkipFiles)+len(suite.LabelFilter) == 0
}
