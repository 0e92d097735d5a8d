// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/events"
	"karpenter.sh/core/objects/pods"
)

// Protection tells what the annotation of a pod means at a time, if that is not
// plain (DIS-034): a value that is no protection, or one that ends. Pods that end
// anyway are not worth a word.
func Protection(pod *corev1.Pod, now time.Time) []events.Event {
	value, annotated := pod.Annotations[v1.DoNotDisruptAnnotationKey]
	if !annotated || value == "false" || !pods.Active(pod) {
		return nil
	}
	protection := pods.Protection(pod)
	if protection.Invalid() {
		return []events.Event{invalid(pod, value)}
	}
	if end, limited := protection.Until(pods.Started(pod)); limited {
		return []events.Event{limit(pod, end, now)}
	}
	return nil
}

func invalid(pod *corev1.Pod, value string) events.Event {
	message := fmt.Sprintf("Ignoring annotation %s=%q: neither \"true\" nor a positive duration", v1.DoNotDisruptAnnotationKey, value)
	return events.Event{
		Object: pod, Type: events.Warning, Reason: events.InvalidDoNotDisruptAnnotation, Message: message,
		DedupeValues: []string{string(pod.UID), message},
	}
}

func limit(pod *corev1.Pod, end, now time.Time) events.Event {
	if now.Before(end) {
		text := end.UTC().Format(time.RFC3339)
		return events.Event{
			Object: pod, Type: events.Normal, Reason: events.DoNotDisruptUntil,
			Message:      "The pod must not be disrupted until " + text,
			DedupeValues: []string{string(pod.UID), text},
		}
	}
	return events.Event{
		Object: pod, Type: events.Normal, Reason: events.DoNotDisruptGracePeriodElapsed,
		Message:      "The pod may be disrupted: the time of its annotation is over",
		DedupeValues: []string{string(pod.UID)},
	}
}
