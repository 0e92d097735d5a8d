// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// creators create pods side by side.
const creators = 32

// due is when a pod is to be created after the first one.
func (c Case) due(i int) time.Duration {
	return c.Over * time.Duration(i) / time.Duration(c.Pods)
}

// create creates pods at the pace of a case. Whatever fails first ends it.
func create(ctx context.Context, cluster client.Client, c Case, pods []*corev1.Pod) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	queue := make(chan *corev1.Pod)
	var wg sync.WaitGroup
	for range min(creators, len(pods)) {
		wg.Go(func() {
			for pod := range queue {
				if err := cluster.Create(ctx, pod); err != nil {
					cancel(fmt.Errorf("create pod %s/%s: %w", pod.Namespace, pod.Name, err))
				}
			}
		})
	}
	start := time.Now()
	for i, pod := range pods {
		if !sleep(ctx, c.due(i)-time.Since(start)) {
			break
		}
		queue <- pod // somebody takes it: creators end after the last one
	}
	close(queue)
	wg.Wait()
	return context.Cause(ctx)
}

// sleep returns false if the context ended first.
func sleep(ctx context.Context, span time.Duration) bool {
	if span <= 0 {
		return ctx.Err() == nil
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(span):
		return true
	}
}
