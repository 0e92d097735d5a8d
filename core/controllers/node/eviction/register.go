// SPDX-License-Identifier: Apache-2.0

package eviction

import (
	"context"
	"fmt"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"karpenter.sh/core/reconcile/concurrency"
)

type workQueue = workqueue.TypedRateLimitingInterface[Key]

// Register adds the queue to a manager. Pods submitted before the manager starts
// it are attempted then.
func (q *Queue) Register(_ context.Context, m manager.Manager) error {
	options := concurrency.Options[Key](profile(), q.CPUMillis)
	options.Reconciler = q
	options.LogConstructor = func(key *Key) logr.Logger {
		log := m.GetLogger().WithValues("controller", Name)
		if key == nil {
			return log
		}
		return log.WithValues("namespace", key.Namespace, "name", key.Name, "Pod", klog.KRef(key.Namespace, key.Name))
	}
	c, err := controller.NewTyped(Name, m, options)
	if err != nil {
		return fmt.Errorf("creating controller %s: %w", Name, err)
	}
	for _, s := range []source.TypedSource[Key]{
		source.TypedFunc[Key](q.start),
		source.TypedKind(m.GetCache(), &corev1.Pod{}, q.podHandler()),
		source.TypedKind(m.GetCache(), &policyv1.PodDisruptionBudget{}, q.budgetHandler()),
	} {
		if err := c.Watch(s); err != nil {
			return fmt.Errorf("watching for controller %s: %w", Name, err)
		}
	}
	return nil
}

// start takes the controller's work queue and fills it with what was submitted
// so far.
func (q *Queue) start(_ context.Context, work workQueue) error {
	q.mu.Lock()
	q.work = work
	q.mu.Unlock()
	for _, key := range q.entries.queued() {
		q.add(key)
	}
	return nil
}

// podHandler forgets pods that are gone (LIF-155).
func (q *Queue) podHandler() handler.TypedEventHandler[*corev1.Pod, Key] {
	return handler.TypedFuncs[*corev1.Pod, Key]{
		DeleteFunc: func(_ context.Context, e event.TypedDeleteEvent[*corev1.Pod], _ workQueue) {
			q.drop(keyOf(e.Object))
		},
	}
}

// budgetHandler brings up the pods that a budget held back when it allows more
// disruptions (LIF-153). No more of them than it allows: the others would only
// be refused again.
func (q *Queue) budgetHandler() handler.TypedEventHandler[*policyv1.PodDisruptionBudget, Key] {
	return handler.TypedFuncs[*policyv1.PodDisruptionBudget, Key]{
		UpdateFunc: func(_ context.Context, e event.TypedUpdateEvent[*policyv1.PodDisruptionBudget], work workQueue) {
			allowed := e.ObjectNew.Status.DisruptionsAllowed
			if allowed <= e.ObjectOld.Status.DisruptionsAllowed {
				return
			}
			selector, err := metav1.LabelSelectorAsSelector(e.ObjectNew.Spec.Selector)
			if err != nil {
				return // the API server admits no such selector
			}
			for _, key := range q.entries.release(e.ObjectNew.Namespace, selector, int(allowed)) {
				q.backoff.Forget(key)
				work.Add(key)
			}
		},
	}
}
