// SPDX-License-Identifier: Apache-2.0

package e2e_test

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
	"karpenter.sh/test/internal/permissions"
)

// OPS-269: the defaults of other providers come from files.
var (
	defaultNodeClass = flag.String("default-nodeclass", "", "YAML file of the NodeClass to test with; the kwok provider's if empty")
	defaultNodePool  = flag.String("default-nodepool", "", "YAML file of the NodePool to test with; the kwok provider's if empty")
)

// settings that the suite needs of a Karpenter that it can restart: NodeClasses
// may make launches fail (KWOK-039), and the log is worth printing.
var settings = []string{"ENABLE_FAILURE_INJECTION=true", "LOG_LEVEL=debug"}

// env is the cluster under test, set before the first test of each process.
var env *environment.Environment

func TestKarpenter(t *testing.T) {
	if os.Getenv("KUBECONFIG") == "" {
		t.Skip("KUBECONFIG is not set: run make e2e, or start a cluster with make up and set it")
	}
	log.SetLogger(logr.Discard()) // the client library's, which nobody needs here
	RegisterFailHandler(Fail)
	RunSpecs(t, "Karpenter")
}

// Each process of the suite has a connection of its own; the first prepares the
// cluster for all.
var _ = SynchronizedBeforeSuite(func(ctx SpecContext) {
	connect()
	if env.Karpenter.Local() {
		Expect(env.Karpenter.Ensure(ctx, settings...)).To(Succeed())
	}
	env.Open(ctx)
}, func() {
	if env == nil {
		connect()
	}
})

var _ = SynchronizedAfterSuite(func() {}, func(ctx SpecContext) {
	if env != nil {
		env.Close(ctx)
		expectDocumented(ctx) // whatever the tests provoked
		// OPS-310, OPS-311.
		env.ExpectPermissionsFit(ctx, environment.Judgement{Waivers: permissions.OwnerWaivers()})
	}
})

func connect() {
	GinkgoHelper()
	defaults, err := objects.LoadDefaults(*defaultNodeClass, *defaultNodePool)
	Expect(err).NotTo(HaveOccurred())
	env, err = environment.New(environment.Options{
		Kubeconfig: os.Getenv("KUBECONFIG"), MetricsURL: os.Getenv("METRICS_URL"), Defaults: defaults,
	})
	Expect(err).NotTo(HaveOccurred())
}

// OPS-269.
var _ = ReportAfterSuite("Timings", func(r Report) { environment.WriteTimings(os.Getenv("OUTPUT_DIR"), r) })

// OPS-267: a test that is alone begins with a cluster in which nobody else has a part.
var _ = BeforeEach(func(ctx SpecContext) { env.Begin(ctx, CurrentSpecReport().IsSerial) })

var _ = JustAfterEach(func(ctx SpecContext) {
	if CurrentSpecReport().Failed() {
		env.Report(ctx, "")
	}
})

// OPS-266, OPS-268: a restart that the test did not ask for fails it, and so does what it
// leaves behind.
var _ = AfterEach(func(ctx SpecContext) {
	cleaned := false
	defer func() {
		if !cleaned {
			env.Report(ctx, "-cleaning")
			env.Force(ctx)
		}
	}()
	env.End(ctx)
	cleaned = true
})
