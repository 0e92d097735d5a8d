// SPDX-License-Identifier: Apache-2.0

package aws_test

import (
	"bytes"
	"context"
	_ "embed"
	"os"
	"testing"
	"time"

	"github.com/go-logr/logr"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"karpenter.sh/test/internal/environment"
	"karpenter.sh/test/internal/objects"
	"karpenter.sh/test/internal/reference"
	"karpenter.sh/test/internal/simcloud"
)

// OPS-271: what the account holds for nodes is found by the tag with the cluster's name.
var (
	//go:embed defaults/nodeclass.yaml
	nodeClass []byte
	//go:embed defaults/nodepool.yaml
	nodePool []byte
)

var (
	env   *environment.Environment
	cloud *simcloud.Cloud
)

// boot is how long machines take to boot, unless a spec says otherwise.
const boot = 2 * time.Second

func TestAWS(t *testing.T) {
	if os.Getenv("KUBECONFIG") == "" {
		t.Skip("KUBECONFIG is not set: run make e2e PROVIDER=aws, or start a cluster with make up PROVIDER=aws and set it")
	}
	log.SetLogger(logr.Discard()) // the client library's, which nobody needs here
	RegisterFailHandler(Fail)
	RunSpecs(t, "Karpenter on AWS")
}

var _ = BeforeSuite(func(ctx SpecContext) {
	var err error
	cloud, err = simcloud.Find(os.Getenv("KUBECONFIG"))
	Expect(err).NotTo(HaveOccurred())
	defaults, err := objects.ParseDefaults(forCluster(nodeClass), forCluster(nodePool))
	Expect(err).NotTo(HaveOccurred())
	env, err = environment.New(environment.Options{
		Kubeconfig: os.Getenv("KUBECONFIG"), MetricsURL: os.Getenv("METRICS_URL"), Defaults: defaults,
	})
	Expect(err).NotTo(HaveOccurred())
	if env.Karpenter.Local() {
		Expect(env.Karpenter.Ensure(ctx, "LOG_LEVEL=debug")).To(Succeed())
	}
	restore(ctx)
	env.Open(ctx)
})

var _ = AfterSuite(func(ctx SpecContext) {
	if env == nil {
		return
	}
	env.Close(ctx)
	expectPolicyFits(ctx)
	expectDocumented(ctx)
	// OPS-310, OPS-311.
	env.ExpectPermissionsFit(ctx, environment.Judgement{Elsewhere: []string{environment.CoreRole}})
})

// expectDocumented compares what Karpenter shows and has told with the reference
// (OPS-285, AWS-401, AWS-403), whatever the tests provoked.
func expectDocumented(ctx context.Context) {
	GinkgoHelper()
	documented, err := reference.Load("../../../core/docs/reference/signals.json", "karpenter-aws")
	Expect(err).NotTo(HaveOccurred())
	env.ExpectDocumented(ctx, documented)
}

// forCluster names the cluster where its name stands for it.
func forCluster(text []byte) []byte {
	return bytes.ReplaceAll(text, []byte("${CLUSTER_NAME}"), []byte(cloud.Cluster))
}

// OPS-269.
var _ = ReportAfterSuite("Timings", func(r Report) { environment.WriteTimings(os.Getenv("OUTPUT_DIR"), r) })

var _ = BeforeEach(func(ctx SpecContext) { env.Begin(ctx, true) })

var _ = JustAfterEach(func(ctx SpecContext) {
	if CurrentSpecReport().Failed() {
		env.Report(ctx, "")
	}
})

var _ = AfterEach(func(ctx SpecContext) {
	restore(ctx)
	cleaned := false
	defer func() {
		if !cleaned {
			env.Report(ctx, "-cleaning")
			env.Force(ctx)
		}
	}()
	env.End(ctx)
	eventuallyNoneRun(ctx)
	cleaned = true
})

// restore makes the account as it was at the start, but for what runs.
func restore(ctx context.Context) {
	GinkgoHelper()
	Expect(cloud.Mend(ctx)).To(Succeed())
	Expect(cloud.Stock(ctx, simcloud.Pool{}, 1000)).To(Succeed())
	Expect(cloud.Boot(ctx, boot)).To(Succeed())
}
