// SPDX-License-Identifier: Apache-2.0

package podevents

import (
	"context"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"karpenter.sh/core/objects/pods"
)

type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// watch turns changes of pods into requests for their nodes.
func (c *Controller) watch() handler.EventHandler {
	return handler.Funcs{
		CreateFunc: func(_ context.Context, e event.CreateEvent, q queue) {
			pod := e.Object.(*corev1.Pod)
			c.ended.note(pod)
			if !e.IsInInitialList { // LIF-207
				c.observe(pod, q)
			}
		},
		UpdateFunc: func(_ context.Context, e event.UpdateEvent, q queue) {
			before, after := e.ObjectOld.(*corev1.Pod), e.ObjectNew.(*corev1.Pod)
			c.ended.note(after)
			if changed(before, after) {
				c.observe(after, q)
			}
		},
		DeleteFunc: func(_ context.Context, e event.DeleteEvent, q queue) {
			if pod := e.Object.(*corev1.Pod); !c.ended.forget(pod.UID) {
				c.observe(pod, q)
			}
		},
	}
}

// changed reports whether the pod came to a node, ended or began to terminate
// (LIF-205).
func changed(before, after *corev1.Pod) bool {
	return before.Spec.NodeName == "" && after.Spec.NodeName != "" ||
		!pods.Terminal(before) && pods.Terminal(after) ||
		!pods.Terminating(before) && pods.Terminating(after)
}

// observe notes an event of a pod that counts and asks for its node.
func (c *Controller) observe(pod *corev1.Pod, q queue) {
	if pod.Spec.NodeName == "" || pods.OwnedByDaemonSet(pod) {
		return
	}
	c.unsettled.observe(pod.Spec.NodeName, c.Clock.Now())
	q.Add(reconcile.Request{NamespacedName: types.NamespacedName{Name: pod.Spec.NodeName}})
}

// ended remembers the pods that were seen to end or to terminate and still
// exist, to tell their disappearance from a sudden one. The zero value is ready
// for use.
type ended struct {
	mu   sync.Mutex
	uids map[types.UID]struct{}
}

// note remembers the pod if it has ended or is terminating.
func (e *ended) note(pod *corev1.Pod) {
	if pods.Active(pod) {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.uids == nil {
		e.uids = map[types.UID]struct{}{}
	}
	e.uids[pod.UID] = struct{}{}
}

// forget reports whether the pod was remembered, and forgets it.
func (e *ended) forget(uid types.UID) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, ok := e.uids[uid]
	delete(e.uids, uid)
	return ok
}
