// SPDX-License-Identifier: Apache-2.0

package meter

import (
	"context"
	"fmt"

	"karpenter.sh/test/internal/installation"
	"karpenter.sh/test/internal/scrape"
)

// Find returns the controller of the cluster that a kubeconfig leads to, which has to
// answer. metricsURL is needed only for a cluster that make up did not start. The error
// says what to do.
func Find(ctx context.Context, kubeconfig, metricsURL string) (Process, error) {
	karpenter, err := installation.Find(kubeconfig, metricsURL)
	if err != nil {
		return Process{}, fmt.Errorf("%w; give -metrics-url, or a kubeconfig that make up has written", err)
	}
	url, err := karpenter.MetricsURL()
	if err == nil {
		_, err = scrape.Fetch(ctx, url)
	}
	if err != nil {
		return Process{}, fmt.Errorf("Karpenter does not answer; make up starts it: %w", err)
	}
	return Process{MetricsURL: url, PID: karpenter.PID()}, nil
}
