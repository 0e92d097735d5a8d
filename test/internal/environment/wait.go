// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"context"
	"time"

	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
)

// How long a wait lasts before it fails, and how often it looks. On a machine
// that does nothing else the answers come in a few seconds.
const (
	patience = 3 * time.Minute
	cleaning = 4 * time.Minute
	interval = 200 * time.Millisecond
)

// Eventually waits until the assertions that check makes all hold.
func (e *Environment) Eventually(ctx context.Context, check func(g gomega.Gomega)) {
	e.eventually(ctx, patience, check)
}

// eventually is called by exported methods only: failures are reported where
// those are called.
func (e *Environment) eventually(ctx context.Context, limit time.Duration, check func(g gomega.Gomega)) {
	gomega.EventuallyWithOffset(2, check).WithContext(ctx).WithTimeout(limit).WithPolling(interval).Should(gomega.Succeed())
}

// EventuallyNow looks without pause until the condition holds, for moments that
// pass quickly.
func (e *Environment) EventuallyNow(ctx context.Context, reached func() bool) {
	gomega.EventuallyWithOffset(1, reached).WithContext(ctx).WithTimeout(patience).WithPolling(time.Millisecond).Should(gomega.BeTrue())
}

// Consistently fails as soon as the assertions do not hold within a span.
func (e *Environment) Consistently(ctx context.Context, span time.Duration, check func(g gomega.Gomega)) {
	gomega.ConsistentlyWithOffset(1, check).WithContext(ctx).WithTimeout(span).WithPolling(interval).Should(gomega.Succeed())
}

// EventuallyRunning waits until as many pods of the workload as it has replicas
// run and are ready, and returns them.
func (e *Environment) EventuallyRunning(ctx context.Context, w objects.Workload) []corev1.Pod {
	var pods []corev1.Pod
	e.eventually(ctx, patience, func(g gomega.Gomega) {
		pods = e.Pods(ctx, w)
		ready := 0
		for i := range pods {
			if Ready(&pods[i]) {
				ready++
			}
		}
		g.Expect(ready).To(gomega.Equal(max(1, int(w.Replicas))), "ready pods of %s", w.Name)
		g.Expect(pods).To(gomega.HaveLen(ready), "pods of %s", w.Name)
	})
	return pods
}

// EventuallySettled waits until a pool has as many nodes as NodeClaims, all of
// them initialized and none on its way out, and returns the nodes.
func (e *Environment) EventuallySettled(ctx context.Context, pool *v1.NodePool) []corev1.Node {
	var nodes []corev1.Node
	e.eventually(ctx, patience, func(g gomega.Gomega) {
		claims := e.Claims(ctx, pool)
		nodes = e.Nodes(ctx, pool)
		g.Expect(nodes).To(gomega.HaveLen(len(claims)), "nodes and NodeClaims of %s", pool.Name)
		for i := range claims {
			g.Expect(claims[i].StatusConditions().Root().IsTrue()).To(gomega.BeTrue(), "NodeClaim %s is ready", claims[i].Name)
		}
		for i := range nodes {
			g.Expect(nodes[i].DeletionTimestamp).To(gomega.BeNil(), "node %s stays", nodes[i].Name)
			g.Expect(nodes[i].Labels).To(gomega.HaveKeyWithValue(v1.NodeInitializedLabelKey, v1.LabelValueTrue))
		}
	})
	return nodes
}

// EventuallyNodes waits until a pool has this number of nodes and NodeClaims.
func (e *Environment) EventuallyNodes(ctx context.Context, pool *v1.NodePool, count int) {
	e.eventually(ctx, patience, func(g gomega.Gomega) {
		g.Expect(e.Claims(ctx, pool)).To(gomega.HaveLen(count), "NodeClaims of %s", pool.Name)
		g.Expect(e.Nodes(ctx, pool)).To(gomega.HaveLen(count), "nodes of %s", pool.Name)
	})
}

// EventuallyGone waits until an object no longer exists.
func (e *Environment) EventuallyGone(ctx context.Context, o client.Object) {
	e.eventually(ctx, patience, func(g gomega.Gomega) {
		err := e.Get(ctx, client.ObjectKeyFromObject(o), o.DeepCopyObject().(client.Object))
		g.Expect(err).To(gomega.HaveOccurred(), "%s is still there", o.GetName())
		g.Expect(client.IgnoreNotFound(err)).To(gomega.Succeed())
	})
}

// EventuallyEvent waits for an event of Karpenter about an object, and returns
// the latest message.
func (e *Environment) EventuallyEvent(ctx context.Context, o client.Object, reason string) string {
	var message string
	e.eventually(ctx, patience, func(g gomega.Gomega) {
		messages := e.Messages(ctx, o, reason)
		g.Expect(messages).NotTo(gomega.BeEmpty(), "%s events about %s", reason, o.GetName())
		message = messages[len(messages)-1]
	})
	return message
}

// EventuallyCondition waits until a condition of a NodePool or NodeClaim has a
// status, and returns it.
func (e *Environment) EventuallyCondition(ctx context.Context, o Conditioned, kind string, status metav1.ConditionStatus) Condition {
	var found Condition
	e.eventually(ctx, patience, func(g gomega.Gomega) {
		g.Expect(e.Get(ctx, client.ObjectKeyFromObject(o), o)).To(gomega.Succeed())
		var ok bool
		found, ok = conditionOf(o, kind)
		g.Expect(ok).To(gomega.BeTrue(), "%s has condition %s", o.GetName(), kind)
		g.Expect(found.Status).To(gomega.Equal(status), "condition %s of %s: %s %s", kind, o.GetName(), found.Reason, found.Message)
	})
	return found
}

// EventuallyUsable waits until nodes of the pools can be launched. What a pod is
// told is told once in a while: whoever asserts on it has the pools ready first.
func (e *Environment) EventuallyUsable(ctx context.Context, pools ...*v1.NodePool) {
	for _, pool := range pools {
		e.eventually(ctx, patience, func(g gomega.Gomega) {
			g.Expect(e.Get(ctx, client.ObjectKeyFromObject(pool), pool)).To(gomega.Succeed())
			g.Expect(pool.StatusConditions().Root().IsTrue()).To(gomega.BeTrue(), "NodePool %s is ready", pool.Name)
		})
	}
}

// Ready tells whether a pod runs and is ready.
func Ready(pod *corev1.Pod) bool {
	if pod.DeletionTimestamp != nil || pod.Status.Phase != corev1.PodRunning {
		return false
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// EventuallyWithin is [Environment.Eventually] for what takes longer, such as hundreds of
// nodes. It looks once a second.
func (e *Environment) EventuallyWithin(ctx context.Context, limit time.Duration, check func(g gomega.Gomega)) {
	gomega.EventuallyWithOffset(1, check).WithContext(ctx).WithTimeout(limit).WithPolling(time.Second).Should(gomega.Succeed())
}
