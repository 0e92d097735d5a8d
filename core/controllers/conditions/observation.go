// SPDX-License-Identifier: Apache-2.0

package conditions

import (
	"slices"
	"time"

	"github.com/awslabs/operatorpkg/status"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"karpenter.sh/core/apis/autoscaling/v1beta1"
)

// Reader finds the conditions of the objects of a kind.
type Reader[T client.Object] struct {
	list func(T) []status.Condition
	// init adds the conditions that the kind has and nobody has set; nil if it is
	// not known which those are (OPS-152).
	init func(T)
}

// Known reads a kind that knows which conditions it has.
func Known[T status.Object]() Reader[T] {
	return Reader[T]{list: func(o T) []status.Condition { return o.GetConditions() }, init: func(o T) { o.StatusConditions() }}
}

// OfNode reads Nodes.
func OfNode() Reader[*corev1.Node] {
	return Reader[*corev1.Node]{list: func(n *corev1.Node) []status.Condition {
		out := make([]status.Condition, len(n.Status.Conditions))
		for i, c := range n.Status.Conditions {
			out[i] = status.Condition{
				Type: string(c.Type), Status: metav1.ConditionStatus(c.Status), Reason: c.Reason, Message: c.Message,
				LastTransitionTime: c.LastTransitionTime,
			}
		}
		return out
	}}
}

// OfBuffer reads CapacityBuffers.
func OfBuffer() Reader[*v1beta1.CapacityBuffer] {
	return Reader[*v1beta1.CapacityBuffer]{list: func(b *v1beta1.CapacityBuffer) []status.Condition {
		out := make([]status.Condition, len(b.Status.Conditions))
		for i, c := range b.Status.Conditions {
			out[i] = status.Condition(c)
		}
		return out
	}}
}

// complete changes the object.
func (r Reader[T]) complete(o T) {
	if r.init != nil {
		r.init(o)
	}
}

// observation is what was seen of an object. It is immutable.
type observation struct {
	key        types.NamespacedName
	uid        types.UID
	labels     []string // values, in the order of Options.Labels
	finalizers []string
	deleted    time.Time // zero unless the object is terminating
	conditions []status.Condition
}

func (c *Controller[T]) observe(o T) *observation {
	out := &observation{
		key: client.ObjectKeyFromObject(o), uid: o.GetUID(), finalizers: o.GetFinalizers(),
		labels: make([]string, len(c.Labels)), conditions: distinct(c.Reader.list(o)),
	}
	for i, key := range c.Labels {
		out.labels[i] = o.GetLabels()[key]
	}
	if deleted := o.GetDeletionTimestamp(); deleted != nil {
		out.deleted = deleted.Time
	}
	return out
}

// distinct drops a condition that somebody wrote a second time: two of one type
// would be two values of one series.
func distinct(conditions []status.Condition) []status.Condition {
	var out []status.Condition
	for i, c := range conditions {
		if !slices.ContainsFunc(conditions[:i], func(other status.Condition) bool { return other.Type == c.Type }) {
			out = append(out, c)
		}
	}
	return out
}

// condition returns one of the conditions, or nil.
func (o *observation) condition(name string) *status.Condition {
	for i := range o.conditions {
		if o.conditions[i].Type == name {
			return &o.conditions[i]
		}
	}
	return nil
}

// tells reports whether two observations tell the same.
func (o *observation) tells(other *observation) bool {
	return o.uid == other.uid && o.deleted.Equal(other.deleted) &&
		slices.Equal(o.labels, other.labels) && slices.Equal(o.finalizers, other.finalizers) &&
		slices.EqualFunc(o.conditions, other.conditions, same)
}

// same ignores the message and what a heartbeat changes.
func same(a, b status.Condition) bool {
	return a.Type == b.Type && a.Status == b.Status && a.Reason == b.Reason && a.LastTransitionTime.Time.Equal(b.LastTransitionTime.Time)
}

// changes passes the updates by which an object comes to tell something else:
// most are heartbeats.
func changes[T client.Object](observe func(T) *observation) predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, ok := e.ObjectOld.(T)
		now, fits := e.ObjectNew.(T)
		return !ok || !fits || !observe(before).tells(observe(now))
	}}
}
