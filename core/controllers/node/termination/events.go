// SPDX-License-Identifier: Apache-2.0

package termination

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/engine/drain"
	"karpenter.sh/core/engine/reason"
	"karpenter.sh/core/events"
)

// shownNames is how many of a long list an event names.
const shownNames = 5

// podsWaiting tells how many pods hold a node, and which of them are held by
// their own annotation. What budgets hold is told by whoever asks them.
func podsWaiting(node *corev1.Node, d drain.Decision, protected []string) events.Event {
	var parts []string
	for _, row := range []struct {
		count int
		what  string
	}{
		{len(d.Evict) + len(d.Force), "to be evicted"},
		{d.Terminating, "terminating"},
		{d.Later, "until others are gone"},
		{len(protected), "held by annotation " + v1.DoNotDisruptAnnotationKey + ": " + reason.Shorten(protected, shownNames)},
	} {
		if row.count > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", row.count, row.what))
		}
	}
	return events.Event{
		Object: node, Type: events.Warning, Reason: events.FailedDraining,
		Message: fmt.Sprintf("Failed to drain node, %d pods are waiting: %s", d.Waiting, strings.Join(parts, "; ")),
		// Pods go one by one; only who stays is news.
		Gist:         "held: " + strings.Join(protected, ", "),
		DedupeValues: []string{node.Name, "waiting"},
	}
}

func awaitingVolumeDetachment(node *corev1.Node, blocking []drain.Attachment) events.Event {
	names := make([]string, len(blocking))
	for i, a := range blocking {
		names[i] = a.Name
	}
	return events.Event{
		Object: node, Type: events.Normal, Reason: events.AwaitingVolumeDetachment,
		Message:      fmt.Sprintf("Awaiting detachment of volumes, VolumeAttachments: %s", reason.Shorten(names, shownNames)),
		DedupeValues: []string{node.Name},
	}
}

func terminationGracePeriodExpiring(node *corev1.Node, deadline time.Time) events.Event {
	return events.Event{
		Object: node, Type: events.Warning, Reason: events.TerminationGracePeriodExpiring,
		Message:      fmt.Sprintf("All pods will be deleted by %s", deadline.Format(time.RFC3339)),
		DedupeValues: []string{node.Name},
	}
}

func invalidDeadline(nodeClaim *v1.NodeClaim, err error) events.Event {
	return events.Event{
		Object: nodeClaim, Type: events.Warning, Reason: events.InvalidTerminationTimestamp,
		Message:      events.Sentence(err.Error()),
		DedupeValues: []string{string(nodeClaim.UID)},
	}
}

func invalidDoNotDisrupt(pod *corev1.Pod, value string) events.Event {
	message := fmt.Sprintf("Value %q of annotation %s is neither \"true\" nor a positive duration and is ignored",
		value, v1.DoNotDisruptAnnotationKey)
	return events.Event{
		Object: pod, Type: events.Warning, Reason: events.InvalidDoNotDisruptAnnotation, Message: message,
		DedupeValues: []string{string(pod.UID), message},
	}
}

func doNotDisruptUntil(pod *corev1.Pod, until time.Time) events.Event {
	end := until.Format(time.RFC3339)
	return events.Event{
		Object: pod, Type: events.Normal, Reason: events.DoNotDisruptUntil,
		Message:      fmt.Sprintf("Pod is protected from disruption until %s", end),
		DedupeValues: []string{string(pod.UID), end},
	}
}

func doNotDisruptElapsed(pod *corev1.Pod) events.Event {
	return events.Event{
		Object: pod, Type: events.Normal, Reason: events.DoNotDisruptGracePeriodElapsed,
		Message:      "The time of protection is over, the pod may be disrupted",
		DedupeValues: []string{string(pod.UID)},
	}
}
