// SPDX-License-Identifier: Apache-2.0

package aws_test

import (
	"context"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"karpenter.sh/test/internal/environment"
	"karpenter.sh/test/internal/simcloud"
)

// expectPolicyFits looks back on the suite: the controller did nothing that the
// documented policies do not allow (AWS-421), and if every spec ran, it needed all
// that they allow. What specs have refused by fault rules is not counted.
func expectPolicyFits(ctx context.Context) {
	GinkgoHelper()
	who, err := cloud.Permissions(ctx)
	Expect(err).NotTo(HaveOccurred())
	at := slices.IndexFunc(who, func(p simcloud.Permissions) bool { return p.Role == "KarpenterController-"+cloud.Cluster })
	if at < 0 {
		GinkgoWriter.Println("no policies are checked: the account was not made by make e2e PROVIDER=aws")
		return
	}
	Expect(who[at].Refusals).To(BeEmpty(), "calls that the documented policies do not allow")
	if !environment.EverySpecRuns() {
		GinkgoWriter.Println("whether all that is granted is needed is not checked: not every spec ran")
		return
	}
	Expect(who[at].Unused).To(BeEmpty(), "grants that no call needed")
}
