// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/examples"
	"karpenter.sh/test/internal/census"
)

// explain prints what holds the demo up and returns the error it was given.
func (d *demo) explain(ctx context.Context, failure error) error {
	if ctx.Err() != nil {
		return failure
	}
	var pods corev1.PodList
	var claims v1.NodeClaimList
	var events corev1.EventList
	err := errors.Join(d.cached.List(ctx, &pods), d.cached.List(ctx, &claims),
		d.client.List(ctx, &events, client.InNamespace(examples.Namespace)))
	if err != nil {
		return errors.Join(failure, err)
	}
	fmt.Fprint(os.Stderr, census.Why(pods.Items, claims.Items, events.Items))
	return failure
}
