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

// parallel is how many pods are created or deleted side by side.
const parallel = 32

// due is when a pod is to be created after the first one.
func (c Case) due(i int) time.Duration {
	return c.Over * time.Duration(i) / time.Duration(c.Pods)
}

// create creates pods at the pace of a case. Whatever fails first ends it.
func create(ctx context.Context, cluster client.Client, c Case, pods []*corev1.Pod) error {
	return each(ctx, pods, c.due, func(ctx context.Context, pod *corev1.Pod) error {
		if err := cluster.Create(ctx, pod); err != nil {
			return fmt.Errorf("create pod %s/%s: %w", pod.Namespace, pod.Name, err)
		}
		return nil
	})
}

// remove deletes pods without grace: the server's own way to delete many takes one
// after the other.
func remove(ctx context.Context, cluster client.Client, pods []corev1.Pod) error {
	at := func(int) time.Duration { return 0 }
	targets := make([]*corev1.Pod, len(pods))
	for i := range pods {
		targets[i] = &pods[i]
	}
	return each(ctx, targets, at, func(ctx context.Context, pod *corev1.Pod) error {
		if err := client.IgnoreNotFound(cluster.Delete(ctx, pod, client.GracePeriodSeconds(0))); err != nil {
			return fmt.Errorf("delete pod %s/%s: %w", pod.Namespace, pod.Name, err)
		}
		return nil
	})
}

// each does something to pods side by side, to each of them not before it is due.
// The first error ends it.
func each(ctx context.Context, pods []*corev1.Pod, due func(i int) time.Duration, do func(context.Context, *corev1.Pod) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	queue := make(chan *corev1.Pod)
	var wg sync.WaitGroup
	for range min(parallel, len(pods)) {
		wg.Go(func() {
			for pod := range queue {
				if err := do(ctx, pod); err != nil {
					cancel(err)
				}
			}
		})
	}
	start := time.Now()
	for i, pod := range pods {
		if !sleep(ctx, due(i)-time.Since(start)) {
			break
		}
		queue <- pod // somebody takes it: workers end after the last one
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
