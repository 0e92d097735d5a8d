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
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/cache"
	"k8s.io/kubernetes/pkg/scheduler/apis/config"
	"k8s.io/kubernetes/pkg/scheduler/apis/config/latest"
	schedulercache "k8s.io/kubernetes/pkg/scheduler/backend/cache"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/defaultpreemption"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/feature"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/names"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/nodevolumelimits"
	"k8s.io/kubernetes/pkg/scheduler/framework/runtime"
	"k8s.io/kubernetes/pkg/scheduler/metrics"
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
	framework  framework.Framework
	preemption *defaultpreemption.DefaultPreemption
	current    *current
	informers  informers.SharedInformerFactory
	nominator  *nominator
}

// current is the snapshot that the plugins look at; it changes while they stay.
type current struct{ *schedulercache.Snapshot }

// New returns a scheduler that looks at nothing yet. It lives until the context
// ends.
func New(ctx context.Context) (*Scheduler, error) {
	profile, err := profile()
	if err != nil {
		return nil, err
	}
	metrics.Register()
	client := fake.NewClientset()
	s := &Scheduler{
		current:   &current{schedulercache.NewEmptySnapshot()},
		informers: informers.NewSharedInformerFactory(client, 0), // never started: Look fills the listers
		nominator: &nominator{},
	}
	s.framework, err = runtime.NewFramework(ctx, plugins.NewInTreeRegistry(), profile,
		runtime.WithClientSet(client),
		runtime.WithInformerFactory(s.informers),
		runtime.WithSharedCSIManager(nodevolumelimits.NewCSIManager(s.informers.Storage().V1().CSINodes().Lister())),
		runtime.WithSnapshotSharedLister(s.current),
		runtime.WithMutableSnapshotLister(s.current),
		runtime.WithPodNominator(s.nominator),
		runtime.WithParallelism(1),
	)
	if err != nil {
		return nil, fmt.Errorf("making a scheduling framework: %w", err)
	}
	args := &config.DefaultPreemptionArgs{MinCandidateNodesPercentage: 10, MinCandidateNodesAbsolute: 100}
	if s.preemption, err = defaultpreemption.New(ctx, args, s.framework, feature.Features{}); err != nil {
		return nil, fmt.Errorf("making the preemption plugin: %w", err)
	}
	return s, nil
}

func profile() (*config.KubeSchedulerProfile, error) {
	defaults, err := latest.Default()
	if err != nil {
		return nil, fmt.Errorf("reading the scheduler's defaults: %w", err)
	}
	p := defaults.Profiles[0].DeepCopy()
	p.Plugins = &config.Plugins{}
	p.Plugins.MultiPoint.Enabled = weighted()
	return p, nil
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
	core, storage := s.informers.Core().V1(), s.informers.Storage().V1()
	if err := errors.Join(
		fill(core.Namespaces().Informer(), c.Namespaces),
		fill(core.PersistentVolumeClaims().Informer(), c.Claims),
		fill(core.PersistentVolumes().Informer(), c.Volumes),
		fill(storage.StorageClasses().Informer(), c.Classes),
		fill(storage.CSINodes().Informer(), c.CSINodes),
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
	s.current.Snapshot = schedulercache.NewSnapshot(bound, nodes)
	return &Pass{scheduler: s, nodes: nodes, budgets: c.Budgets}, nil
}

func fill[T any](informer cache.SharedIndexInformer, objects []T) error {
	list := make([]any, len(objects))
	for i, o := range objects {
		list[i] = o
	}
	if err := informer.GetIndexer().Replace(list, ""); err != nil {
		return fmt.Errorf("filling a lister: %w", err)
	}
	return nil
}
