// SPDX-License-Identifier: Apache-2.0

package eviction

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/handler"
)

// KeyOf gives tests the key of a pod.
func KeyOf(pod *corev1.Pod) Key { return keyOf(pod) }

// Start gives the queue the work queue of a controller.
func (q *Queue) Start(ctx context.Context, work workqueue.TypedRateLimitingInterface[Key]) error {
	return q.start(ctx, work)
}

// PodHandler gives tests the handler of pods.
func (q *Queue) PodHandler() handler.TypedEventHandler[*corev1.Pod, Key] { return q.podHandler() }

// BudgetHandler gives tests the handler of disruption budgets.
func (q *Queue) BudgetHandler() handler.TypedEventHandler[*policyv1.PodDisruptionBudget, Key] {
	return q.budgetHandler()
}

// Len is the number of pods that the queue knows.
func (q *Queue) Len() int {
	q.entries.mu.Lock()
	defer q.entries.mu.Unlock()
	return len(q.entries.byPod)
}

// Remembers reports whether anything is kept that has to do with pods: an entry or
// a place in an index.
func (q *Queue) Remembers() bool {
	q.entries.mu.Lock()
	defer q.entries.mu.Unlock()
	return len(q.entries.byPod)+len(q.entries.byNode)+len(q.entries.blocked) > 0
}

// Tries is how often a pod is known to have been tried in vain.
func (q *Queue) Tries(pod *corev1.Pod) int { return q.backoff.NumRequeues(keyOf(pod)) }
