// SPDX-License-Identifier: Apache-2.0

// Package scheduling is a kube-scheduler without an API server: its own plugins
// filter, score and preempt, over a cluster that the caller sets up.
//
// What is decided is deterministic: of nodes with equal scores, and of equal
// victims, the first by name is taken. Whoever asks carries the answers out.
//
// A [Scheduler] costs a few milliseconds to make and serves one world after the
// other, on one goroutine. Start reading at [Scheduler.Look] and [Pass.Place].
package scheduling

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/kubernetes/pkg/scheduler/apis/config"
	schedulercache "k8s.io/kubernetes/pkg/scheduler/backend/cache"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/defaultpreemption"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/feature"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/names"
	"k8s.io/kubernetes/pkg/scheduler/framework/runtime"

	"karpenter.sh/test/oracle/internal/frame"
)

// weighted are the plugins that run, with the weights of the default profile.
// VolumeBinding is left out: which volumes a claim may get is up to the caller.
func weighted() []config.Plugin {
	return []config.Plugin{
		{Name: names.PrioritySort}, {Name: names.NodeName}, {Name: names.NodeUnschedulable},
		{Name: names.TaintToleration, Weight: 3}, {Name: names.NodeAffinity, Weight: 2}, {Name: names.NodePorts},
		{Name: names.NodeResourcesFit, Weight: 1}, {Name: names.VolumeRestrictions}, {Name: names.NodeVolumeLimits},
		{Name: names.VolumeZone}, {Name: names.PodTopologySpread, Weight: 2}, {Name: names.InterPodAffinity, Weight: 2},
		{Name: names.NodeResourcesBalancedAllocation, Weight: 1}, {Name: names.DefaultBinder},
	}
}

// Scheduler decides.
type Scheduler struct {
	frame      *frame.Frame
	preemption *defaultpreemption.DefaultPreemption
	nominator  *nominator
}

// New returns a scheduler that looks at nothing yet. It lives until the context
// ends.
func New(ctx context.Context) (*Scheduler, error) {
	s := &Scheduler{nominator: &nominator{}}
	var err error
	if s.frame, err = frame.New(ctx, weighted(), runtime.WithPodNominator(s.nominator)); err != nil {
		return nil, err
	}
	args := &config.DefaultPreemptionArgs{MinCandidateNodesPercentage: 10, MinCandidateNodesAbsolute: 100}
	if s.preemption, err = defaultpreemption.New(ctx, args, s.frame, feature.Features{}); err != nil {
		return nil, fmt.Errorf("making the preemption plugin: %w", err)
	}
	return s, nil
}

// Cluster is what the scheduler looks at.
type Cluster struct {
	Nodes      []*corev1.Node
	Pods       []*corev1.Pod // bound and pending ones
	Namespaces []*corev1.Namespace
	Claims     []*corev1.PersistentVolumeClaim
	Volumes    []*corev1.PersistentVolume
	Classes    []*storagev1.StorageClass
	CSINodes   []*storagev1.CSINode
	Budgets    []*policyv1.PodDisruptionBudget
}

// Look begins a pass over a cluster. It ends with the next one.
func (s *Scheduler) Look(c Cluster) (*Pass, error) {
	core, storage := s.frame.Informers.Core().V1(), s.frame.Informers.Storage().V1()
	if err := errors.Join(
		frame.Fill(core.Namespaces().Informer(), c.Namespaces),
		frame.Fill(core.PersistentVolumeClaims().Informer(), c.Claims),
		frame.Fill(core.PersistentVolumes().Informer(), c.Volumes),
		frame.Fill(storage.StorageClasses().Informer(), c.Classes),
		frame.Fill(storage.CSINodes().Informer(), c.CSINodes),
	); err != nil {
		return nil, err
	}
	var bound []*corev1.Pod
	there := map[string]bool{} // pods of nodes that are gone count nowhere
	for _, node := range c.Nodes {
		there[node.Name] = true
	}
	s.nominator.nominated = map[string][]*corev1.Pod{}
	for _, pod := range c.Pods {
		switch name := pod.Status.NominatedNodeName; {
		case pod.Spec.NodeName != "":
			if there[pod.Spec.NodeName] && pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed {
				bound = append(bound, pod)
			}
		case name != "":
			s.nominator.nominated[name] = append(s.nominator.nominated[name], pod)
		}
	}
	nodes := slices.Clone(c.Nodes)
	slices.SortFunc(nodes, func(a, b *corev1.Node) int { return strings.Compare(a.Name, b.Name) })
	s.frame.Current.Snapshot = schedulercache.NewSnapshot(bound, nodes)
	return &Pass{scheduler: s, nodes: nodes, budgets: c.Budgets}, nil
}
