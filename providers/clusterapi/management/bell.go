// SPDX-License-Identifier: Apache-2.0

package management

import (
	"maps"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"
)

// bell tells any number of listeners that something has happened since they asked.
type bell struct {
	mu   sync.Mutex
	next chan struct{}
}

func newBell() *bell { return &bell{next: make(chan struct{})} }

// rung returns a channel that the next ring closes.
func (b *bell) rung() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.next
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.next)
	b.next = make(chan struct{})
}

// always rings for any event.
func always(b *bell) toolscache.ResourceEventHandler {
	return toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { b.ring() },
		UpdateFunc: func(any, any) { b.ring() },
		DeleteFunc: func(any) { b.ring() },
	}
}

// edits rings unless only the status has changed, which it does with each Machine.
func edits(b *bell) toolscache.ResourceEventHandler {
	return toolscache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { b.ring() },
		UpdateFunc: func(before, after any) {
			if edited(before, after) {
				b.ring()
			}
		},
		DeleteFunc: func(any) { b.ring() },
	}
}

func edited(before, after any) bool {
	was, ok := before.(metav1.Object)
	is, also := after.(metav1.Object)
	return !ok || !also || was.GetGeneration() != is.GetGeneration() ||
		!maps.Equal(was.GetLabels(), is.GetLabels()) || !maps.Equal(was.GetAnnotations(), is.GetAnnotations()) ||
		was.GetDeletionTimestamp().IsZero() != is.GetDeletionTimestamp().IsZero()
}
