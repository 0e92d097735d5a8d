// SPDX-License-Identifier: Apache-2.0

package clusterapi_test

import (
	"bytes"
	_ "embed"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-logr/logr"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"karpenter.sh/test/internal/connection"
	"karpenter.sh/test/internal/environment"
	"karpenter.sh/test/internal/objects"
	"karpenter.sh/test/internal/permissions"
	"karpenter.sh/test/internal/reference"
	"karpenter.sh/test/machines"
)

// OPS-271: a NodeClass selects the MachineDeployments of its own test.
var (
	//go:embed defaults/nodeclass.yaml
	nodeClass []byte
	//go:embed defaults/nodepool.yaml
	nodePool []byte
)

var (
	env *environment.Environment
	// config is that of the cluster, management that of where its Machines are: the same,
	// but in specs that say otherwise.
	config     *rest.Config
	management client.Client
	// ground is what MachineDeployments stand on.
	ground machines.Ground
	// group marks the MachineDeployments of the spec that runs.
	group string
)

func TestClusterAPI(t *testing.T) {
	if os.Getenv("KUBECONFIG") == "" {
		t.Skip("KUBECONFIG is not set: run make e2e PROVIDER=clusterapi, or start a cluster with make up PROVIDER=clusterapi and set it")
	}
	log.SetLogger(logr.Discard()) // the client library's, which nobody needs here
	RegisterFailHandler(Fail)
	RunSpecs(t, "Karpenter on Cluster API")
}

var _ = BeforeSuite(func(ctx SpecContext) {
	kubeconfig, err := filepath.Abs(os.Getenv("KUBECONFIG"))
	Expect(err).NotTo(HaveOccurred())
	ground = machines.Ground{Namespace: "machines", Cluster: filepath.Base(filepath.Dir(kubeconfig))}
	opened, err := connection.Open(kubeconfig)
	Expect(err).NotTo(HaveOccurred())
	config, management = opened.Config, managementOf(opened.Config)
	env, err = environment.New(environment.Options{
		Kubeconfig: kubeconfig, MetricsURL: os.Getenv("METRICS_URL"), Defaults: defaultsFor("none"),
	})
	Expect(err).NotTo(HaveOccurred())
	if env.Karpenter.Local() {
		Expect(env.Karpenter.Ensure(ctx, "LOG_LEVEL=debug")).To(Succeed())
	}
	env.Open(ctx)
})

// managementOf is a client of a management cluster.
func managementOf(config *rest.Config) client.Client {
	GinkgoHelper()
	scheme, err := machines.Scheme()
	Expect(err).NotTo(HaveOccurred())
	c, err := client.New(config, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred())
	return c
}

// defaultsFor are those of the tests of a group.
func defaultsFor(group string) objects.Defaults {
	GinkgoHelper()
	defaults, err := objects.ParseDefaults(bytes.ReplaceAll(nodeClass, []byte("${GROUP}"), []byte(group)), nodePool)
	Expect(err).NotTo(HaveOccurred())
	return defaults
}

var _ = AfterSuite(func(ctx SpecContext) {
	if env == nil {
		return
	}
	env.Close(ctx)
	documented, err := reference.Load("../../../core/docs/reference/signals.json", "karpenter-clusterapi")
	Expect(err).NotTo(HaveOccurred())
	env.ExpectDocumented(ctx, documented)
	// OPS-310, OPS-311, CAPI-065.
	env.ExpectPermissionsFit(ctx, environment.Judgement{Elsewhere: []string{environment.CoreRole}, Waivers: []permissions.Waiver{{
		Group: "cluster.x-k8s.io", Resource: "machines", Verb: "delete", Rarely: true,
		Why: "a Machine that its MachineDeployment does not end in a roll-out is deleted (CAPI-059)",
	}}})
})

// OPS-269.
var _ = ReportAfterSuite("Timings", func(r Report) { environment.WriteTimings(os.Getenv("OUTPUT_DIR"), r) })

var _ = BeforeEach(func(ctx SpecContext) {
	env.Begin(ctx, true)
	group = env.Name("group")
	env.Defaults = defaultsFor(group)
})

var _ = JustAfterEach(func(ctx SpecContext) {
	if CurrentSpecReport().Failed() {
		env.Report(ctx, "", explainGroup)
	}
})

var _ = AfterEach(func(ctx SpecContext) {
	cleaned := false
	defer func() {
		if !cleaned {
			env.Report(ctx, "-cleaning", explainGroup)
			env.Force(ctx)
		}
		removeGroup(ctx)
	}()
	env.End(ctx)
	cleaned = true
})
