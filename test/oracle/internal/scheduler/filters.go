// SPDX-License-Identifier: Apache-2.0

package scheduler

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/cache"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/apis/config"
	"k8s.io/kubernetes/pkg/scheduler/apis/config/latest"
	schedulercache "k8s.io/kubernetes/pkg/scheduler/backend/cache"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/names"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/nodevolumelimits"
	"k8s.io/kubernetes/pkg/scheduler/framework/runtime"
	"k8s.io/kubernetes/pkg/scheduler/metrics"
)

// checked are the plugins whose filters a placement must pass.
func checked() []string {
	return []string{
		names.NodeUnschedulable, names.NodeResourcesFit, names.NodeAffinity, names.TaintToleration, names.NodePorts,
		names.PodTopologySpread, names.InterPodAffinity, names.VolumeZone, names.NodeVolumeLimits,
		names.VolumeBinding, names.VolumeRestrictions,
	}
}

// Filters are the scheduler's filter plugins with its default settings.
type Filters struct {
	framework framework.Framework
	current   *current
	informers informers.SharedInformerFactory
}

// New returns filters that look at no cluster yet. They live until the context
// ends.
func New(ctx context.Context) (*Filters, error) {
	profile, err := profile()
	if err != nil {
		return nil, err
	}
	metrics.Register()
	client := fake.NewClientset()
	f := &Filters{
		current:   &current{Snapshot: schedulercache.NewEmptySnapshot()},
		informers: informers.NewSharedInformerFactory(client, 0), // never started: Look fills the listers
	}
	f.framework, err = runtime.NewFramework(ctx, plugins.NewInTreeRegistry(), profile,
		runtime.WithClientSet(client),
		runtime.WithInformerFactory(f.informers),
		runtime.WithSharedCSIManager(nodevolumelimits.NewCSIManager(f.informers.Storage().V1().CSINodes().Lister())),
		runtime.WithSnapshotSharedLister(f.current),
		runtime.WithParallelism(1),
	)
	if err != nil {
		return nil, fmt.Errorf("making a scheduling framework: %w", err)
	}
	return f, nil
}

// profile is the default one, reduced to the plugins that are checked and the
// two without which there is no profile.
func profile() (*config.KubeSchedulerProfile, error) {
	defaults, err := latest.Default()
	if err != nil {
		return nil, fmt.Errorf("reading the scheduler's defaults: %w", err)
	}
	p := defaults.Profiles[0].DeepCopy()
	p.Plugins = &config.Plugins{}
	for _, name := range append(checked(), names.PrioritySort, names.DefaultBinder) {
		p.Plugins.MultiPoint.Enabled = append(p.Plugins.MultiPoint.Enabled, config.Plugin{Name: name, Weight: 1})
	}
	return p, nil
}

// current is the snapshot that the plugins look at; it changes from case to
// case while the plugins stay.
type current struct{ *schedulercache.Snapshot }

// Objects are what the filters read beside nodes and pods.
type Objects struct {
	Namespaces []*corev1.Namespace
	Claims     []*corev1.PersistentVolumeClaim
	Volumes    []*corev1.PersistentVolume
	Classes    []*storagev1.StorageClass
	CSINodes   []*storagev1.CSINode
	Drivers    []*storagev1.CSIDriver
	Room       []*storagev1.CSIStorageCapacity
}

// Look makes the filters look at another cluster.
func (f *Filters) Look(nodes []*corev1.Node, bound []*corev1.Pod, o Objects) (*Cluster, error) {
	core, storage := f.informers.Core().V1(), f.informers.Storage().V1()
	if err := errors.Join(
		fill(core.Namespaces().Informer(), o.Namespaces),
		fill(core.PersistentVolumeClaims().Informer(), o.Claims),
		fill(core.PersistentVolumes().Informer(), o.Volumes),
		fill(storage.StorageClasses().Informer(), o.Classes),
		fill(storage.CSINodes().Informer(), o.CSINodes),
		fill(storage.CSIDrivers().Informer(), o.Drivers),
		fill(storage.CSIStorageCapacities().Informer(), o.Room),
	); err != nil {
		return nil, err
	}
	f.current.Snapshot = schedulercache.NewSnapshot(bound, nodes)
	return &Cluster{filters: f}, nil
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

var _ fwk.SharedLister = &current{}
