// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/connection"
	"karpenter.sh/test/internal/timeline"
)

// watcher holds the benchmark's pods, nodes and NodeClaims, kept up to date by
// watches, and feeds the timeline of the part that runs.
type watcher struct {
	cache.Cache
	now atomic.Pointer[timeline.Timeline]
}

func watch(ctx context.Context, cluster *connection.Connection) (*watcher, error) {
	ours := cache.ByObject{Label: labels.SelectorFromSet(labels.Set{partOf: name}), UnsafeDisableDeepCopy: new(true)}
	here := func(selected fields.Selector) cache.ByObject {
		return cache.ByObject{Namespaces: map[string]cache.Config{namespace: {}}, Field: selected, UnsafeDisableDeepCopy: new(true)}
	}
	watched := map[client.Object]cache.ByObject{
		&corev1.Pod{}: here(nil), &corev1.Event{}: here(fields.OneTermEqualSelector("reason", "Nominated")),
		&corev1.Node{}: ours, &v1.NodeClaim{}: ours,
	}
	w := &watcher{}
	w.now.Store(timeline.New(""))
	var err error
	if w.Cache, err = cache.New(cluster.Config, cache.Options{Scheme: cluster.Scheme(), ByObject: watched}); err != nil {
		return nil, fmt.Errorf("watch the cluster: %w", err)
	}
	for o := range watched {
		if err := w.follow(ctx, o); err != nil {
			return nil, err
		}
	}
	go func() { _ = w.Start(ctx) }() // ends with ctx, and then only
	if !w.WaitForCacheSync(ctx) {
		return nil, fmt.Errorf("watch the cluster: %w", context.Cause(ctx))
	}
	return w, nil
}

func (w *watcher) follow(ctx context.Context, o client.Object) error {
	informer, err := w.GetInformer(ctx, o, cache.BlockUntilSynced(false))
	if err == nil {
		_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
			AddFunc:    func(o any) { w.see(o, time.Now()) },
			UpdateFunc: func(_, o any) { w.see(o, time.Now()) },
		})
	}
	if err != nil {
		return fmt.Errorf("watch %T: %w", o, err)
	}
	return nil
}

func (w *watcher) see(o any, at time.Time) {
	now := w.now.Load()
	switch o := o.(type) {
	case *corev1.Pod:
		now.SeePod(o, at)
	case *corev1.Event:
		now.SeeEvent(o)
	case *corev1.Node:
		now.SeeNode(o, at)
	case *v1.NodeClaim:
		now.SeeClaim(o, at)
	}
}

// begin opens the timeline of a phase.
func (w *watcher) begin(phase string) *timeline.Timeline {
	t := timeline.New(phase)
	w.now.Store(t)
	return t
}
