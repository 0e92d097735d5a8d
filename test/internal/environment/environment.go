// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"context"
	"fmt"

	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	utilrand "k8s.io/apimachinery/pkg/util/rand"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/connection"
	"karpenter.sh/test/internal/installation"
	"karpenter.sh/test/internal/objects"
	"karpenter.sh/test/internal/scrape"
)

// Environment is one cluster with the Karpenter in it. It reads from the API
// server itself, not from a cache.
type Environment struct {
	client.WithWatch
	// Karpenter is the installation under test.
	Karpenter *installation.Installation
	// Defaults are the NodeClass and NodePool that tests start from.
	Defaults objects.Defaults

	// suffix ends the names of the test that runs, and marks its objects.
	suffix string
	// alone is set while no other test runs.
	alone bool
	// class is its NodeClass, once created.
	class *unstructured.Unstructured
	// nodes is how many there were when the suite began; opened is set by then.
	nodes  int
	opened bool
	// started tells the controller's processes apart.
	started float64
}

// Options say where the cluster is.
type Options struct {
	// Kubeconfig is the path of the file to connect with.
	Kubeconfig string
	// MetricsURL is the root of Karpenter's metrics listener; needed only when
	// tools/cluster did not start it.
	MetricsURL string
	Defaults   objects.Defaults
}

// New connects to a cluster.
func New(opts Options) (*Environment, error) {
	cluster, err := connection.Open(opts.Kubeconfig)
	if err != nil {
		return nil, err
	}
	karpenter, err := installation.Find(opts.Kubeconfig, opts.MetricsURL)
	if err != nil {
		return nil, err
	}
	return &Environment{WithWatch: cluster.WithWatch, Karpenter: karpenter, Defaults: opts.Defaults}, nil
}

// Open begins a suite: it checks that the cluster is as OPS-267 asks for and
// remembers how many nodes there are. One of the suite's processes calls it.
func (e *Environment) Open(ctx context.Context) {
	gomega.Expect(e.leftovers(ctx, ofAnyTest)).To(gomega.BeEmpty(), "what an earlier run left behind")
	gomega.Expect(e.unfit(ctx)).To(gomega.BeEmpty(), "the cluster is not as tests need it")
	e.nodes, e.opened = e.nodeCount(ctx), true
}

// Close ends a suite once all tests have ended: nothing that a test made may be
// left, and no node that came (OPS-268). A suite that [Environment.Open] refused
// to begin is left alone.
func (e *Environment) Close(ctx context.Context) {
	if !e.opened {
		return
	}
	e.clean(ctx, ofAnyTest)
	e.eventually(ctx, cleaning, func(g gomega.Gomega) {
		g.Expect(e.leftovers(ctx, ofAnyTest)).To(gomega.BeEmpty())
		g.Expect(e.nodeCount(ctx)).To(gomega.Equal(e.nodes), "number of nodes")
	})
}

// Begin opens a test. One that is alone has an empty cluster to itself, and its
// pods may go to any node. Others run at the same time, each confined to nodes of
// its own.
func (e *Environment) Begin(ctx context.Context, alone bool) {
	e.suffix, e.alone, e.class = utilrand.String(5), alone, nil
	if alone {
		gomega.Expect(e.leftovers(ctx, ofAnyTest)).To(gomega.BeEmpty(), "the cluster is not empty")
		gomega.Expect(e.unfit(ctx)).To(gomega.BeEmpty(), "the cluster is not as tests need it")
	}
	e.started = e.processStart(ctx)
}

// End closes a test: Karpenter must not have restarted (OPS-266), and all that
// the test made goes away, its nodes included (OPS-268).
func (e *Environment) End(ctx context.Context) {
	e.ExpectSameProcess(ctx)
	e.clean(ctx, e.mine())
	e.eventually(ctx, cleaning, func(g gomega.Gomega) {
		g.Expect(e.leftovers(ctx, e.mine())).To(gomega.BeEmpty())
	})
}

// Name makes a name that no other test uses.
func (e *Environment) Name(base string) string { return base + "-" + e.suffix }

// NodeClass creates the test's NodeClass, or returns it if it is there.
func (e *Environment) NodeClass(ctx context.Context) *unstructured.Unstructured {
	if e.class == nil {
		class := e.Defaults.NodeClass(e.Name("default"))
		e.Create(ctx, class)
		e.class = class
	}
	return e.class
}

// NodePool creates a NodePool of the test's NodeClass: the default one with the
// changes applied.
func (e *Environment) NodePool(ctx context.Context, base string, changes ...func(*v1.NodePool)) *v1.NodePool {
	pool := e.Defaults.NodePool(e.Name(base), e.NodeClass(ctx))
	for _, change := range changes {
		change(pool)
	}
	e.Create(ctx, pool)
	return pool
}

// Create creates objects in the given order, as the test's own.
func (e *Environment) Create(ctx context.Context, created ...client.Object) {
	for _, o := range created {
		objects.Assign(o, e.suffix)
		if !e.alone {
			objects.Confine(o, e.suffix)
		}
		gomega.ExpectWithOffset(1, e.WithWatch.Create(ctx, o)).To(gomega.Succeed(), "create %T %s", o, o.GetName())
	}
}

// Update changes an object as it is on the server, again if somebody else wrote
// it meanwhile; o holds the result.
func (e *Environment) Update(ctx context.Context, o client.Object, change func()) {
	gomega.EventuallyWithOffset(1, ctx, func() error {
		if err := e.Get(ctx, client.ObjectKeyFromObject(o), o); err != nil {
			return err
		}
		change()
		return e.WithWatch.Update(ctx, o)
	}).WithTimeout(patience).WithPolling(interval).Should(gomega.Succeed(), "update %T %s", o, o.GetName())
}

// Scale changes the number of replicas of a workload's Deployment.
func (e *Environment) Scale(ctx context.Context, w objects.Workload, replicas int32) {
	err := e.Merge(ctx, w.Deployment(), fmt.Sprintf(`{"spec":{"replicas":%d}}`, replicas))
	gomega.ExpectWithOffset(1, err).To(gomega.Succeed(), "scale %s", w.Name)
}

// Merge applies a JSON merge patch and returns the server's refusal, if any.
func (e *Environment) Merge(ctx context.Context, o client.Object, patch string) error {
	return e.Patch(ctx, o.DeepCopyObject().(client.Object), client.RawPatch(types.MergePatchType, []byte(patch)))
}

// Metrics reads what Karpenter serves now.
func (e *Environment) Metrics(ctx context.Context) (scrape.Snapshot, error) {
	url, err := e.Karpenter.MetricsURL()
	if err != nil {
		return scrape.Snapshot{}, err
	}
	return scrape.Fetch(ctx, url)
}

// ExpectSameProcess fails if the controller is down or another process than when
// the test began, or when [Environment.Restarted] was called last.
func (e *Environment) ExpectSameProcess(ctx context.Context) {
	gomega.ExpectWithOffset(1, e.processStart(ctx)).To(gomega.Equal(e.started), "Karpenter has restarted")
}

// Restarted accepts the process that runs now.
func (e *Environment) Restarted(ctx context.Context) { e.started = e.processStart(ctx) }

func (e *Environment) processStart(ctx context.Context) float64 {
	metrics, err := e.Metrics(ctx)
	gomega.ExpectWithOffset(2, err).NotTo(gomega.HaveOccurred())
	start, _ := metrics.Sum("process_start_time_seconds", nil)
	return start
}

func (e *Environment) nodeCount(ctx context.Context) int {
	var nodes corev1.NodeList
	gomega.ExpectWithOffset(2, e.List(ctx, &nodes)).To(gomega.Succeed())
	return len(nodes.Items)
}
