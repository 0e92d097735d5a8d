// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"context"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"
)

// Crash kills the controller and starts another one. A spec is skipped where the
// controller is not a process on this machine.
func (e *Environment) Crash(ctx context.Context) {
	ginkgo.GinkgoHelper()
	if !e.Karpenter.Local() {
		ginkgo.Skip("the controller is not a process on this machine")
	}
	gomega.Expect(e.Karpenter.Kill(ctx)).To(gomega.Succeed())
	gomega.Expect(e.Karpenter.Start(ctx)).To(gomega.Succeed())
	e.Restarted(ctx)
}
