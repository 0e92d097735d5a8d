// SPDX-License-Identifier: Apache-2.0

package eviction

import (
	"context"
	stderrors "errors"
	"fmt"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/engine/drain"
	"karpenter.sh/core/objects/pods"
	"karpenter.sh/core/reconcile/index"
)

// severalBudgets is how the API server says that it cannot evict at all.
const severalBudgets = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."

// forcefulTermination is the reason in the metrics for pods of a node that nobody
// disrupted. Events do not call an eviction that.
const forcefulTermination = "Forceful Termination"

// evict asks the API server to evict the pod, which minds disruption budgets.
func (q *Queue) evict(ctx context.Context, pod *corev1.Pod, node *corev1.Node, e entry) (reconcile.Result, error) {
	err := q.Client.SubResource("eviction").Create(ctx, pod, &policyv1.Eviction{
		ObjectMeta:    metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name},
		DeleteOptions: &metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &pod.UID}},
	})
	code := answer(err)
	if code != 0 {
		q.Nodes.EvictionAnswered(code)
	}
	key := keyOf(pod)
	switch {
	case err == nil:
		q.finish(key, evicted)
		q.evicted(ctx, pod, node)
		return reconcile.Result{}, nil
	case code == http.StatusNotFound || code == http.StatusConflict:
		q.drop(key)
		return reconcile.Result{}, nil
	case code == http.StatusTooManyRequests:
		q.Recorder.Publish(budgetViolated(node, pod, q.budgets(ctx, pod)))
		q.entries.block(key, pod.Labels)
		return q.retry(key, pods.ForDrain(pod), e), nil
	case code == http.StatusInternalServerError && status(err).Message == severalBudgets:
		q.Recorder.Publish(budgetsAmbiguous(node, pod, q.budgets(ctx, pod)))
		return q.retry(key, pods.ForDrain(pod), e), nil
	}
	return reconcile.Result{}, fmt.Errorf("evicting pod %s: %w", client.ObjectKeyFromObject(pod), err)
}

// budgets names the budgets that select a pod, for a message: none if they cannot
// be read.
func (q *Queue) budgets(ctx context.Context, pod *corev1.Pod) []string {
	var list policyv1.PodDisruptionBudgetList
	if err := q.Client.List(ctx, &list, client.InNamespace(pod.Namespace), client.UnsafeDisableDeepCopy); err != nil {
		return nil
	}
	return pods.NewBudgets(list.Items).Selecting(pod)
}

// evicted reports a pod that is on its way out.
func (q *Queue) evicted(ctx context.Context, pod *corev1.Pod, node *corev1.Node) {
	reason := q.reason(ctx, node)
	q.Nodes.PodDrained(reason)
	q.Recorder.Publish(podEvicted(pod, reason))
}

// force deletes the pod with what is left of its node's time, whatever protects
// it (LIF-161).
func (q *Queue) force(ctx context.Context, pod *corev1.Pod, node *corev1.Node, deadline time.Time) error {
	grace := drain.ForcedGrace(deadline, q.Clock.Now())
	err := q.Client.Delete(ctx, pod,
		client.Preconditions{UID: &pod.UID}, client.GracePeriodSeconds(int64(grace.Seconds())))
	if errors.IsNotFound(err) || errors.IsConflict(err) {
		q.drop(keyOf(pod))
		return nil
	}
	if err != nil {
		return fmt.Errorf("deleting pod %s: %w", client.ObjectKeyFromObject(pod), err)
	}
	q.finish(keyOf(pod), forced)
	q.Nodes.PodDrained(q.reason(ctx, node))
	q.Recorder.Publish(podForced(pod, deadline, grace))
	return nil
}

// answer returns the HTTP code of an answer, and 0 when there was none.
func answer(err error) int {
	if err == nil {
		return http.StatusOK
	}
	return int(status(err).Code)
}

func status(err error) metav1.Status {
	var s errors.APIStatus
	if stderrors.As(err, &s) {
		return s.Status()
	}
	return metav1.Status{}
}

// reason tells why a node is given up: what its only NodeClaim says, and nothing
// when there is no such (LIF-154).
func (q *Queue) reason(ctx context.Context, node *corev1.Node) string {
	nodeClaims, err := index.NodeClaims(ctx, q.Client, node.Spec.ProviderID)
	if err != nil || len(nodeClaims) != 1 {
		return ""
	}
	for _, condition := range nodeClaims[0].Status.Conditions {
		if condition.Type == v1.ConditionTypeDisruptionReason && condition.IsTrue() {
			return condition.Reason
		}
	}
	return forcefulTermination
}
