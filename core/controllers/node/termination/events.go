// SPDX-License-Identifier: Apache-2.0

package termination

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/engine/drain"
	"karpenter.sh/core/events"
)

// shownNames is how many of a long list an event names.
const shownNames = 5

func podsWaiting(node *corev1.Node, count int) events.Event {
	return events.Event{
		Object: node, Type: events.Warning, Reason: "FailedDraining",
		Message:      fmt.Sprintf("Failed to drain node, %d pods are waiting to be evicted", count),
		DedupeValues: []string{node.Name, "waiting"},
	}
}

func awaitingVolumeDetachment(node *corev1.Node, blocking []drain.Attachment) events.Event {
	var names []string
	for _, a := range blocking[:min(len(blocking), shownNames)] {
		names = append(names, a.Name)
	}
	list := strings.Join(names, ", ")
	if more := len(blocking) - len(names); more > 0 {
		list += fmt.Sprintf(" and %d other(s)", more)
	}
	return events.Event{
		Object: node, Type: events.Normal, Reason: "AwaitingVolumeDetachment",
		Message:      fmt.Sprintf("Awaiting detachment of volumes, VolumeAttachments: %s", list),
		DedupeValues: []string{node.Name},
	}
}

func terminationGracePeriodExpiring(node *corev1.Node, deadline time.Time) events.Event {
	return events.Event{
		Object: node, Type: events.Warning, Reason: "TerminationGracePeriodExpiring",
		Message:      fmt.Sprintf("All pods will be deleted by %s", deadline.Format(time.RFC3339)),
		DedupeValues: []string{node.Name},
	}
}

func invalidDeadline(nodeClaim *v1.NodeClaim, err error) events.Event {
	return events.Event{
		Object: nodeClaim, Type: events.Warning, Reason: "InvalidTerminationTimestamp",
		Message:      events.Sentence(err.Error()),
		DedupeValues: []string{string(nodeClaim.UID)},
	}
}

func invalidDoNotDisrupt(pod *corev1.Pod, value string) events.Event {
	message := fmt.Sprintf("Value %q of annotation %s is neither \"true\" nor a positive duration and is ignored",
		value, v1.DoNotDisruptAnnotationKey)
	return events.Event{
		Object: pod, Type: events.Warning, Reason: "InvalidDoNotDisruptAnnotation", Message: message,
		DedupeValues: []string{string(pod.UID), message},
	}
}

func doNotDisruptUntil(pod *corev1.Pod, until time.Time) events.Event {
	end := until.Format(time.RFC3339)
	return events.Event{
		Object: pod, Type: events.Normal, Reason: "DoNotDisruptUntil",
		Message:      fmt.Sprintf("Pod is protected from disruption until %s", end),
		DedupeValues: []string{string(pod.UID), end},
	}
}

func doNotDisruptElapsed(pod *corev1.Pod) events.Event {
	return events.Event{
		Object: pod, Type: events.Normal, Reason: "DoNotDisruptGracePeriodElapsed",
		Message:      "The time of protection is over, the pod may be disrupted",
		DedupeValues: []string{string(pod.UID)},
	}
}
