// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/examples"
	"karpenter.sh/test/internal/connection"
	"karpenter.sh/test/internal/installation"
	"karpenter.sh/test/internal/manifests"
	"karpenter.sh/test/internal/scrape"
	"karpenter.sh/test/internal/simcloud"
)

// owner of the fields that are applied.
const owner = "karpenter-scarcity"

// look is how often the cluster is looked at.
const look = time.Second

// plenty is more than anybody asks for.
const plenty = 1_000_000

// bench is a cluster and the account that its machines are in.
type bench struct {
	options
	client    *connection.Connection
	cloud     *simcloud.Cloud
	karpenter *installation.Installation
	examples  examples.Set
	workload  []*unstructured.Unstructured
	subnet    string
}

func connect(ctx context.Context, o options) (*bench, error) {
	c, err := connection.Open(o.kubeconfig)
	if err != nil {
		return nil, err
	}
	cloud, err := simcloud.Find(o.kubeconfig)
	if err != nil {
		return nil, err
	}
	karpenter, err := installation.Find(o.kubeconfig, "")
	if err != nil {
		return nil, err
	}
	set, err := examples.For(o.provider, o.cluster)
	if err != nil {
		return nil, err
	}
	workload, err := manifests.Decode(set.Workload)
	if err != nil {
		return nil, err
	}
	state, err := cloud.State(ctx)
	if err != nil {
		return nil, err
	}
	free, _ := state["freeAddresses"].(map[string]any)
	b := &bench{options: o, client: c, cloud: cloud, karpenter: karpenter, examples: set, workload: workload}
	if len(free) > 0 {
		b.subnet = slices.Sorted(maps.Keys(free))[0]
	}
	return b, nil
}

// scarce makes the account short of everything.
func (b *bench) scarce(ctx context.Context) error {
	return errors.Join(
		b.cloud.Stock(ctx, simcloud.Pool{}, b.stock), b.cloud.Addresses(ctx, b.subnet, b.addresses),
		b.cloud.Quota(ctx, "on-demand-vcpus", b.onDemand), b.cloud.Quota(ctx, "spot-vcpus", b.spot),
	)
}

// learned waits until Karpenter has asked for the quotas once more, if it ever did: those
// of an account do not change from one minute to the next.
func (b *bench) learned(ctx context.Context, out io.Writer) error {
	const call = "servicequotas:ListServiceQuotas"
	before, err := b.cloud.Calls(ctx, call, 0)
	if err != nil || len(before) == 0 {
		return err
	}
	fmt.Fprintln(out, "waiting until the quotas are read, which takes some minutes")
	for start := time.Now(); time.Since(start) < b.timeout; {
		now, err := b.cloud.Calls(ctx, call, 0)
		if err != nil || len(now) > len(before) {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(look):
		}
	}
	return nil
}

// leave takes away what was made, and the shortage.
func (b *bench) leave(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, b.timeout)
	defer cancel()
	return errors.Join(
		b.bring(ctx, 0),
		b.cloud.Stock(ctx, simcloud.Pool{}, 1000), b.cloud.Addresses(ctx, b.subnet, plenty),
		b.cloud.Quota(ctx, "on-demand-vcpus", plenty), b.cloud.Quota(ctx, "spot-vcpus", plenty),
	)
}

func (b *bench) bring(ctx context.Context, pods int) error {
	workload, err := manifests.Decode(b.examples.Workload)
	if err != nil {
		return err
	}
	if err := manifests.Scale(manifests.Deployments(workload), pods); err != nil {
		return err
	}
	return b.client.Put(ctx, owner, workload...)
}

// measure brings the waves and prints a line for each.
func (b *bench) measure(ctx context.Context, out io.Writer) error {
	if err := b.scarce(ctx); err != nil {
		return err
	}
	if err := b.learned(ctx, out); err != nil {
		return err
	}
	pools, err := manifests.Decode(b.examples.NodePools)
	if err != nil {
		return err
	}
	if err := b.client.Put(ctx, owner, pools...); err != nil {
		return err
	}
	fmt.Fprintf(out, "%-6s %6s %8s %6s %9s %14s %10s %6s %9s\n", "wave", "pods", "running", "nodes", "launches", "first attempt", "refused", "calls", "seconds")
	first, err := b.figures(ctx)
	if err != nil {
		return err
	}
	before := first
	for wave := range b.waves {
		pods := b.pods * (wave + 1) / b.waves
		start := time.Now()
		if err := b.bring(ctx, pods); err != nil {
			return err
		}
		if err := b.wait(ctx); err != nil {
			return err
		}
		now, err := b.figures(ctx)
		if err != nil {
			return err
		}
		now.minus(before).print(out, fmt.Sprint(wave+1), pods, time.Since(start)-b.still)
		before = now
	}
	all := before.minus(first)
	all.print(out, "all", b.pods, 0)
	for _, reason := range slices.Sorted(maps.Keys(before.reasons)) {
		if n := before.reasons[reason] - first.reasons[reason]; n > 0 {
			fmt.Fprintf(out, "  %4.0f answers of the cloud said %s\n", n, reason)
		}
	}
	return nil
}

// wait waits until pods and NodeClaims have not changed for a while.
func (b *bench) wait(ctx context.Context) error {
	last, since, start := "", time.Now(), time.Now()
	for time.Since(since) < b.still && time.Since(start) < b.timeout {
		f, err := b.figures(ctx)
		if err != nil {
			return err
		}
		if now := fmt.Sprint(f.running, f.nodes, f.claims); now != last {
			last, since = now, time.Now()
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(look):
		}
	}
	return nil
}

// figures are what has happened so far.
type figures struct {
	running, nodes, claims int
	// launches are calls of Create, failed those that failed, calls the fleets asked
	// for.
	launches, failed float64
	calls            int
	reasons          map[string]float64
}

func (b *bench) figures(ctx context.Context) (figures, error) {
	var f figures
	var pods corev1.PodList
	var nodes corev1.NodeList
	var claims v1.NodeClaimList
	ours := client.MatchingLabels{examples.PartOf: examples.Demo}
	if err := errors.Join(b.client.List(ctx, &pods, ours), b.client.List(ctx, &nodes, ours), b.client.List(ctx, &claims, ours)); err != nil {
		return f, fmt.Errorf("count pods and nodes: %w", err)
	}
	for i := range pods.Items {
		if pods.Items[i].Status.Phase == corev1.PodRunning {
			f.running++
		}
	}
	f.nodes, f.claims = len(nodes.Items), len(claims.Items)
	url, err := b.karpenter.MetricsURL()
	if err != nil {
		return f, err
	}
	metrics, err := scrape.Fetch(ctx, url)
	if err != nil {
		return f, err
	}
	create := map[string]string{"method": "Create"}
	f.launches, _ = metrics.Sum("karpenter_cloudprovider_duration_seconds", create)
	f.failed, _ = metrics.Sum("karpenter_cloudprovider_errors_total", create)
	f.reasons = metrics.By("karpenter_cloudprovider_instance_launch_failures_total", "reason")
	calls, err := b.cloud.Calls(ctx, "ec2:CreateFleet", 0)
	if err != nil {
		return f, err
	}
	f.calls = len(calls)
	return f, nil
}

// minus is what happened since.
func (f figures) minus(before figures) figures {
	f.launches -= before.launches
	f.failed -= before.failed
	f.calls -= before.calls
	return f
}

func (f figures) print(out io.Writer, name string, pods int, took time.Duration) {
	share := "-"
	if f.launches > 0 {
		share = fmt.Sprintf("%.1f%%", 100*(f.launches-f.failed)/f.launches)
	}
	fmt.Fprintf(out, "%-6s %6d %8d %6d %9.0f %14s %10.0f %6d %9.0f\n", name, pods, f.running, f.nodes, f.launches, share, f.failed, f.calls, took.Seconds())
}
