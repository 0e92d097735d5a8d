// SPDX-License-Identifier: Apache-2.0

package performance_test

import (
	"flag"
	"os"
	"testing"

	"github.com/go-logr/logr"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"karpenter.sh/test/internal/environment"
	"karpenter.sh/test/internal/objects"
	"karpenter.sh/test/internal/performance"
)

var (
	defaultNodeClass = flag.String("default-nodeclass", "", "YAML file of the NodeClass to test with; the kwok provider's if empty")
	defaultNodePool  = flag.String("default-nodepool", "", "YAML file of the NodePool to test with; the kwok provider's if empty")
)

var (
	// env is the cluster under test, set before the first scenario.
	env *environment.Environment
	// thresholds are the bounds that hold.
	thresholds performance.Thresholds
	// output is where reports go; empty for none.
	output = os.Getenv("OUTPUT_DIR")
)

func TestPerformance(t *testing.T) {
	if os.Getenv("KUBECONFIG") == "" {
		t.Skip("KUBECONFIG is not set: run make e2e TEST_SUITE=performance, or start a cluster with make up and set it")
	}
	log.SetLogger(logr.Discard()) // the client library's, which nobody needs here
	RegisterFailHandler(Fail)
	RunSpecs(t, "Performance of Karpenter")
}

// OPS-282: bounds that cannot be read fail the suite before anything is measured.
var _ = BeforeSuite(func(ctx SpecContext) {
	var err error
	thresholds, err = performance.Standard().Override(os.Getenv("KARPENTER_PERF_THRESHOLDS"))
	Expect(err).NotTo(HaveOccurred(), "KARPENTER_PERF_THRESHOLDS")
	defaults, err := objects.LoadDefaults(*defaultNodeClass, *defaultNodePool)
	Expect(err).NotTo(HaveOccurred())
	env, err = environment.New(environment.Options{
		Kubeconfig: os.Getenv("KUBECONFIG"), MetricsURL: os.Getenv("METRICS_URL"), Defaults: defaults,
	})
	Expect(err).NotTo(HaveOccurred())
	env.Open(ctx)
})

var _ = AfterSuite(func(ctx SpecContext) {
	if env != nil {
		env.Close(ctx)
	}
})

var _ = BeforeEach(func(ctx SpecContext) { env.Begin(ctx, true) })

var _ = JustAfterEach(func(ctx SpecContext) {
	if CurrentSpecReport().Failed() {
		env.Explain(ctx, GinkgoWriter)
	}
})

var _ = AfterEach(func(ctx SpecContext) { env.End(ctx) })

var _ = ReportAfterSuite("Timings", func(r Report) { environment.WriteTimings(output, r) })
