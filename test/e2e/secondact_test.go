// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
)

// stage is what a test has brought to run: workloads on the nodes of some pools.
// What follows the first success is a second act: the world goes on, and each
// time all has to run again; in the end the cluster has to come to rest.
type stage struct {
	pools     []*v1.NodePool
	workloads []objects.Workload
}

// act is something that happens in the life of a cluster.
type act struct {
	name string
	play func(SpecContext, *stage)
}

// onStage begins a second act for workloads of Deployments, all of which run.
func onStage(pools []*v1.NodePool, workloads ...objects.Workload) *stage {
	return &stage{pools: pools, workloads: workloads}
}

// of is a stage with one pool.
func of(pool *v1.NodePool, workloads ...objects.Workload) *stage {
	return onStage([]*v1.NodePool{pool}, workloads...)
}

// goesOn plays the acts one after the other, and sees the cluster come to rest.
func (s *stage) goesOn(ctx SpecContext, acts ...act) {
	GinkgoHelper()
	for _, a := range acts {
		By("then: " + a.name)
		a.play(ctx, s)
		s.expectRuns(ctx)
	}
	s.rests(ctx)
}

func (s *stage) expectRuns(ctx SpecContext) {
	GinkgoHelper()
	for _, w := range s.workloads {
		if w.Replicas > 0 {
			env.EventuallyRunning(ctx, w)
		}
	}
	for _, pool := range s.pools {
		env.EventuallySettled(ctx, pool)
	}
}

// rests lets the pools give up what is empty, those that give up more as they do,
// and sees that what remains is needed, complete, and stays.
func (s *stage) rests(ctx SpecContext) {
	GinkgoHelper()
	By("in the end: rest")
	for _, pool := range s.pools {
		env.Update(ctx, pool, func() {
			if pool.Spec.Disruption.ConsolidateAfter == v1.Never {
				consolidate("0s", "100%")(pool)
			}
		})
	}
	env.ExpectRest(ctx, s.pools...)
}

// ordinary acts do no harm to other tests in the same cluster, and no pod needs
// more than a moment for them.
func ordinary() []act {
	return []act{morePods(2), podsDeleted(), nodeDrained(), nodeDeleted(), daemonsComeAndGo(), fewerPods(2)}
}

// morePods scales each workload up.
func morePods(more int32) act {
	return act{"more pods", func(ctx SpecContext, s *stage) { s.scale(ctx, more) }}
}

// fewerPods scales each workload down again.
func fewerPods(less int32) act {
	return act{"fewer pods", func(ctx SpecContext, s *stage) { s.scale(ctx, -less) }}
}

func (s *stage) scale(ctx SpecContext, by int32) {
	for i := range s.workloads {
		w := &s.workloads[i]
		w.Replicas += by
		env.Scale(ctx, *w, w.Replicas)
	}
}

// podsDeleted deletes a pod of each workload, as a rollout or an impatient user
// does.
func podsDeleted() act {
	return act{"pods are deleted", func(ctx SpecContext, s *stage) {
		for _, w := range s.workloads {
			if pods := env.Pods(ctx, w); len(pods) > 0 {
				s.deletePod(ctx, &pods[0])
			}
		}
	}}
}

func (s *stage) deletePod(ctx SpecContext, pod *corev1.Pod, opts ...client.DeleteOption) {
	err := env.Delete(ctx, pod, append(opts, client.Preconditions{UID: &pod.UID})...)
	Expect(client.IgnoreNotFound(err)).To(Succeed())
}

// nodeDrained does by hand what kubectl drain does, and leaves the node there:
// cordoned, and empty but for daemons.
func nodeDrained() act {
	return act{"a node is drained by hand", func(ctx SpecContext, s *stage) {
		node := s.busyNode(ctx)
		env.Update(ctx, node, func() { node.Spec.Unschedulable = true })
		for _, w := range s.workloads {
			for _, pod := range on(*node, env.Pods(ctx, w)) {
				s.deletePod(ctx, &pod)
			}
		}
	}}
}

// nodeDeleted deletes a node with the pods on it.
func nodeDeleted() act {
	return act{"a node is deleted", func(ctx SpecContext, s *stage) {
		node := s.busyNode(ctx)
		Expect(env.Delete(ctx, node)).To(Succeed())
		env.EventuallyGone(ctx, node)
	}}
}

// nodeVanishes takes a Node away without asking anybody, and with it the fake
// machine. Whoever does that takes the pods of the Node away, too: the control
// plane would leave them bound for a minute.
func nodeVanishes() act {
	return act{"a node vanishes", func(ctx SpecContext, s *stage) {
		node := s.busyNode(ctx)
		claim := env.ClaimOf(ctx, node)
		Expect(env.Delete(ctx, node)).To(Succeed())
		Expect(client.IgnoreNotFound(env.Merge(ctx, node, `{"metadata":{"finalizers":null}}`))).To(Succeed())
		env.EventuallyGone(ctx, node)
		for _, w := range s.workloads {
			for _, pod := range on(*node, env.Pods(ctx, w)) {
				s.deletePod(ctx, &pod, client.GracePeriodSeconds(0))
			}
		}
		env.EventuallyGone(ctx, claim)
	}}
}

// busyNode is a node that runs a pod of a workload.
func (s *stage) busyNode(ctx SpecContext) *corev1.Node {
	GinkgoHelper()
	for _, w := range s.workloads {
		for _, pod := range env.Pods(ctx, w) {
			if pod.Spec.NodeName != "" && pod.DeletionTimestamp == nil {
				return env.NodeOf(ctx, &pod)
			}
		}
	}
	Fail("no workload runs anywhere")
	return nil
}

// daemonsComeAndGo adds a DaemonSet to the nodes that run, makes its pods larger,
// and removes it. It has the priority of an agent, so that it gets its place.
func daemonsComeAndGo() act {
	return act{"daemons come, grow and go", func(ctx SpecContext, s *stage) {
		daemon := objects.Workload{Name: env.Name("agent"), CPU: "50m", Change: critical}
		set := daemon.DaemonSet()
		env.Create(ctx, set)
		s.expectDaemons(ctx, daemon)
		env.Update(ctx, set, func() {
			set.Spec.Template.Spec.Containers[0].Resources.Requests[corev1.ResourceCPU] = resource.MustParse("100m")
		})
		env.Eventually(ctx, func(g Gomega) {
			for _, pod := range env.Pods(ctx, daemon) {
				g.Expect(pod.Spec.Containers[0].Resources.Requests.Cpu().MilliValue()).To(BeEquivalentTo(100), "CPU of daemon %s", pod.Name)
			}
		})
		s.expectDaemons(ctx, daemon)
		Expect(env.Delete(ctx, set)).To(Succeed())
		env.Eventually(ctx, func(g Gomega) { g.Expect(env.Pods(ctx, daemon)).To(BeEmpty()) })
	}}
}

// expectDaemons waits until the workloads run beside a daemon on each node.
func (s *stage) expectDaemons(ctx SpecContext, daemon objects.Workload) {
	GinkgoHelper()
	s.expectRuns(ctx)
	env.Eventually(ctx, func(g Gomega) {
		nodes := 0
		for _, pool := range s.pools {
			nodes += len(env.Nodes(ctx, pool))
		}
		daemon.Replicas = int32(nodes)
		g.Expect(env.Pods(ctx, daemon)).To(HaveLen(nodes))
	})
	env.EventuallyRunning(ctx, daemon)
}

// critical is the priority of agents, which are served before others.
func critical(spec *corev1.PodSpec) { spec.PriorityClassName = "system-node-critical" }

// controllerRestarts kills the controller and starts another one. Tests that are
// alone in the cluster may do so.
func controllerRestarts() act {
	return act{"the controller restarts", func(ctx SpecContext, _ *stage) {
		GinkgoHelper()
		if !env.Karpenter.Local() {
			return
		}
		Expect(env.Karpenter.Kill(ctx)).To(Succeed())
		Expect(env.Karpenter.Start(ctx, settings...)).To(Succeed())
		env.Restarted(ctx)
	}}
}
