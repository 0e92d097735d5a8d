// SPDX-License-Identifier: Apache-2.0

package conditions

import (
	"slices"

	"github.com/awslabs/operatorpkg/object"
	"github.com/awslabs/operatorpkg/status"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/events"
)

// compare counts and tells what became of an object since it was last seen; nil
// means never.
func (c *Controller[T]) compare(o T, before, now *observation) {
	if before != nil {
		for _, finalizer := range before.finalizers {
			if !slices.Contains(now.finalizers, finalizer) {
				c.finalized(o, finalizer)
			}
		}
	}
	for i := range now.conditions {
		var was *status.Condition
		if before != nil {
			was = before.condition(now.conditions[i].Type)
		}
		c.transition(o, now, was, &now.conditions[i])
	}
}

// transition tells that a condition changed, if it did. One that is seen first is
// counted as it is; that it is Unknown says nothing yet (OPS-152).
func (c *Controller[T]) transition(o client.Object, at *observation, was, is *status.Condition) {
	if was.GetStatus() == is.Status {
		return
	}
	for _, s := range c.series {
		s.transitioned(at, is)
	}
	if was == nil {
		return
	}
	for _, s := range c.series {
		s.lasted(at, was, is)
	}
	message := ""
	if is.Message != "" {
		message = ": " + is.Message
	}
	c.Recorder.Eventf(o, corev1.EventTypeNormal, is.Type, "%s: %s -> %s, %s%s", is.Type, was.Status, is.Status, is.Reason, message)
}

func (c *Controller[T]) finalized(o client.Object, finalizer string) {
	c.Recorder.Eventf(o, corev1.EventTypeNormal, events.Finalized, "Finalized %s", finalizer)
}

// gone ends what was seen of an object; nil if it never was. Its last finalizer
// was removed with it.
func (c *Controller[T]) gone(before *observation) {
	if before == nil {
		return
	}
	if !before.deleted.IsZero() {
		for _, s := range c.series {
			s.ended(before, c.Clock.Since(before.deleted))
		}
	}
	o := object.New[T]()
	o.SetNamespace(before.key.Namespace)
	o.SetName(before.key.Name)
	o.SetUID(before.uid)
	for _, finalizer := range before.finalizers {
		c.finalized(o, finalizer)
	}
}
