// SPDX-License-Identifier: Apache-2.0

// Package kube models what a cluster consists of beside its API server and this
// project: the scheduler (the real one, package scheduling), the controllers of
// workloads, daemons and volumes, admission, and the kubelets of machines.
//
// They act as the real ones do where it matters to whoever provides nodes: daemon
// pods are pinned to their node by name, defaults of LimitRanges are applied to
// pods when they are created, pods that go come back under new names, those of
// StatefulSets under their own, preempted pods are deleted, volumes are made
// where their first pod runs, kubelets report devices late.
//
// Every model reads what is stored and reacts a moment after it changed. Start
// reading at [Kube.Observe].
package kube

import (
	"context"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/test/oracle/living/internal/scheduling"
	"karpenter.sh/test/oracle/living/internal/store"
	"karpenter.sh/test/oracle/living/internal/timeline"
)

// How long the models take.
const (
	// reaction is that of controllers.
	reaction = 50 * time.Millisecond
	// scheduling is from a change to the scheduler's pass; pods that come together
	// are looked at together.
	schedulingDelay = 100 * time.Millisecond
	// bootTime is from a launch to the Node, readyTime from there to readiness.
	bootTime  = 5 * time.Second
	readyTime = 5 * time.Second
	// podTime is how long a pod takes to start, and to stop.
	podTime = time.Second
	// collection is how often pods of nodes that are gone are looked for.
	collection = 20 * time.Second
)

// Kube is the cluster. It serves one goroutine.
type Kube struct {
	ctx       context.Context
	store     *store.Store
	line      *timeline.Timeline
	scheduler *scheduling.Scheduler
	// Workloads that there are, by name.
	workloads map[string]*Workload
	machines  map[string]*Machine // by provider ID
	asked     map[string]bool     // reactions that are on their way
	reasons   map[types.NamespacedName]map[string]string
	err       error
}

// New returns a cluster without anything in it.
func New(ctx context.Context, s *store.Store, line *timeline.Timeline, sched *scheduling.Scheduler) *Kube {
	k := &Kube{
		ctx: ctx, store: s, line: line, scheduler: sched, workloads: map[string]*Workload{},
		machines: map[string]*Machine{}, asked: map[string]bool{}, reasons: map[types.NamespacedName]map[string]string{},
	}
	s.Admit(k.admit)
	line.Every(collection, k.collectPods)
	return k
}

// Err is the first thing that broke.
func (k *Kube) Err() error { return k.err }

func (k *Kube) fail(err error) {
	if k.err == nil {
		k.err = err
	}
}

// soon asks for a reaction, once however many ask before it comes.
func (k *Kube) soon(name string, wait time.Duration, do func()) {
	if k.asked[name] {
		return
	}
	k.asked[name] = true
	k.line.After(wait, func() {
		delete(k.asked, name)
		do()
	})
}

func (k *Kube) scheduleSoon() { k.soon("schedule", schedulingDelay, k.schedule) }

// Observe lets the models react to what happened.
func (k *Kube) Observe(events []store.Event) {
	for _, e := range events {
		switch o := e.Object().(type) {
		case *corev1.Pod:
			k.podChanged(e, o)
		case *corev1.Node:
			k.nodeChanged(e)
		case *appsv1.DaemonSet:
			k.soon("daemons", reaction, k.syncDaemons)
		case *corev1.PersistentVolumeClaim, *corev1.PersistentVolume:
			k.scheduleSoon()
		}
	}
}

func (k *Kube) podChanged(e store.Event, pod *corev1.Pod) {
	if e.New == nil {
		delete(k.reasons, e.Key)
	}
	came, went := e.Old == nil, e.New == nil
	var before corev1.Pod
	if !came {
		before = *e.Old.(*corev1.Pod)
	}
	moved := pod.Spec.NodeName != before.Spec.NodeName
	ended := terminal(pod) != terminal(&before)
	leaving := pod.DeletionTimestamp != nil && before.DeletionTimestamp == nil
	if came || went || moved || ended {
		k.scheduleSoon()
	}
	if came || went || leaving || ended {
		k.soon("workloads", reaction, k.syncWorkloads)
		k.soon("daemons", reaction, k.syncDaemons)
	}
	if went || pod.Spec.NodeName == "" {
		return
	}
	if moved {
		k.line.After(podTime, func() { k.start(e.Key, pod.UID) })
	}
	if leaving {
		k.line.After(podTime, func() { k.stop(e.Key, pod.UID) })
	}
}

func (k *Kube) nodeChanged(e store.Event) {
	k.scheduleSoon()
	k.soon("daemons", reaction, k.syncDaemons)
}

func terminal(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}
