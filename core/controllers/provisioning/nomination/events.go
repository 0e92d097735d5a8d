// SPDX-License-Identifier: Apache-2.0

package nomination

import (
	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/events"
)

// refusal tells that plans cannot be told to the scheduler (OPS-291).
func refusal(pod *corev1.Pod, err error) events.Event {
	return events.Event{
		Object: pod, Type: events.Warning, Reason: events.NominationFailed,
		Message: "Cannot tell the scheduler where pods are planned, they may go elsewhere: " + err.Error(),
	}
}
