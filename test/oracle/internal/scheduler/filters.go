// SPDX-License-Identifier: Apache-2.0

package scheduler

import (
	"context"
	"errors"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/kubernetes/pkg/scheduler/apis/config"
	schedulercache "k8s.io/kubernetes/pkg/scheduler/backend/cache"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/names"

	"karpenter.sh/test/oracle/internal/frame"
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
type Filters struct{ frame *frame.Frame }

// New returns filters that look at no cluster yet. They live until the context
// ends.
func New(ctx context.Context) (*Filters, error) { return Only(ctx, checked()...) }

// Only returns the filters of some plugins, to ask what these say whatever the
// others do.
func Only(ctx context.Context, plugins ...string) (*Filters, error) {
	var enabled []config.Plugin
	for _, name := range append(plugins, names.PrioritySort, names.DefaultBinder) { // no profile is without the last two
		enabled = append(enabled, config.Plugin{Name: name, Weight: 1})
	}
	f, err := frame.New(ctx, enabled)
	return &Filters{frame: f}, err
}

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
	core, storage := f.frame.Informers.Core().V1(), f.frame.Informers.Storage().V1()
	if err := errors.Join(
		frame.Fill(core.Namespaces().Informer(), o.Namespaces),
		frame.Fill(core.PersistentVolumeClaims().Informer(), o.Claims),
		frame.Fill(core.PersistentVolumes().Informer(), o.Volumes),
		frame.Fill(storage.StorageClasses().Informer(), o.Classes),
		frame.Fill(storage.CSINodes().Informer(), o.CSINodes),
		frame.Fill(storage.CSIDrivers().Informer(), o.Drivers),
		frame.Fill(storage.CSIStorageCapacities().Informer(), o.Room),
	); err != nil {
		return nil, err
	}
	f.frame.Current.Snapshot = schedulercache.NewSnapshot(bound, nodes)
	return &Cluster{filters: f}, nil
}
