// SPDX-License-Identifier: Apache-2.0

package election

import (
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/utils/clock"

	published "karpenter.sh/core/events"
)

// events publishes who leads (OPS-199). The recorder that the controllers
// share drops what it holds when the process ends, which is just when
// leadership is given up; this one can be waited for.
type events struct {
	client  corev1client.EventsGetter
	clock   clock.Clock
	pending sync.WaitGroup
}

// Eventf implements resourcelock.EventRecorder without blocking.
func (e *events) Eventf(object runtime.Object, eventType, reason, format string, args ...any) {
	about, err := meta.Accessor(object)
	if err != nil {
		return
	}
	now := metav1.NewTime(e.clock.Now())
	kind := object.GetObjectKind().GroupVersionKind()
	event := &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{Namespace: about.GetNamespace(), GenerateName: about.GetName() + "."},
		InvolvedObject: corev1.ObjectReference{
			APIVersion: kind.GroupVersion().String(), Kind: kind.Kind,
			Namespace: about.GetNamespace(), Name: about.GetName(),
			UID: about.GetUID(), ResourceVersion: about.GetResourceVersion(),
		},
		Type: eventType, Reason: reason, Message: fmt.Sprintf(format, args...),
		FirstTimestamp: now, LastTimestamp: now, Count: 1,
		Source: corev1.EventSource{Component: published.Source}, ReportingController: published.Source,
	}
	e.pending.Go(func() { e.create(event) })
}

// create ignores failures: events are advisory (OPS-171).
func (e *events) create(event *corev1.Event) {
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
	defer cancel()
	_, _ = e.client.Events(event.Namespace).Create(ctx, event, metav1.CreateOptions{})
}

// flush waits until all events were sent, but not for longer than a limit.
func (e *events) flush(limit time.Duration) {
	done := make(chan struct{})
	go func() {
		e.pending.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-e.clock.After(limit):
	}
}
