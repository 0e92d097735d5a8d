// SPDX-License-Identifier: Apache-2.0

package performance_test

import (
	"os"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/environment"
	"karpenter.sh/test/internal/objects"
	"karpenter.sh/test/internal/performance"
)

// phase is a change, and what is awaited after it.
type phase struct {
	name   string
	change func(ctx SpecContext, s *stage)
	// pods are ready in the end, after so long a wait at most.
	pods int
	wait time.Duration
	// calm is how long no node may be on its way out for the phase to end; it is looked
	// for every look.
	calm, look time.Duration
	// check is made in the end.
	check func(ctx SpecContext, s *stage)
}

// scalesOut ends as soon as the pods are ready.
func scalesOut(pods int, wait time.Duration, change func(SpecContext, *stage)) phase {
	return phase{name: "scaleOut", change: change, pods: pods, wait: wait}
}

// consolidates ends when the nodes that are not needed are gone (OPS-279).
func consolidates(pods int, wait time.Duration, change func(SpecContext, *stage)) phase {
	return phase{name: "consolidation", change: change, pods: pods, wait: wait, calm: 3 * time.Minute, look: 30 * time.Second}
}

// stage is what a scenario plays on.
type stage struct {
	pool      *v1.NodePool
	workloads map[string]objects.Workload
}

// OPS-278: a pool without limits that gives up what it can after half a minute.
func newStage(ctx SpecContext) *stage {
	pool := env.NodePool(ctx, "default", func(p *v1.NodePool) {
		p.Spec.Disruption = v1.Disruption{
			ConsolidationPolicy: v1.ConsolidationPolicyWhenEmptyOrUnderutilized, ConsolidateAfter: "30s",
			Budgets: []v1.Budget{{Nodes: "100%"}},
		}
	})
	return &stage{pool: pool, workloads: map[string]objects.Workload{}}
}

// runs makes Deployments.
func runs(workloads ...objects.Workload) func(SpecContext, *stage) {
	return func(ctx SpecContext, s *stage) {
		for _, w := range workloads {
			s.workloads[w.Name] = w
			env.Create(ctx, w.Deployment())
		}
	}
}

// scales changes how many pods they have.
func scales(to map[string]int32) func(SpecContext, *stage) {
	return func(ctx SpecContext, s *stage) {
		for name, replicas := range to {
			w, known := s.workloads[name]
			Expect(known).To(BeTrue(), "workload %s", name)
			w.Replicas = replicas
			s.workloads[name] = w
			env.Scale(ctx, w, replicas)
		}
	}
}

// play measures the phases of a scenario. All are played, whether bounds are kept or not.
func play(ctx SpecContext, scenario string, phases ...phase) {
	GinkgoHelper()
	s := newStage(ctx)
	var violations []string
	for _, p := range phases {
		key := scenario + "/" + p.name
		By(key)
		report := p.measure(ctx, s, key)
		AddReportEntry(key, report)
		bounds, known := thresholds[key]
		Expect(known).To(BeTrue(), "%s has bounds", key)
		for _, v := range bounds.Violations(report) {
			violations = append(violations, key+": "+v)
		}
		if p.check != nil {
			p.check(ctx, s)
		}
	}
	Expect(violations).To(BeEmpty())
}

// measure plays one phase, and writes down how it went (OPS-279, OPS-283).
func (p phase) measure(ctx SpecContext, s *stage, key string) performance.Report {
	GinkgoHelper()
	root, err := env.Karpenter.MetricsURL()
	Expect(err).NotTo(HaveOccurred())
	report := performance.Report{Key: key, GitRef: os.Getenv("GIT_REF"), Began: time.Now()}
	sampler := performance.Sample(ctx, root, performance.Period)
	var profiler *performance.Profiler
	if output != "" {
		profiler = performance.Profile(ctx, root)
	}
	p.change(ctx, s)
	env.EventuallyWithin(ctx, p.wait, func(g Gomega) { g.Expect(s.ready(ctx)).To(Equal(p.pods), "ready pods") })
	report.ReadyTime = time.Since(report.Began)
	p.awaitCalm(ctx, s, report.Began)
	report.TotalTime = time.Since(report.Began)
	report.Used, err = sampler.Stop()
	Expect(err).NotTo(HaveOccurred())
	Expect(s.ready(ctx)).To(Equal(p.pods), "ready pods in the end")

	report.Pods = p.pods
	nodes := env.Nodes(ctx, s.pool)
	report.Nodes = len(nodes)
	report.CPUUtil, report.MemoryUtil = performance.Utilization(nodes, s.pods(ctx))
	report = report.WithScore()
	if profiler != nil {
		Expect(report.Write(output, report.Prefix())).To(Succeed())
		Expect(profiler.Write(output, report.Prefix())).To(Succeed())
	}
	return report
}

// awaitCalm waits until no node has been on its way out for long enough.
func (p phase) awaitCalm(ctx SpecContext, s *stage, began time.Time) {
	GinkgoHelper()
	last := time.Now()
	for p.calm > 0 && time.Since(last) < p.calm {
		Expect(time.Since(began)).To(BeNumerically("<", p.wait+longest), "nodes are still given up")
		select {
		case <-ctx.Done():
			Fail("interrupted")
		case <-time.After(p.look):
		}
		if slices.ContainsFunc(env.Nodes(ctx, s.pool), leaves) {
			last = time.Now()
		}
	}
}

// longest is how much more than the wait for pods a phase may take until nodes are calm.
const longest = time.Hour

// leaves tells that a node is on its way out.
func leaves(n corev1.Node) bool {
	return n.DeletionTimestamp != nil || slices.ContainsFunc(n.Spec.Taints, func(t corev1.Taint) bool { return t.Key == v1.DisruptedTaintKey })
}

// ready is how many pods are ready, as the Deployments count them; -1 while there are more
// pods than asked for.
func (s *stage) ready(ctx SpecContext) int {
	var all appsv1.DeploymentList
	Expect(env.List(ctx, &all, client.InNamespace(objects.Namespace))).To(Succeed())
	ready := 0
	for i := range all.Items {
		d := &all.Items[i]
		if d.Status.ObservedGeneration < d.Generation || d.Status.Replicas > *d.Spec.Replicas {
			return -1
		}
		ready += int(d.Status.ReadyReplicas)
	}
	return ready
}

// pods are those of all workloads that run.
func (s *stage) pods(ctx SpecContext) []corev1.Pod {
	var pods []corev1.Pod
	for _, w := range s.workloads {
		pods = append(pods, env.Pods(ctx, w)...)
	}
	return slices.DeleteFunc(pods, func(p corev1.Pod) bool { return !environment.Ready(&p) })
}
