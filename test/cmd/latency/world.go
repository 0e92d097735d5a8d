// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/census"
	"karpenter.sh/test/internal/manifests"
	"karpenter.sh/test/internal/progress"
)

//go:embed pool.yaml
var manifest []byte

// What the manifest makes, and how it is found again.
const (
	name      = "karpenter-latency"
	partOf    = "app.kubernetes.io/part-of"
	namespace = name
	poolName  = "latency"
	taint     = "example.com/latency"
	// emptying is how long pods or nodes may take to go.
	emptying = 10 * time.Minute
	// askAgain is how long after a deletion was answered it is asked for again.
	askAgain = 10 * time.Second
)

// enter makes namespace, NodeClass and NodePool.
func (b *bench) enter(ctx context.Context) error {
	objects, err := manifests.Decode(manifest)
	if err != nil {
		return err
	}
	if err := b.cluster.Put(ctx, name, objects...); err != nil {
		return fmt.Errorf("%w; is it a cluster of fake nodes with Karpenter in it, as make up starts one?", err)
	}
	return nil
}

// employ makes an owner for each kind of pod of a case, anew for each phase: what
// became of earlier pods must not be held against these (SCH-302).
func (b *bench) employ(ctx context.Context, c Case, phase string) (owners, error) {
	by := owners{}
	for _, kind := range c.kinds() {
		owner := &corev1.PodTemplate{ // an object that nobody acts on
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: phase + "-" + kind.Name},
			Template:   kind.Deployment().Spec.Template,
		}
		if err := b.cluster.Create(ctx, owner); err != nil {
			return nil, fmt.Errorf("create the owner of pods %s/%s: %w", namespace, owner.Name, err)
		}
		by[kind.Name] = *metav1.NewControllerRef(owner, corev1.SchemeGroupVersion.WithKind("PodTemplate"))
	}
	return by, nil
}

// leave removes all that the benchmark has made, also after an interrupt.
func (b *bench) leave(ctx context.Context) error {
	if b.watcher == nil {
		return nil // nothing was made
	}
	ctx = context.WithoutCancel(ctx)
	objects, err := manifests.Decode(manifest)
	if err != nil {
		return err
	}
	if err := b.vacate(ctx, "cleaning up"); err != nil {
		return fmt.Errorf("clean up (make down ends the cluster and all in it): %w", err)
	}
	slices.Reverse(objects)
	for _, o := range objects {
		if err := b.discard(ctx, o); err != nil {
			return fmt.Errorf("clean up (make down ends the cluster and all in it): %w", err)
		}
	}
	return nil
}

// discard deletes an object and waits until it is gone.
func (b *bench) discard(ctx context.Context, o *unstructured.Unstructured) error {
	if err := client.IgnoreNotFound(b.cluster.Delete(ctx, o)); err != nil {
		return fmt.Errorf("delete %s %s: %w", o.GetKind(), o.GetName(), err)
	}
	for range int(time.Minute / look) {
		if err := b.cluster.Get(ctx, client.ObjectKeyFromObject(o), o); apierrors.IsNotFound(err) {
			return nil
		}
		sleep(ctx, look)
	}
	return fmt.Errorf("%s %s is still there a minute after its deletion", o.GetKind(), o.GetName())
}

// vacate removes pods and nodes.
func (b *bench) vacate(ctx context.Context, title string) error {
	if err := b.removePods(ctx, title); err != nil {
		return err
	}
	ours := client.MatchingLabels{partOf: name}
	return b.empty(ctx, title+", removing nodes", []client.ObjectList{&v1.NodeClaimList{}, &corev1.NodeList{}}, func() error {
		return b.cluster.DeleteAllOf(ctx, &v1.NodeClaim{}, ours)
	})
}

func (b *bench) removePods(ctx context.Context, title string) error {
	return b.empty(ctx, title+", removing pods", []client.ObjectList{&corev1.PodList{}}, func() error {
		var pods corev1.PodList
		if err := b.watcher.List(ctx, &pods); err != nil {
			return fmt.Errorf("list the pods to delete: %w", err)
		}
		return remove(ctx, b.cluster, pods.Items)
	})
}

// empty repeats a deletion until nothing is left of the lists: deleting many objects
// may take longer than one request can.
func (b *bench) empty(ctx context.Context, title string, lists []client.ObjectList, remove func() error) error {
	start := time.Now()
	display := progress.New(os.Stderr, progress.IsTerminal(os.Stderr), start)
	answer := make(chan error, 1)
	var asked bool     // and no answer yet: it might hit what comes next
	var next time.Time // to ask
	var refused error
	for {
		left, err := b.left(ctx, lists)
		if err != nil {
			return err
		}
		if left > 0 && b.process.Gone() {
			return fmt.Errorf("%s, %d left: %w", title, left, errGone)
		}
		text := fmt.Sprintf("%s: %d left", title, left)
		switch now := time.Now(); {
		case left == 0 && !asked:
			if !next.IsZero() {
				display.End(now, text)
			}
			return nil
		case now.Sub(start) > emptying:
			return errors.Join(fmt.Errorf("%s after %s", text, emptying), refused)
		case !asked && now.After(next):
			go func() { answer <- remove() }()
			asked = true
		}
		display.Show(time.Now(), text)
		select {
		case refused = <-answer:
			asked, next = false, time.Now().Add(askAgain)
		default:
		}
		if !sleep(ctx, look) {
			return context.Cause(ctx)
		}
	}
}

func (b *bench) left(ctx context.Context, lists []client.ObjectList) (n int, err error) {
	for _, list := range lists {
		if err := b.watcher.List(ctx, list); err != nil {
			return 0, fmt.Errorf("list what is left: %w", err)
		}
		switch list := list.(type) {
		case *corev1.PodList:
			n += len(list.Items)
		case *corev1.NodeList:
			n += len(list.Items)
		case *v1.NodeClaimList:
			n += len(list.Items)
		}
	}
	return n, nil
}

// daemons counts the pods of DaemonSets on the benchmark's nodes.
func (b *bench) daemons(ctx context.Context) (n int, err error) {
	var nodes corev1.NodeList
	var pods corev1.PodList
	if err := errors.Join(b.watcher.List(ctx, &nodes), b.cluster.List(ctx, &pods)); err != nil {
		return 0, fmt.Errorf("count daemons: %w", err)
	}
	for i := range pods.Items {
		owner := metav1.GetControllerOf(&pods.Items[i])
		if owner != nil && owner.Kind == "DaemonSet" && slices.ContainsFunc(nodes.Items, func(o corev1.Node) bool { return o.Name == pods.Items[i].Spec.NodeName }) {
			n++
		}
	}
	return n, nil
}

// explain prints what holds pods up and returns the error it was given.
func (b *bench) explain(ctx context.Context, failure error) error {
	var pods corev1.PodList
	var claims v1.NodeClaimList
	var events corev1.EventList
	err := errors.Join(b.watcher.List(ctx, &pods), b.watcher.List(ctx, &claims), b.cluster.List(ctx, &events, client.InNamespace(namespace)))
	if err != nil {
		return errors.Join(failure, err)
	}
	fmt.Fprint(os.Stderr, census.Why(pods.Items, claims.Items, events.Items))
	return failure
}
