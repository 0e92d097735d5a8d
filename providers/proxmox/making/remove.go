// SPDX-License-Identifier: Apache-2.0

package making

import (
	"context"
	"errors"
	"fmt"

	"karpenter.sh/providers/proxmox/template"
)

// ErrUnseen means that a machine of the name is on a host that cannot be reached.
var ErrUnseen = errors.New("its host cannot be reached")

// Remove deletes all machines of a template in a region, current ones too. Those that have
// gone are no error.
func (m *Maker) Remove(ctx context.Context, region, name string) error {
	r := template.Recipe{Name: name, Cluster: m.Cluster}
	s, err := m.look(ctx, region, r)
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range s.found {
		switch {
		case f.Unseen && f.IsTemplate():
			errs = append(errs, fmt.Errorf("machine %d of region %s: %w", f.ID, region, ErrUnseen))
		case f.Verdict >= template.Outdated:
			errs = append(errs, m.remove(ctx, s, f.place(), r))
		}
	}
	return errors.Join(errs...)
}
