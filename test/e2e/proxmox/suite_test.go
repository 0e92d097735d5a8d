// SPDX-License-Identifier: Apache-2.0

package proxmox_test

import (
	"context"
	_ "embed"
	"os"
	"testing"
	"time"

	"github.com/go-logr/logr"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"karpenter.sh/test/internal/environment"
	"karpenter.sh/test/internal/objects"
	"karpenter.sh/test/internal/reference"
	"karpenter.sh/test/internal/simcloud"
)

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

// boot is how long machines take to boot.
const boot = 2 * time.Second

func TestProxmox(t *testing.T) {
	if os.Getenv("KUBECONFIG") == "" {
		t.Skip("KUBECONFIG is not set: run make e2e PROVIDER=proxmox, or start a cluster with make up PROVIDER=proxmox and set it")
	}
	log.SetLogger(logr.Discard()) // the client library's, which nobody needs here
	RegisterFailHandler(Fail)
	RunSpecs(t, "Karpenter on Proxmox VE")
}

var _ = BeforeSuite(func(ctx SpecContext) {
	var err error
	cloud, err = simcloud.Find(os.Getenv("KUBECONFIG"))
	Expect(err).NotTo(HaveOccurred())
	defaults, err := objects.ParseDefaults(nodeClass, nodePool)
	Expect(err).NotTo(HaveOccurred())
	env, err = environment.New(environment.Options{
		Kubeconfig: os.Getenv("KUBECONFIG"), MetricsURL: os.Getenv("METRICS_URL"), Defaults: defaults,
	})
	Expect(err).NotTo(HaveOccurred())
	if env.Karpenter.Local() {
		Expect(env.Karpenter.Ensure(ctx, "LOG_LEVEL=debug")).To(Succeed())
	}
	restore(ctx)
	for _, o := range shared() {
		Expect(client.IgnoreAlreadyExists(env.WithWatch.Create(ctx, o))).To(Succeed())
	}
	env.Open(ctx)
})

var _ = AfterSuite(func(ctx SpecContext) {
	if env == nil {
		return
	}
	env.Close(ctx)
	expectPrivilegesFit(ctx)
	expectDocumented(ctx)
	// OPS-310, OPS-311.
	env.ExpectPermissionsFit(ctx, environment.Judgement{Elsewhere: []string{environment.CoreRole}})
	for _, o := range shared() {
		Expect(client.IgnoreNotFound(env.WithWatch.Delete(ctx, o))).To(Succeed())
	}
})

// shared is what all NodeClasses refer to: the templates that are tagged so, and boot data
// that are all default.
func shared() []client.Object {
	template := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "karpenter.proxmox.sinextra.dev/v1alpha1", "kind": "ProxmoxUnmanagedTemplate",
		"metadata": map[string]any{"name": "e2e"}, "spec": map[string]any{"tags": []any{"nodes"}},
	}}
	return []client.Object{template, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "e2e-boot-data"}}}
}

// expectDocumented compares what Karpenter shows and has told with the reference, whatever
// the tests provoked (OPS-285).
func expectDocumented(ctx context.Context) {
	GinkgoHelper()
	documented, err := reference.Load("../../../core/docs/reference/signals.json", "karpenter-proxmox")
	Expect(err).NotTo(HaveOccurred())
	env.ExpectDocumented(ctx, documented)
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
	eventuallyNothingIsLeft(ctx)
	cleaned = true
})
