// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/examples"
	"karpenter.sh/test/internal/census"
)

// mostReasons is how many different reasons are printed.
const mostReasons = 5

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
	printTallies("Pods that have no node:", census.WhyPending(pods.Items, events.Items), "Karpenter has said nothing about them")
	printTallies("NodeClaims that are not ready:", notReady(claims.Items), "")
	return failure
}

func printTallies(title string, counts map[string]int, unknown string) {
	if len(counts) == 0 {
		return
	}
	fmt.Fprintln(os.Stderr, title)
	for _, t := range census.MostFrequent(counts, mostReasons) {
		if t.Text == "" {
			t.Text = unknown
		}
		fmt.Fprintf(os.Stderr, "  %5d × %s\n", t.Count, t.Text)
	}
}

// notReady counts the conditions that keep NodeClaims from being ready.
func notReady(claims []v1.NodeClaim) map[string]int {
	out := map[string]int{}
	for i := range claims {
		var blockers []string
		for _, c := range claims[i].Status.Conditions {
			if c.Type != "Ready" && !c.IsTrue() {
				blockers = append(blockers, strings.TrimSpace(fmt.Sprintf("%s: %s %s", c.Type, c.Reason, c.Message)))
			}
		}
		if claims[i].DeletionTimestamp != nil {
			blockers = append(blockers, "on its way out")
		}
		if len(blockers) > 0 {
			out[strings.Join(blockers, "; ")]++
		}
	}
	return out
}
