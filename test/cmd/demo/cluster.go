// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/examples"
	"karpenter.sh/test/internal/census"
	"karpenter.sh/test/internal/connection"
	"karpenter.sh/test/internal/installation"
	"karpenter.sh/test/internal/manifests"
	"karpenter.sh/test/internal/meter"
	"karpenter.sh/test/internal/scrape"
)

// owner of the fields that the demo applies.
const owner = "karpenter-demo"

// demo is a cluster with what the demo keeps in view of it.
type demo struct {
	options
	// examples are the manifests for the provider.
	examples examples.Set
	client   *connection.Connection
	process  meter.Process
	// cached holds the demo's pods, nodes and NodeClaims, kept up to date by
	// watches: looking often must not slow down what is being looked at.
	cached cache.Cache
}

func connect(ctx context.Context, opts options) (*demo, error) {
	cluster, err := connection.Open(opts.kubeconfig)
	if err != nil {
		return nil, err
	}
	karpenter, err := installation.Find(opts.kubeconfig, opts.metricsURL)
	if err != nil {
		return nil, err
	}
	set, err := examples.For(opts.provider, opts.cluster)
	if err != nil {
		return nil, err
	}
	d := &demo{options: opts, examples: set, client: cluster, process: meter.Process{MetricsURL: opts.metricsURL, PID: karpenter.PID()}}
	if _, err := scrape.Fetch(ctx, opts.metricsURL); err != nil {
		return nil, fmt.Errorf("Karpenter does not answer (make up starts it): %w", err)
	}
	if d.cached, err = watchDemo(ctx, cluster); err != nil {
		return nil, err
	}
	return d, nil
}

func watchDemo(ctx context.Context, cluster *connection.Connection) (cache.Cache, error) {
	ours := cache.ByObject{
		Label:                 labels.SelectorFromSet(labels.Set{examples.PartOf: examples.Demo}),
		UnsafeDisableDeepCopy: new(true), // the demo changes none of them
	}
	watched := map[client.Object]cache.ByObject{&corev1.Pod{}: ours, &corev1.Node{}: ours, &v1.NodeClaim{}: ours}
	cached, err := cache.New(cluster.Config, cache.Options{Scheme: cluster.Scheme(), ByObject: watched})
	if err != nil {
		return nil, fmt.Errorf("watch the cluster: %w", err)
	}
	for o := range watched {
		if _, err := cached.GetInformer(ctx, o, cache.BlockUntilSynced(false)); err != nil {
			return nil, fmt.Errorf("watch the cluster: %w", err)
		}
	}
	go func() { _ = cached.Start(ctx) }() // ends with ctx, and then only
	if !cached.WaitForCacheSync(ctx) {
		return nil, fmt.Errorf("watch the cluster: %w", context.Cause(ctx))
	}
	return cached, nil
}

// census counts the demo's pods and nodes as they are now.
func (d *demo) census(ctx context.Context) (census.Census, error) {
	var pods corev1.PodList
	var nodes corev1.NodeList
	if err := errors.Join(d.cached.List(ctx, &pods), d.cached.List(ctx, &nodes)); err != nil {
		return census.Census{}, fmt.Errorf("count pods and nodes: %w", err)
	}
	return census.Count(pods.Items, nodes.Items), nil
}

// apply creates or updates the objects of a manifest; its Deployments get so many
// pods in all.
func (d *demo) apply(ctx context.Context, text []byte, pods int) error {
	objects, err := manifests.Decode(text)
	if err != nil {
		return err
	}
	if err := manifests.Scale(manifests.Deployments(objects), pods); err != nil {
		return err
	}
	return d.client.Put(ctx, owner, objects...)
}

// empty scales the demo's Deployments to zero, except those named.
func (d *demo) empty(ctx context.Context, except ...string) error {
	var list appsv1.DeploymentList
	if err := d.client.List(ctx, &list, client.InNamespace(examples.Namespace)); err != nil {
		return fmt.Errorf("list the workload: %w", err)
	}
	none := int32(0)
	for i := range list.Items {
		o := &list.Items[i]
		if *o.Spec.Replicas == 0 || (len(except) > 0 && o.Name == except[0]) {
			continue
		}
		before := o.DeepCopy()
		o.Spec.Replicas = &none
		if err := d.client.Patch(ctx, o, client.MergeFrom(before), client.FieldOwner(owner)); err != nil {
			return fmt.Errorf("scale Deployment %s to zero: %w", o.Name, err)
		}
	}
	return nil
}
