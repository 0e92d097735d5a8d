// SPDX-License-Identifier: Apache-2.0

package stubmanager

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// Roll is a manager that notes which controllers are added, by what their logs call them.
type Roll struct {
	*Manager
	t     testing.TB
	names []string
}

// NewRoll returns one whose informers are those of a manager.
func NewRoll(t testing.TB, m *Manager) *Roll { return &Roll{Manager: m, t: t} }

// Names are the names of the controllers that were added, sorted.
func (r *Roll) Names() []string { return slices.Sorted(slices.Values(r.names)) }

// GetLogger implements manager.Manager.
func (r *Roll) GetLogger() logr.Logger {
	return funcr.NewJSON(func(line string) {
		var values struct{ Controller string }
		if err := json.Unmarshal([]byte(line), &values); err != nil {
			r.t.Error(err)
		}
		r.names = append(r.names, values.Controller)
	}, funcr.Options{})
}

// Add implements manager.Manager.
func (r *Roll) Add(added manager.Runnable) error {
	if c, is := added.(interface{ GetLogger() logr.Logger }); is {
		c.GetLogger().Info("added")
	}
	return r.Manager.Add(added)
}
