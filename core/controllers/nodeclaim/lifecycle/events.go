// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"fmt"
	"time"

	"github.com/awslabs/operatorpkg/status"
	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/events"
)

func insufficientCapacity(nodeClaim *v1.NodeClaim, err error) events.Event {
	return launchEvent(nodeClaim, events.InsufficientCapacityError, err)
}

func nodeClassNotReady(nodeClaim *v1.NodeClaim, err error) events.Event {
	return launchEvent(nodeClaim, events.NodeClassNotReady, err)
}

func launchEvent(nodeClaim *v1.NodeClaim, reason string, err error) events.Event {
	return warning(nodeClaim, reason, fmt.Sprintf("NodeClaim %s could not be launched: %s", nodeClaim.Name, truncate(err.Error())))
}

func unregisteredTaintMissing(nodeClaim *v1.NodeClaim, node *corev1.Node) events.Event {
	return warning(nodeClaim, events.UnregisteredTaintMissing,
		fmt.Sprintf("Node %s joined without taint %s, so pods may run on it before it is set up", node.Name, v1.UnregisteredTaintKey))
}

func unregisteredTaintReturned(nodeClaim *v1.NodeClaim, node *corev1.Node) events.Event {
	return warning(nodeClaim, events.UnregisteredTaintReturned,
		fmt.Sprintf("Removed taint %s from node %s, which is registered: somebody had written it back", v1.UnregisteredTaintKey, node.Name))
}

func initializationOverdue(nodeClaim *v1.NodeClaim, condition *status.Condition) events.Event {
	e := warning(nodeClaim, events.InitializationOverdue, fmt.Sprintf("Not initialized %s after registration: %s, %s",
		overdueAfter, condition.Reason, condition.Message))
	e.DedupeTimeout = overdueAfter
	return e
}

func initializationTimedOut(nodeClaim *v1.NodeClaim, condition *status.Condition) events.Event {
	return warning(nodeClaim, events.InitializationTimedOut, fmt.Sprintf("Not initialized %s after registration and nothing on the node is worth keeping, deleting it: %s, %s",
		InitializationTimeout, condition.Reason, condition.Message))
}

func nodeLost(nodeClaim *v1.NodeClaim, rest string) events.Event {
	e := warning(nodeClaim, events.NodeLost, fmt.Sprintf("Node %s is gone; %s", nodeClaim.Status.NodeName, rest))
	e.DedupeValues = append(e.DedupeValues, rest)
	return e
}

func terminationGracePeriodExpiring(nodeClaim *v1.NodeClaim, deadline time.Time) events.Event {
	return events.Event{
		Object: nodeClaim, Type: events.Warning, Reason: events.TerminationGracePeriodExpiring,
		Message:      fmt.Sprintf("All pods will be deleted by %s", deadline.Format(time.RFC3339)),
		DedupeValues: []string{nodeClaim.Name},
	}
}

func warning(nodeClaim *v1.NodeClaim, reason, message string) events.Event {
	return events.Event{
		Object: nodeClaim, Type: events.Warning, Reason: reason, Message: message,
		DedupeValues: []string{string(nodeClaim.UID)},
	}
}
