// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/awslabs/operatorpkg/status"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/fake/v1alpha1"
	"karpenter.sh/core/events"
)

func newNodeClaim(name string) *v1.NodeClaim {
	return &v1.NodeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{
			v1.NodePoolLabelKey: "pool", v1alpha1.Group + "/testnodeclass": "default",
		}},
		Spec: v1.NodeClaimSpec{
			NodeClassRef: v1.NodeClassReference{Group: v1alpha1.Group, Kind: "TestNodeClass", Name: "default"},
			Requirements: []v1.NodeSelectorRequirementWithMinValues{},
			Resources:    v1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1")}},
			ExpireAfter:  v1.Never,
		},
	}
}

func newPod(name, node string, labels map[string]string) *corev1.Pod {
	grace := int64(600)
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, Labels: labels},
		Spec: corev1.PodSpec{
			NodeName: node, TerminationGracePeriodSeconds: &grace,
			Containers: []corev1.Container{{Name: "c", Image: "i"}},
		},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}},
	}
}

func (c *cluster) isTrue(nodeClaim *v1.NodeClaim, conditionType string) bool {
	c.t.Helper()
	return c.get(nodeClaim) && nodeClaim.StatusConditions(status.WithObservedOnly()).IsTrue(conditionType)
}

// bringUp creates a NodeClaim and its Node and waits until it is usable.
func (c *cluster) bringUp(nodeClaim *v1.NodeClaim) *corev1.Node {
	c.t.Helper()
	c.put(nodeClaim)
	c.eventually(10*time.Second, "launched", func() bool { return c.isTrue(nodeClaim, v1.ConditionTypeLaunched) })
	node := c.join(nodeClaim)
	c.eventually(10*time.Second, "ready", func() bool { return c.isTrue(nodeClaim, status.ConditionReady) })
	return node
}

// end takes a terminating pod away, as a kubelet would.
func (c *cluster) end(pod *corev1.Pod) {
	c.t.Helper()
	c.check(client.IgnoreNotFound(c.Delete(c.t.Context(), pod, client.GracePeriodSeconds(0))))
}

func TestLifecycle(t *testing.T) {
	whole := start(t)

	// LIF-073, LIF-080, LIF-088, LIF-103, LIF-120, LIF-122, LIF-123, LIF-130, LIF-175, LIF-178
	t.Run("from creation to the end", func(t *testing.T) {
		c := whole.in(t)
		nodeClaim := newNodeClaim("whole")
		node := c.bringUp(nodeClaim)
		pod := newPod("whole", node.Name, nil)
		c.put(pod)
		// LIF-205
		c.eventually(5*time.Second, "pod event", func() bool { return c.get(nodeClaim) && !nodeClaim.Status.LastPodEventTime.IsZero() })
		c.check(c.Delete(t.Context(), nodeClaim))
		// LIF-133
		c.eventually(3*time.Second, "tainted", func() bool { return c.get(node) && slices.Contains(node.Spec.Taints, v1.DisruptedTaint()) })
		c.eventually(5*time.Second, "evicted", func() bool { return c.get(pod) && pod.DeletionTimestamp != nil })
		if *pod.DeletionGracePeriodSeconds != 600 {
			t.Errorf("the eviction changed the grace to %d", *pod.DeletionGracePeriodSeconds)
		}
		c.end(pod)
		c.eventually(30*time.Second, "gone", func() bool { return !c.get(node) && !c.get(nodeClaim) })
		if instances, _ := c.provider.List(t.Context()); len(instances) > 0 {
			t.Error("the instance is still there")
		}
	})

	// LIF-178
	t.Run("the Node is deleted first", func(t *testing.T) {
		c := whole.in(t)
		nodeClaim := newNodeClaim("node-first")
		node := c.bringUp(nodeClaim)
		c.check(c.Delete(t.Context(), node))
		c.eventually(30*time.Second, "gone", func() bool { return !c.get(node) && !c.get(nodeClaim) })
	})

	// LIF-151, LIF-153: the real answers of the eviction subresource.
	t.Run("a budget holds a pod back until it rises", func(t *testing.T) {
		c := whole.in(t)
		nodeClaim := newNodeClaim("budget")
		node := c.bringUp(nodeClaim)
		labels := map[string]string{"app": "budget"}
		pod, budget := newPod("budget", node.Name, labels), newBudget("budget", labels, 0)
		c.put(pod, budget)
		c.check(c.Delete(t.Context(), nodeClaim))
		c.eventually(20*time.Second, "refused a few times", func() bool { return c.metric("karpenter_pods_eviction_requests_total", "code", "429") >= 6 })
		if c.get(pod); pod.DeletionTimestamp != nil {
			t.Fatal("the budget was ignored")
		}
		if len(c.recorder.Of("FailedDraining")) == 0 {
			t.Error("nobody was told")
		}
		// The next attempt by delay alone would be seconds away.
		c.get(budget)
		budget.Status.DisruptionsAllowed = 1
		c.check(c.Status().Update(t.Context(), budget))
		c.eventually(time.Second, "evicted", func() bool { return c.get(pod) && pod.DeletionTimestamp != nil })
		c.end(pod)
		c.eventually(30*time.Second, "gone", func() bool { return !c.get(nodeClaim) })
	})

	// LIF-151
	t.Run("several budgets", func(t *testing.T) {
		c := whole.in(t)
		nodeClaim := newNodeClaim("budgets")
		node := c.bringUp(nodeClaim)
		labels := map[string]string{"app": "budgets"}
		pod := newPod("budgets", node.Name, labels)
		c.put(pod, newBudget("budgets-1", labels, 1), newBudget("budgets-2", labels, 1))
		c.check(c.Delete(t.Context(), nodeClaim))
		c.eventually(10*time.Second, "told", func() bool {
			return slices.ContainsFunc(c.recorder.Of("FailedDraining"), func(e events.Event) bool { return e.DedupeValues[1] == "multiple PDBs" })
		})
		if c.metric("karpenter_pods_eviction_requests_total", "code", "500") == 0 {
			t.Error("not counted")
		}
		c.end(pod)
		c.eventually(30*time.Second, "gone", func() bool { return !c.get(nodeClaim) })
	})

	// LIF-161, LIF-162: a deadline beats protection and budgets.
	t.Run("a deadline forces", func(t *testing.T) {
		c := whole.in(t)
		nodeClaim := newNodeClaim("deadline")
		nodeClaim.Spec.TerminationGracePeriod = "20s"
		node := c.bringUp(nodeClaim)
		pod := newPod("deadline", node.Name, map[string]string{"app": "deadline"})
		pod.Annotations = map[string]string{v1.DoNotDisruptAnnotationKey: "true"}
		c.put(pod, newBudget("deadline", pod.Labels, 0))
		c.check(c.Delete(t.Context(), nodeClaim))
		c.eventually(5*time.Second, "deleted", func() bool { return c.get(pod) && pod.DeletionTimestamp != nil })
		if got := *pod.DeletionGracePeriodSeconds; got < 10 || got > 20 {
			t.Errorf("deleted with %d seconds of grace", got)
		}
		time.Sleep(3 * time.Second)
		if got := len(c.recorder.Of("Disrupted")); got != 1 {
			t.Errorf("deleted %d times", got)
		}
		c.end(pod)
		c.eventually(30*time.Second, "gone", func() bool { return !c.get(nodeClaim) })
	})
}

func newBudget(name string, labels map[string]string, allowed int32) *policyv1.PodDisruptionBudget {
	return &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name},
		Spec:       policyv1.PodDisruptionBudgetSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}},
		Status: policyv1.PodDisruptionBudgetStatus{
			ObservedGeneration: 1, DisruptionsAllowed: allowed, ExpectedPods: 1, CurrentHealthy: 1, DesiredHealthy: 1,
		},
	}
}

// LIF-262, LIF-208: many at a time.
func TestManyNodeClaims(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	const count = 1000
	c := start(t)
	began := time.Now()
	c.each(count, func(i int) error { return c.Create(t.Context(), newNodeClaim(name(i))) })
	t.Logf("%d created after %v", count, time.Since(began))
	c.eventually(time.Minute, "all launched", func() bool { return c.count(v1.ConditionTypeLaunched) == count })
	t.Logf("launched after %v", time.Since(began))

	joined := time.Now()
	c.each(count, func(i int) error {
		nodeClaim := newNodeClaim(name(i))
		c.get(nodeClaim)
		c.join(nodeClaim)
		return nil
	})
	t.Logf("all Nodes there after %v", time.Since(joined))
	c.eventually(time.Minute, "all ready", func() bool { return c.count(status.ConditionReady) == count })
	t.Logf("ready after %v", time.Since(joined))

	busy := time.Now()
	c.each(count/2, func(i int) error { return c.Create(t.Context(), newPod(name(i), name(i), nil)) })
	t.Logf("%d pods bound after %v", count/2, time.Since(busy))
	c.eventually(30*time.Second, "all pod events", func() bool {
		return c.tally(func(n *v1.NodeClaim) bool { return !n.Status.LastPodEventTime.IsZero() }) >= count/2
	})
	t.Logf("noted after %v", time.Since(busy))
	if got := len(c.provider.Calls("Create")); got != count {
		t.Errorf("%d instances were asked for", got)
	}
}

func name(i int) string { return fmt.Sprintf("n-%04d", i) }

// each calls a function for each number, many at a time.
func (c *cluster) each(count int, f func(int) error) {
	c.t.Helper()
	var group errgroup.Group
	group.SetLimit(20)
	for i := range count {
		group.Go(func() error { return f(i) })
	}
	c.check(group.Wait())
}

func (c *cluster) count(conditionType string) int {
	c.t.Helper()
	return c.tally(func(n *v1.NodeClaim) bool { return n.StatusConditions(status.WithObservedOnly()).IsTrue(conditionType) })
}

func (c *cluster) tally(holds func(*v1.NodeClaim) bool) int {
	c.t.Helper()
	var list v1.NodeClaimList
	c.check(c.List(c.t.Context(), &list))
	time.Sleep(200 * time.Millisecond) // the list is not the subject
	count := 0
	for i := range list.Items {
		if holds(&list.Items[i]) {
			count++
		}
	}
	return count
}
