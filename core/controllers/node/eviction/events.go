// SPDX-License-Identifier: Apache-2.0

package eviction

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/events"
)

func podEvicted(pod *corev1.Pod, reason string) events.Event {
	return events.Event{
		Object: pod, Type: events.Normal, Reason: "Evicted",
		Message:      fmt.Sprintf("Evicted pod: %s", reason),
		DedupeValues: []string{string(pod.UID)},
	}
}

func podForced(pod *corev1.Pod, deadline time.Time, grace time.Duration) events.Event {
	own := "none"
	if seconds := pod.Spec.TerminationGracePeriodSeconds; seconds != nil {
		own = (time.Duration(*seconds) * time.Second).String()
	}
	return events.Event{
		Object: pod, Type: events.Normal, Reason: "Disrupted",
		Message: fmt.Sprintf("Deleted pod to meet the termination time of its node, %s, with a grace period of %s instead of %s; disruption budgets and do-not-disrupt were bypassed",
			deadline.Format(time.RFC3339), grace, own),
		DedupeValues: []string{string(pod.UID)},
	}
}

func budgetViolated(node *corev1.Node, pod *corev1.Pod) events.Event {
	return failedDraining(node, "PDB",
		fmt.Sprintf("Evicting pod %s/%s would violate its PodDisruptionBudget", pod.Namespace, pod.Name))
}

func budgetsAmbiguous(node *corev1.Node, pod *corev1.Pod) events.Event {
	return failedDraining(node, "multiple PDBs",
		fmt.Sprintf("Pod %s/%s has multiple PodDisruptionBudgets, which eviction does not support", pod.Namespace, pod.Name))
}

func failedDraining(node *corev1.Node, cause, message string) events.Event {
	return events.Event{
		Object: node, Type: events.Warning, Reason: "FailedDraining", Message: message,
		DedupeValues: []string{node.Name, cause},
	}
}
