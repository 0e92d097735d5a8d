// SPDX-License-Identifier: Apache-2.0

package conditions

import "sigs.k8s.io/controller-runtime/pkg/event"

// Passes reports whether an update is looked at.
func (c *Controller[T]) Passes(before, now T) bool {
	return changes(c.observe).Update(event.UpdateEvent{ObjectOld: before, ObjectNew: now})
}
