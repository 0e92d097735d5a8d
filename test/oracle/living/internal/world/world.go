// SPDX-License-Identifier: Apache-2.0

// Package world puts a living world together: an API server, Kubernetes, a cloud
// and this project's controller, in virtual time.
//
// Start reading at [New] and [World.Run].
package world

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/cloudprovider/fake/v1alpha1"
	"karpenter.sh/test/oracle/living/internal/kube"
	"karpenter.sh/test/oracle/living/internal/process"
	"karpenter.sh/test/oracle/living/internal/scheduling"
	"karpenter.sh/test/oracle/living/internal/store"
	"karpenter.sh/test/oracle/living/internal/timeline"
)

// Options are what a World begins with.
type Options struct {
	// Types that the cloud sells; nil means those of the in-memory provider.
	Types []*cloudprovider.InstanceType
	// Truth is how machines differ from what the cloud says.
	Truth kube.Truth
	// Lag is how late the controller's cache is, by the name of the type.
	Lag map[string]time.Duration
	// LaunchAhead lets the provisioner launch, while a window is open, what later pods
	// would not change.
	LaunchAhead bool
	// Launched is told of each NodeClaim right after the round that created it; nil
	// tells nobody.
	Launched func(process.Launch)
	Log      logr.Logger
}

// World is a cluster in the course of time. It serves one goroutine.
type World struct {
	Options
	Context context.Context
	Store   *store.Store
	Line    *timeline.Timeline
	Kube    *kube.Kube
	Cloud   *fake.Provider
	Process *process.Process
}

// Start is when worlds begin.
func Start() time.Time { return time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC) }

// New returns a world with namespaces and nothing else. The scheduler may serve
// other worlds afterwards.
func New(ctx context.Context, sched *scheduling.Scheduler, o Options) (*World, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1.AddToScheme(scheme)); err != nil {
		return nil, fmt.Errorf("making a scheme: %w", err)
	}
	w := &World{Options: o, Context: ctx}
	w.Line = timeline.New(Start(), w.settle)
	w.Store = store.New(scheme, w.Line.Clock())
	w.Kube = kube.New(ctx, w.Store, w.Line, sched)
	w.Cloud = fake.New(fake.Options{Clock: w.Line.Clock(), InstanceTypes: o.Types, TerminationTime: 2 * time.Second})
	for _, name := range []string{"default", "kube-system"} {
		if err := w.Store.Create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}); err != nil {
			return nil, err
		}
	}
	var err error
	w.Process, err = process.New(ctx, process.Options{Store: w.Store, Line: w.Line, Cloud: cloud{w.Cloud, w}, Lag: o.Lag, LaunchAhead: o.LaunchAhead, Launched: o.Launched, Log: o.Log})
	return w, err
}

// Run lets time pass. An error means that the world broke, not that somebody in
// it fared badly.
func (w *World) Run(span time.Duration) error {
	err := w.Line.Run(span)
	return errors.Join(err, w.Kube.Err(), w.Process.Err())
}

// settle lets everybody see what just happened.
func (w *World) settle() {
	for events := w.Store.Drain(); len(events) > 0; events = w.Store.Drain() {
		w.Kube.Observe(events)
		w.Process.Observe(events)
		for _, e := range events {
			w.notePods(e)
		}
	}
}

// notePods writes to NodeClaims when pods last came or went.
func (w *World) notePods(e store.Event) {
	pod, ok := e.Object().(*corev1.Pod)
	if !ok || pod.Spec.NodeName == "" {
		return
	}
	if before, ok := e.Old.(*corev1.Pod); ok && e.New != nil && before.Spec.NodeName == pod.Spec.NodeName && before.Status.Phase == pod.Status.Phase {
		return
	}
	node, ok := store.Get[*corev1.Node](w.Store, types.NamespacedName{Name: pod.Spec.NodeName})
	if !ok {
		return
	}
	for _, claim := range store.All[*v1.NodeClaim](w.Store) {
		if claim.Status.ProviderID == node.Spec.ProviderID {
			store.Change(w.Store, client.ObjectKeyFromObject(claim), func(c *v1.NodeClaim) {
				c.Status.LastPodEventTime = metav1.NewTime(w.Line.Clock().Now())
			})
		}
	}
}

// Add creates an object; NodePools are ready from the start.
func (w *World) Add(objects ...client.Object) error {
	for _, o := range objects {
		if pool, ok := o.(*v1.NodePool); ok {
			pool.StatusConditions().SetTrue(v1.ConditionTypeValidationSucceeded)
			pool.StatusConditions().SetTrue(v1.ConditionTypeNodeClassReady)
		}
		if err := w.Store.Create(o); err != nil {
			return fmt.Errorf("creating %T %s: %w", o, o.GetName(), err)
		}
	}
	return nil
}

// NodeClass is what all pools refer to.
func NodeClass() v1.NodeClassReference {
	return v1.NodeClassReference{Group: v1alpha1.Group, Kind: "TestNodeClass", Name: "default"}
}

// cloud is the in-memory provider, whose machines join the cluster.
type cloud struct {
	*fake.Provider
	world *World
}

// Create implements cloudprovider.CloudProvider.
func (c cloud) Create(ctx context.Context, nodeClaim *v1.NodeClaim) (*v1.NodeClaim, error) {
	created, err := c.Provider.Create(ctx, nodeClaim)
	if err == nil {
		c.world.Kube.Boot(created, c.world.Truth)
	}
	return created, err
}

// Delete implements cloudprovider.CloudProvider.
func (c cloud) Delete(ctx context.Context, nodeClaim *v1.NodeClaim) error {
	err := c.Provider.Delete(ctx, nodeClaim)
	if err == nil {
		c.world.Kube.Halt(nodeClaim.Status.ProviderID)
	}
	return err
}
