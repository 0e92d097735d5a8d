// SPDX-License-Identifier: Apache-2.0

package making

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"karpenter.sh/providers/proxmox/placement"
	"karpenter.sh/providers/proxmox/pve"
	"karpenter.sh/providers/proxmox/template"
)

// ErrUnseen means that a machine of the template is on a host that cannot be reached.
var ErrUnseen = errors.New("its host cannot be reached")

// Remove deletes all machines of a template in a region, current ones too. Those that have
// gone are no error. Of machines on hosts that cannot be reached it waits for those that
// were made for the template, half-made ones too: those of the entries of before, and those
// that the maker began, which may have been finished since. Others that have the name may
// be anybody's.
func (m *Maker) Remove(ctx context.Context, region, name string, before []placement.Entry) error {
	r := template.Recipe{Name: name, Cluster: m.Cluster}
	s, err := m.look(ctx, region, r)
	if err != nil {
		return err
	}
	var errs []error
	for _, machine := range s.machines {
		if !s.online(machine.Host) && m.madeHere(machine, madeFor{region, name}, before) {
			errs = append(errs, fmt.Errorf("machine %d of region %s: %w", machine.ID, region, ErrUnseen))
		}
	}
	for _, f := range s.found {
		if f.Verdict >= template.Outdated {
			errs = append(errs, m.remove(ctx, s, f.place(), r))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	m.made.end(madeFor{region, name})
	return nil
}

// madeHere reports whether a machine that nobody can look at has an ID that was made for a
// template, and no other name: some time after its host went the list has none.
func (m *Maker) madeHere(machine pve.Machine, of madeFor, before []placement.Entry) bool {
	if machine.Name != of.name && machine.Name != "" {
		return false
	}
	return m.made.has(of, machine.ID) || slices.ContainsFunc(before, func(e placement.Entry) bool {
		return e.Region == of.region && e.Template == machine.ID
	})
}
