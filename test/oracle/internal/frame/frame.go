// SPDX-License-Identifier: Apache-2.0

// Package frame makes frameworks of the real kube-scheduler that run without an
// API server. It knows how their parts fit together, and decides neither which
// plugins run nor what they look at. Start reading at [New].
package frame

import (
	"context"
	"fmt"

	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/cache"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/apis/config"
	"k8s.io/kubernetes/pkg/scheduler/apis/config/latest"
	schedulercache "k8s.io/kubernetes/pkg/scheduler/backend/cache"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/nodevolumelimits"
	"k8s.io/kubernetes/pkg/scheduler/framework/runtime"
	"k8s.io/kubernetes/pkg/scheduler/metrics"
)

// Frame is a framework, with what its plugins look at.
type Frame struct {
	framework.Framework
	// Current is the snapshot that the plugins see; replace its content.
	Current *Current
	// Informers are never started: [Fill] fills their listers.
	Informers informers.SharedInformerFactory
}

// Current is a snapshot that changes while the plugins stay.
type Current struct{ *schedulercache.Snapshot }

var _ fwk.SharedLister = &Current{}

// New returns a framework of these plugins, with the arguments of the default
// profile, that looks at nothing yet. It lives until the context ends.
func New(ctx context.Context, enabled []config.Plugin, more ...runtime.Option) (*Frame, error) {
	defaults, err := latest.Default()
	if err != nil {
		return nil, fmt.Errorf("reading the scheduler's defaults: %w", err)
	}
	profile := defaults.Profiles[0].DeepCopy()
	profile.Plugins = &config.Plugins{MultiPoint: config.PluginSet{Enabled: enabled}}
	metrics.Register()
	client := fake.NewClientset()
	f := &Frame{Current: &Current{schedulercache.NewEmptySnapshot()}, Informers: informers.NewSharedInformerFactory(client, 0)}
	f.Framework, err = runtime.NewFramework(ctx, plugins.NewInTreeRegistry(), profile, append([]runtime.Option{
		runtime.WithClientSet(client),
		runtime.WithInformerFactory(f.Informers),
		runtime.WithSharedCSIManager(nodevolumelimits.NewCSIManager(f.Informers.Storage().V1().CSINodes().Lister())),
		runtime.WithSnapshotSharedLister(f.Current),
		runtime.WithMutableSnapshotLister(f.Current),
		runtime.WithParallelism(1),
	}, more...)...)
	if err != nil {
		return nil, fmt.Errorf("making a scheduling framework: %w", err)
	}
	return f, nil
}

// Fill has an informer's lister list these objects and no others.
func Fill[T any](informer cache.SharedIndexInformer, objects []T) error {
	list := make([]any, len(objects))
	for i, o := range objects {
		list[i] = o
	}
	if err := informer.GetIndexer().Replace(list, ""); err != nil {
		return fmt.Errorf("filling a lister: %w", err)
	}
	return nil
}
