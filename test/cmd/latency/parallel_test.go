// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

func podsOf(n int) []*corev1.Pod {
	out := make([]*corev1.Pod, n)
	for i := range out {
		out[i] = &corev1.Pod{}
	}
	return out
}

func now(int) time.Duration { return 0 }

func TestEachDoesAllSideBySide(t *testing.T) {
	var done atomic.Int32
	together := make(chan struct{})
	err := each(t.Context(), podsOf(parallel), now, func(context.Context, *corev1.Pod) error {
		if done.Add(1) == parallel {
			close(together) // nobody goes on before the last one has come
		}
		<-together
		return nil
	})
	if err != nil || done.Load() != parallel {
		t.Errorf("%d done, %v", done.Load(), err)
	}
}

func TestEachEndsWithTheFirstError(t *testing.T) {
	broken := errors.New("broken")
	var done atomic.Int32
	later := func(i int) time.Duration { return time.Duration(i) * time.Hour }
	err := each(t.Context(), podsOf(3), later, func(context.Context, *corev1.Pod) error {
		done.Add(1)
		return broken
	})
	if !errors.Is(err, broken) || done.Load() != 1 {
		t.Errorf("%v after %d pods", err, done.Load())
	}
}

func TestEachWaitsUntilAPodIsDue(t *testing.T) {
	const pause = 20 * time.Millisecond
	start := time.Now()
	err := each(t.Context(), podsOf(3), func(i int) time.Duration { return time.Duration(i) * pause }, func(context.Context, *corev1.Pod) error { return nil })
	if took := time.Since(start); err != nil || took < 2*pause {
		t.Errorf("the last pod was due after %s and came after %s, %v", 2*pause, took, err)
	}
}

func TestEachEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := each(ctx, podsOf(3), now, func(context.Context, *corev1.Pod) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
