// SPDX-License-Identifier: Apache-2.0

package eviction

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/events"
)

// podEvicted tells a pod why its node lets it go: for the reason that disrupted
// the node or, without one, because somebody deleted it.
func podEvicted(pod *corev1.Pod, reason string) events.Event {
	if reason == "" || reason == forcefulTermination {
		reason = "its node is being deleted"
	}
	return events.Event{
		Object: pod, Type: events.Normal, Reason: events.Evicted,
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
		Object: pod, Type: events.Normal, Reason: events.Disrupted,
		Message: fmt.Sprintf("Deleted pod to meet the termination time of its node, %s, with a grace period of %s instead of %s; disruption budgets and do-not-disrupt were bypassed",
			deadline.Format(time.RFC3339), grace, own),
		DedupeValues: []string{string(pod.UID)},
	}
}

// budgetViolated tells that the API server refused an eviction, and which budgets
// are known to select the pod.
func budgetViolated(node *corev1.Node, pod *corev1.Pod, budgets []string) events.Event {
	which := "its PodDisruptionBudget"
	if len(budgets) > 0 {
		which = "PodDisruptionBudget " + quoted(budgets)
	}
	return failedDraining(node, "PDB", pod.Namespace+": "+which,
		fmt.Sprintf("Evicting pod %s/%s would violate %s", pod.Namespace, pod.Name, which))
}

func budgetsAmbiguous(node *corev1.Node, pod *corev1.Pod, budgets []string) events.Event {
	message := fmt.Sprintf("Pod %s/%s has multiple PodDisruptionBudgets, which eviction does not support", pod.Namespace, pod.Name)
	if len(budgets) > 0 {
		message += ": " + quoted(budgets)
	}
	return failedDraining(node, "multiple PDBs", pod.Namespace+": "+quoted(budgets), message)
}

func quoted(names []string) string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = strconv.Quote(name)
	}
	return strings.Join(out, ", ")
}

// failedDraining tells what holds a node; which of many pods behind the same
// budgets was refused is no news.
func failedDraining(node *corev1.Node, cause, gist, message string) events.Event {
	return events.Event{
		Object: node, Type: events.Warning, Reason: events.FailedDraining, Message: message, Gist: gist,
		DedupeValues: []string{node.Name, cause},
	}
}
