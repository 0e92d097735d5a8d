// SPDX-License-Identifier: Apache-2.0

package making

import (
	"context"
	"errors"
	"fmt"

	"karpenter.sh/providers/proxmox/pve"
	"karpenter.sh/providers/proxmox/template"
)

// Update writes to the current machines of a template in a region what can be changed in
// them (PVE-028). Outdated ones stay as they are: they are replaced, and must not be marked
// as current.
func (m *Maker) Update(ctx context.Context, region string, o Order) error {
	r := m.recipe(o)
	s, err := m.look(ctx, region, r)
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range s.found {
		if f.Unseen && f.IsTemplate() {
			errs = append(errs, fmt.Errorf("machine %d of region %s: %w", f.ID, region, ErrUnseen))
		}
		if f.Verdict != template.Current {
			continue
		}
		if err := s.client.Configure(ctx, f.place(), differences(f.Options, r.Update(f.Options))); err != nil {
			errs = append(errs, fmt.Errorf("updating machine %d on host %s of region %s: %w", f.ID, f.Host, region, err))
		}
	}
	return errors.Join(errs...)
}

// differences leaves out of a change what is so already.
func differences(current pve.Options, change pve.Change) pve.Change {
	out := pve.Change{Set: pve.Options{}, Delete: change.Delete}
	for name, value := range change.Set {
		if current[name] != value {
			out.Set[name] = value
		}
	}
	return out
}
