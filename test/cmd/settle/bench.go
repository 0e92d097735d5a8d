// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/connection"
	"karpenter.sh/test/internal/manifests"
	"karpenter.sh/test/internal/meter"
	"karpenter.sh/test/internal/objects"
	"karpenter.sh/test/internal/progress"
	"karpenter.sh/test/internal/scrape"
)

//go:embed pool.yaml
var manifest []byte

// What the manifest makes.
const (
	name      = "karpenter-settle"
	namespace = name
	poolName  = "settle"
	taint     = "example.com/settle"
)

// look is how often the cluster is looked at.
const look = time.Second

// bench is a cluster with what is watched of it.
type bench struct {
	options
	cluster *connection.Connection
	process meter.Process
	display *progress.Display
}

// connect says what to do if there is no cluster, or no Karpenter in it.
func connect(ctx context.Context, o options) (*bench, error) {
	cluster, err := connection.Open(o.kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("%w; make up starts a cluster, make settle does that as well", err)
	}
	process, err := meter.Find(ctx, o.kubeconfig, o.metricsURL)
	if err != nil {
		return nil, err
	}
	return &bench{
		options: o, cluster: cluster, process: process,
		display: progress.New(os.Stderr, progress.IsTerminal(os.Stderr), time.Now()),
	}, nil
}

// enter makes namespace, NodeClass and NodePool.
func (b *bench) enter(ctx context.Context) error {
	all, err := manifests.Decode(manifest)
	if err != nil {
		return err
	}
	for _, o := range all {
		if o.GetKind() != "NodePool" || b.node == "" {
			continue
		}
		requirements, _, _ := unstructured.NestedSlice(o.Object, "spec", "template", "spec", "requirements")
		requirements = append(requirements, map[string]any{"key": objects.InstanceCPU, "operator": "In", "values": []any{b.node}})
		if err := unstructured.SetNestedSlice(o.Object, requirements, "spec", "template", "spec", "requirements"); err != nil {
			return fmt.Errorf("fill in the size of nodes: %w", err)
		}
	}
	if err := b.cluster.Put(ctx, name, all...); err != nil {
		return fmt.Errorf("%w; is it a cluster of fake nodes with Karpenter in it, as make up starts one?", err)
	}
	return nil
}

func (b *bench) workload() *appsv1.Deployment {
	w := objects.Workload{
		Name: poolName, Replicas: int32(b.pods), CPU: b.cpu, Memory: "256Mi",
		NodeSelector: map[string]string{v1.NodePoolLabelKey: poolName},
		Tolerations:  []corev1.Toleration{{Key: taint, Operator: corev1.TolerationOpExists}},
	}.Deployment()
	w.Namespace = namespace
	return w
}

// state is what the cluster looks like.
type state struct {
	nodes, leaving, running int
	// names of the NodeClaims.
	names map[string]bool
}

func (b *bench) state(ctx context.Context) (state, error) {
	claims := &metav1.PartialObjectMetadataList{}
	claims.SetGroupVersionKind(v1.GroupVersion.WithKind("NodeClaimList"))
	if err := b.cluster.List(ctx, claims, client.MatchingLabels{v1.NodePoolLabelKey: poolName}); err != nil {
		return state{}, fmt.Errorf("list nodeclaims: %w", err)
	}
	var d appsv1.Deployment
	if err := b.cluster.Get(ctx, client.ObjectKey{Namespace: namespace, Name: poolName}, &d); err != nil {
		return state{}, fmt.Errorf("read the deployment: %w", err)
	}
	out := state{nodes: len(claims.Items), running: int(d.Status.ReadyReplicas), names: map[string]bool{}}
	for i := range claims.Items {
		out.names[claims.Items[i].Name] = true
		if claims.Items[i].DeletionTimestamp != nil {
			out.leaving++
		}
	}
	return out, nil
}

// settled waits until nothing has changed for long enough and so many pods run. It
// returns when the last change was, and how many NodeClaims were seen.
func (b *bench) settled(ctx context.Context, title string, pods int) (last time.Time, seen map[string]bool, err error) {
	start, before := time.Now(), state{}
	last, seen = start, map[string]bool{}
	for {
		now, err := b.state(ctx)
		if err != nil {
			return last, seen, err
		}
		for n := range now.names {
			seen[n] = true
		}
		if now.nodes != before.nodes || now.leaving != before.leaving || now.running != before.running || now.leaving > 0 || now.running != pods {
			last = time.Now()
		}
		before = now
		text := fmt.Sprintf("%s: %d nodes, %d of them leaving, %d of %d pods run", title, now.nodes, now.leaving, now.running, pods)
		switch {
		case time.Since(last) >= b.still:
			b.display.End(time.Now(), text)
			return last, seen, nil
		case time.Since(start) > b.timeout:
			b.display.End(time.Now(), text)
			return last, seen, fmt.Errorf("the cluster has not settled within %s", b.timeout)
		}
		b.display.Show(time.Now(), text)
		select {
		case <-ctx.Done():
			return last, seen, errors.New("interrupted")
		case <-time.After(look):
		}
	}
}

// measure brings the pods, takes some away, and stands still.
func (b *bench) measure(ctx context.Context) (*result, error) {
	if err := b.enter(ctx); err != nil {
		return nil, err
	}
	w := b.workload()
	if err := b.cluster.Create(ctx, w); err != nil {
		return nil, fmt.Errorf("create the deployment: %w", err)
	}
	if _, _, err := b.settled(ctx, "bringing pods", b.pods); err != nil {
		return nil, err
	}
	r := &result{options: b.options}
	began, err := b.state(ctx)
	if err != nil {
		return nil, err
	}
	r.before = began.nodes
	scaled := time.Now()
	used := meter.Start(ctx, b.process)
	evicted, err := b.evictions(ctx)
	if err != nil {
		return nil, err
	}
	patch := fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, b.to)
	if err := b.cluster.Patch(ctx, w, client.RawPatch("application/merge-patch+json", patch)); err != nil {
		return nil, fmt.Errorf("scale the deployment: %w", err)
	}
	last, seen, err := b.settled(ctx, "scaled in", b.to)
	if err != nil {
		return nil, err
	}
	if r.settling, err = used.Stop(); err != nil {
		return nil, err
	}
	after, err := b.state(ctx)
	if err != nil {
		return nil, err
	}
	now, err := b.evictions(ctx)
	if err != nil {
		return nil, err
	}
	r.took, r.after, r.evicted = last.Sub(scaled), after.nodes, now-evicted
	for n := range seen {
		if !began.names[n] {
			r.launched++
		}
	}
	return r, b.standStill(ctx, r)
}

// standStill measures what the controller takes while nothing happens.
func (b *bench) standStill(ctx context.Context, r *result) error {
	used := meter.Start(ctx, b.process)
	b.display.Show(time.Now(), "standing still")
	select {
	case <-ctx.Done():
		return errors.New("interrupted")
	case <-time.After(b.idle):
	}
	var err error
	r.idling, err = used.Stop()
	return err
}

// evictions are those that have been accepted.
func (b *bench) evictions(ctx context.Context) (int, error) {
	s, err := scrape.Fetch(ctx, b.process.MetricsURL)
	if err != nil {
		return 0, err
	}
	n, _ := s.Sum("karpenter_pods_eviction_requests_total", map[string]string{"code": "200"})
	more, _ := s.Sum("karpenter_pods_eviction_requests_total", map[string]string{"code": "201"})
	return int(n + more), nil
}

// leave removes what was made, and waits until the nodes are gone.
func (b *bench) leave(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, b.timeout)
	defer cancel()
	all, err := manifests.Decode(manifest)
	if err != nil {
		return err
	}
	for _, o := range append(all[1:], all[0]) { // the namespace last: its pods hold nodes
		if err := b.cluster.Delete(ctx, o, client.PropagationPolicy(metav1.DeletePropagationBackground)); err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("remove %s %s: %w", o.GetKind(), o.GetName(), err)
		}
	}
	for {
		claims := &metav1.PartialObjectMetadataList{}
		claims.SetGroupVersionKind(v1.GroupVersion.WithKind("NodeClaimList"))
		if err := b.cluster.List(ctx, claims, client.MatchingLabels{v1.NodePoolLabelKey: poolName}); err != nil {
			return fmt.Errorf("list nodeclaims: %w", err)
		}
		text := fmt.Sprintf("removing: %d nodes are left", len(claims.Items))
		if len(claims.Items) == 0 {
			b.display.End(time.Now(), text)
			return nil
		}
		b.display.Show(time.Now(), text)
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d nodes are still there after %s; kubectl delete nodepool %s removes them", len(claims.Items), b.timeout, poolName)
		case <-time.After(look):
		}
	}
}
