// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"context"
	"fmt"
	"sync"

	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/test/internal/objects"
)

// Availability follows the pods of one workload and remembers how few of them
// were ready at any one time, and how many came.
type Availability struct {
	mu     sync.Mutex
	ready  map[types.UID]bool
	lowest int
	known  map[types.UID]bool
	came   int
	err    error
}

// NewAvailability starts with the pods as they are.
func NewAvailability(pods []corev1.Pod) *Availability {
	a := &Availability{ready: map[types.UID]bool{}, known: map[types.UID]bool{}}
	for i := range pods {
		a.known[pods[i].UID] = true
		if Ready(&pods[i]) {
			a.ready[pods[i].UID] = true
		}
	}
	a.lowest = len(a.ready)
	return a
}

// WatchPods follows the pods of a workload until ctx ends.
func (e *Environment) WatchPods(ctx context.Context, w objects.Workload) *Availability {
	var list corev1.PodList
	scope := []client.ListOption{client.InNamespace(objects.Namespace), client.MatchingLabels{objects.App: w.Name}}
	gomega.ExpectWithOffset(1, e.List(ctx, &list, scope...)).To(gomega.Succeed())
	since := &client.ListOptions{}
	since.ApplyOptions(scope).Raw = resumeAt(list.ResourceVersion)
	stream, err := e.WithWatch.Watch(ctx, &corev1.PodList{}, since)
	gomega.ExpectWithOffset(1, err).NotTo(gomega.HaveOccurred())
	a := NewAvailability(list.Items)
	go follow(ctx, stream, a.Observe, a.fail)
	return a
}

// Observe takes one change into account.
func (a *Availability) Observe(event watch.Event) {
	pod, ok := event.Object.(*corev1.Pod)
	if !ok {
		a.fail(fmt.Errorf("the watch brought %s: %v", event.Type, event.Object))
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.known[pod.UID] {
		a.known[pod.UID] = true
		a.came++
	}
	if event.Type == watch.Deleted || !Ready(pod) {
		delete(a.ready, pod.UID)
	} else {
		a.ready[pod.UID] = true
	}
	a.lowest = min(a.lowest, len(a.ready))
}

// Lowest returns the smallest number of pods that were ready at one time, and an
// error if changes may have been missed.
func (a *Availability) Lowest() (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.lowest, a.err
}

// Came returns how many pods were created, and an error if changes may have been
// missed: so often was one of a Deployment moved.
func (a *Availability) Came() (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.came, a.err
}

func (a *Availability) fail(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.err = err
}
