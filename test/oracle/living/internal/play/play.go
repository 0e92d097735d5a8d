// SPDX-License-Identifier: Apache-2.0

// Package play lets a drawn plan happen in a living world.
package play

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/test/oracle/living/internal/draw"
	"karpenter.sh/test/oracle/living/internal/judge"
	"karpenter.sh/test/oracle/living/internal/kube"
	"karpenter.sh/test/oracle/living/internal/process"
	"karpenter.sh/test/oracle/living/internal/scheduling"
	"karpenter.sh/test/oracle/living/internal/store"
	"karpenter.sh/test/oracle/living/internal/world"
)

// Round is how long one is.
const Round = 20 * time.Second

// Play is a plan that happens.
type Play struct {
	*world.World
	Plan *draw.Plan
	// Pods are all that there ever were.
	Pods map[types.NamespacedName]bool
	// Twice says which pods got a second node although the first served them.
	Twice   []error
	homes   judge.Homes
	last    time.Time // when something happened last
	daemons int
	limits  int
	soldOut []fake.OfferingKey
}

// Begin sets the plan's world up.
func Begin(ctx context.Context, s *scheduling.Scheduler, plan *draw.Plan) (*Play, error) {
	p := &Play{Plan: plan, Pods: map[types.NamespacedName]bool{}, daemons: len(plan.Daemons), limits: len(plan.Limits)}
	o := world.Options{Truth: plan.Truth, Lag: plan.Lag, LaunchAhead: plan.Ahead, Launched: func(l process.Launch) {
		if err := p.homes.Twice(ctx, p.World, s, l, p.last); err != nil {
			p.Twice = append(p.Twice, err)
		}
	}}
	for _, spec := range plan.Types {
		o.Types = append(o.Types, fake.NewInstanceType(spec))
	}
	w, err := world.New(ctx, s, o)
	if err != nil {
		return nil, err
	}
	p.World = w
	late := storagev1.VolumeBindingWaitForFirstConsumer
	if err := w.Add(
		&schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{Name: draw.High}, Value: 1000},
		&storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: draw.Late}, Provisioner: kube.Driver, VolumeBindingMode: &late},
	); err != nil {
		return nil, err
	}
	for _, l := range plan.Limits {
		err = first(err, w.Add(l.DeepCopy()))
	}
	for _, np := range plan.Pools {
		err = first(err, w.Add(np.DeepCopy()))
	}
	for _, set := range plan.Daemons {
		err = first(err, w.Add(set.DeepCopy()))
	}
	for _, workload := range plan.Workloads {
		copied := *workload
		w.Kube.Apply(&copied)
	}
	return p, err
}

func first(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// Rounds lets so many rounds pass.
func (p *Play) Rounds(n int) error {
	for range n {
		if err := p.Run(Round); err != nil {
			return err
		}
		for _, pod := range store.All[*corev1.Pod](p.Store) {
			p.Pods[types.NamespacedName{Namespace: pod.Namespace, Name: pod.Name}] = true
		}
	}
	return nil
}

// All lets everything happen that is planned.
func (p *Play) All() error {
	if err := p.Rounds(3); err != nil {
		return err
	}
	for _, h := range p.Plan.Happenings {
		if err := p.Rounds(h.Rounds); err != nil {
			return err
		}
		p.last = p.Line.Clock().Now()
		if err := p.do(h); err != nil {
			return fmt.Errorf("to %s: %w", h.Deed, err)
		}
	}
	return nil
}

// Restock lets everything be had again that was sold out.
func (p *Play) Restock() {
	for _, key := range p.soldOut {
		p.Cloud.Restock(key)
	}
}

// Empty takes everything away that needs nodes, and lets the nodes go.
func (p *Play) Empty() error {
	for _, w := range p.Plan.Workloads {
		p.Kube.Scale(w.Name, 0)
	}
	for _, set := range p.sets() {
		p.Store.Remove(set)
	}
	if err := p.Rounds(3); err != nil {
		return err
	}
	for _, pod := range store.All[*corev1.Pod](p.Store) {
		_ = p.Store.Delete(pod) // it may be on its way out
	}
	for _, claim := range p.claims() {
		_ = p.Store.Delete(claim) // it may be on its way out
	}
	return p.Rounds(12)
}
