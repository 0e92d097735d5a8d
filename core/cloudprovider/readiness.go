// SPDX-License-Identifier: Apache-2.0

package cloudprovider

import (
	"errors"
	"fmt"

	"github.com/awslabs/operatorpkg/status"
)

// Reasons that providers give for a NodeClass that cannot be launched with.
const (
	// ReasonNodeClassUnknown is the condition reason while nobody has said
	// whether the NodeClass is ready (CP-011).
	ReasonNodeClassUnknown = "NodeClassReadinessUnknown"
)

// CheckReady is the gate before a launch (CP-011): nil only if the NodeClass was
// found ready in its present generation. It does not change the object.
func CheckReady(nodeClass status.Object) error {
	ready := rootCondition(nodeClass)
	switch {
	case ready.IsFalse():
		return NewNodeClassNotReadyError(errors.New(ready.Message))
	case ready.IsUnknown():
		const message = "NodeClass is in Ready=Unknown"
		return NewCreateError(errors.New(message), ReasonNodeClassUnknown, message)
	case ready.ObservedGeneration != nodeClass.GetGeneration():
		return NewNodeClassNotReadyError(fmt.Errorf("generation %d of NodeClass %s is yet to be examined, the last was %d",
			nodeClass.GetGeneration(), nodeClass.GetName(), ready.ObservedGeneration))
	}
	return nil
}

// rootCondition reads the condition Ready without adding one, which asking for
// the condition set would do.
func rootCondition(nodeClass status.Object) *status.Condition {
	for _, c := range nodeClass.GetConditions() {
		if c.Type == status.ConditionReady {
			return &c
		}
	}
	return nil
}
