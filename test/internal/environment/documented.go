// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"context"

	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/test/internal/reference"
)

// ExpectDocumented compares what Karpenter shows and has told so far with the reference
// of its binary (OPS-285): nothing else is shown, and all that always is.
func (e *Environment) ExpectDocumented(ctx context.Context, documented reference.Binary) {
	e.Eventually(ctx, func(g gomega.Gomega) {
		snapshot, err := e.Metrics(ctx)
		g.Expect(err).NotTo(gomega.HaveOccurred())
		g.Expect(documented.Undocumented(snapshot)).To(gomega.BeEmpty())
		g.Expect(documented.Missing(snapshot)).To(gomega.BeEmpty())
	})
	var told corev1.EventList
	gomega.Expect(e.List(ctx, &told)).To(gomega.Succeed())
	gomega.Expect(documented.UndocumentedEvents(told.Items)).To(gomega.BeEmpty())
}
