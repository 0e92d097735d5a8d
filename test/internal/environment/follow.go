// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"context"
	"errors"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// follow hands on every change until ctx ends, and reports a watch that ends
// before: what came after it was missed.
func follow(ctx context.Context, stream watch.Interface, observe func(watch.Event), fail func(error)) {
	defer stream.Stop()
	for event := range stream.ResultChan() {
		observe(event)
	}
	if ctx.Err() == nil {
		fail(errors.New("the watch ended early"))
	}
}

// resumeAt starts a watch behind a list, so that nothing is missed between.
func resumeAt(resourceVersion string) *metav1.ListOptions {
	return &metav1.ListOptions{ResourceVersion: resourceVersion}
}
