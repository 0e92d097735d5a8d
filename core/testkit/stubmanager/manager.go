// SPDX-License-Identifier: Apache-2.0

// Package stubmanager is a manager for tests of how a controller is registered: what it
// watches, and how its rounds follow one another. It keeps the controller that is added,
// for the test to start, and hands out informers by which the test makes events.
//
// It runs nothing by itself and talks to no API server.
package stubmanager

import (
	"context"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache/informertest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllertest"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// Manager is the manager. What it does not have panics when it is asked for.
type Manager struct {
	manager.Manager
	// Informers bring the events; nil for controllers that watch nothing.
	Informers *informertest.FakeInformers
	// Added is what was added last.
	Added manager.Runnable
}

// New returns a manager whose informers know these kinds. They are made here, because
// the watches of a controller start together and the fake makes informers without a lock.
func New(ctx context.Context, scheme *runtime.Scheme, kinds ...client.Object) (*Manager, error) {
	m := &Manager{Informers: &informertest.FakeInformers{Scheme: scheme}}
	for _, kind := range kinds {
		if _, err := m.Informers.GetInformer(ctx, kind); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// Informer is that of a kind.
func (m *Manager) Informer(ctx context.Context, kind client.Object) (*controllertest.FakeInformer, error) {
	return m.Informers.FakeInformerFor(ctx, kind)
}

// GetControllerOptions implements manager.Manager.
func (*Manager) GetControllerOptions() config.Controller {
	return config.Controller{SkipNameValidation: new(true)}
}

// GetLogger implements manager.Manager.
func (*Manager) GetLogger() logr.Logger { return logr.Discard() }

// GetScheme implements manager.Manager.
func (m *Manager) GetScheme() *runtime.Scheme { return m.Informers.Scheme }

// GetCache implements manager.Manager.
func (m *Manager) GetCache() cache.Cache { return m.Informers }

// Add implements manager.Manager.
func (m *Manager) Add(added manager.Runnable) error {
	m.Added = added
	return nil
}
