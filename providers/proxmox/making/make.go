// SPDX-License-Identifier: Apache-2.0

package making

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"karpenter.sh/providers/proxmox/placement"
	"karpenter.sh/providers/proxmox/pve"
	"karpenter.sh/providers/proxmox/template"
)

// Outcome is what a region has of a template.
type Outcome struct {
	// Entries are the hosts that can clone it.
	Entries []placement.Entry
	// Waiting are hosts whose image is not there yet.
	Waiting []string
	// Conflict is the ID of a machine in the way that is somebody else's; 0: there is none.
	Conflict int
	// Settled means that all is as it is wanted, and nothing outdated is left.
	Settled bool
}

// Ensure makes the machines of a template in a region whose images are there, and then
// removes those that are outdated. The outcome holds beside an error, unless the region
// could not be read: then its entries are those of before.
func (m *Maker) Ensure(ctx context.Context, region string, o Order, before []placement.Entry) (Outcome, error) {
	r := m.recipe(o)
	s, err := m.look(ctx, region, r)
	if err != nil {
		return Outcome{Entries: of(region, before)}, err
	}
	l := Lay(s.hosts, s.storages, o.Spec.StorageIDs)
	r.ImageStorage, r.DiskStorage = l.Image, l.Disk
	plan := l.Plan(s.found)
	out := Outcome{Conflict: plan.Conflict}
	var errs []error
	for _, host := range plan.Make {
		there, err := hasImage(ctx, s.client, host, l.Image, o.Spec.SourceImage.ImageID())
		switch {
		case err != nil:
			errs = append(errs, err)
		case !there:
			out.Waiting = append(out.Waiting, host)
		default:
			errs = append(errs, m.make(ctx, s, host, r))
		}
	}
	for _, place := range plan.Remove {
		errs = append(errs, m.remove(ctx, s, place, r))
	}
	err = errors.Join(errs...)
	out.Settled = err == nil && len(out.Waiting) == 0 && out.Conflict == 0
	if len(plan.Make)+len(plan.Remove) > 0 {
		now, again := m.look(ctx, region, r)
		if again != nil {
			return Outcome{Entries: of(region, before), Waiting: out.Waiting}, errors.Join(err, again)
		}
		s = now
	}
	out.Entries = s.entries(before)
	return out, err
}

// of are the entries of a region.
func of(region string, entries []placement.Entry) []placement.Entry {
	var out []placement.Entry
	for _, e := range entries {
		if e.Region == region {
			out = append(out, e)
		}
	}
	return out
}

// takenRetries is how often another ID is tried when somebody else was faster.
const takenRetries = 5

// make makes a machine on a host, and a template of it.
func (m *Maker) make(ctx context.Context, s sight, host string, r template.Recipe) error {
	for attempt := 0; ; attempt++ {
		id, err := m.IDs.Next(ctx, s.region, s.client)
		if err != nil {
			return err
		}
		place := pve.Place{Host: host, ID: id}
		err = s.client.Create(ctx, place, r.Spec.ResourcePool, r.Options())
		if pve.IsTaken(err) && attempt < takenRetries {
			continue
		}
		if err == nil {
			err = s.client.MakeTemplate(ctx, place)
		}
		if err != nil {
			err = fmt.Errorf("making template %s, machine %d on host %s of region %s: %w", r.Name, id, host, s.region, err)
			return errors.Join(err, m.undo(ctx, s, place, r))
		}
		return nil
	}
}

// undoLimit bounds what is done after a machine could not be made.
const undoLimit = 2 * time.Minute

// undo removes what was made half-way, also for callers that have gone.
func (m *Maker) undo(ctx context.Context, s sight, place pve.Place, r template.Recipe) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoLimit)
	defer cancel()
	if err := m.remove(ctx, s, place, r); err != nil {
		return fmt.Errorf("cleaning up: %w", err)
	}
	return nil
}

// remove deletes a machine that still is the template's. One that has gone is no error.
func (m *Maker) remove(ctx context.Context, s sight, place pve.Place, r template.Recipe) error {
	options, err := s.client.Options(ctx, place)
	if pve.IsGone(err) {
		return nil
	}
	if err == nil && r.Judge(pve.Machine{Name: options["name"], Template: flag(options["template"])}, options) < template.Outdated {
		return nil
	}
	if err == nil {
		err = s.client.Delete(ctx, place)
	}
	if err != nil && !pve.IsGone(err) {
		return fmt.Errorf("deleting machine %d on host %s of region %s: %w", place.ID, place.Host, s.region, err)
	}
	m.IDs.Freed(s.region, place.ID)
	return nil
}

// flag reads a boolean option.
func flag(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
}
