// SPDX-License-Identifier: Apache-2.0

package making

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/providers/proxmox/placement"
	"karpenter.sh/providers/proxmox/pve"
	"karpenter.sh/providers/proxmox/template"
)

// Outcome is what a region has of a template.
type Outcome struct {
	// Entries are the hosts that can clone it.
	Entries []placement.Entry
	// Waiting are hosts whose image is not there yet.
	Waiting []Waiting
	// Conflict is the ID of a machine in the way that is somebody else's; 0: there is none.
	Conflict int
	// Settled means that all is as it is wanted, and nothing outdated is left.
	Settled bool
}

// Waiting is a host whose image is not there yet.
type Waiting struct {
	Host string
	// Err is why the last download failed; nil: none did.
	Err error
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
	out := Outcome{Entries: of(region, before)}
	var errs []error
	plan := l.Plan(s.found)
	if len(plan.Make) > 0 {
		out.Waiting, err = m.makeAll(ctx, s, l, r, plan.Make)
		errs = append(errs, err)
		if s, err = m.look(ctx, region, r); err != nil {
			return out, errors.Join(append(errs, err)...)
		}
		plan = l.Plan(s.found)
	}
	if len(plan.Remove) > 0 {
		for _, place := range plan.Remove {
			errs = append(errs, m.remove(ctx, s, place, r))
		}
		if s, err = m.look(ctx, region, r); err != nil {
			return out, errors.Join(append(errs, err)...)
		}
	}
	err = errors.Join(errs...)
	out.Entries, out.Conflict = s.entries(before), plan.Conflict
	out.Settled = err == nil && len(plan.Make) == 0 && plan.Conflict == 0
	return out, err
}

// together is how many machines of a region are made at a time.
const together = 4

// makeAll makes a machine on each of the hosts whose image is there, and returns the others.
func (m *Maker) makeAll(ctx context.Context, s sight, l Layout, r template.Recipe, hosts []string) ([]Waiting, error) {
	var waiting []Waiting
	var places []pve.Place
	var errs []error
	image := r.Spec.SourceImage.ImageID()
	for _, host := range hosts {
		there, err := hasImage(ctx, s.client, host, l.Image, image)
		if err == nil && !there {
			waiting = append(waiting, Waiting{host, m.images.failure(l.at(s.region, host, image))})
			continue
		}
		place := pve.Place{Host: host}
		if err == nil {
			place.ID, err = m.IDs.Next(ctx, s.region, s.client)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		places = append(places, place)
	}
	errs = append(errs, concurrency.Each(places, together, func(_ int, place pve.Place) error { return m.make(ctx, s, place, r) })...)
	return waiting, errors.Join(errs...)
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

// make makes a machine, and a template of it.
func (m *Maker) make(ctx context.Context, s sight, place pve.Place, r template.Recipe) error {
	of := madeFor{s.region, r.Name}
	for attempt := 0; ; attempt++ {
		m.made.begin(of, place.ID)
		err := s.client.Create(ctx, place, r.Spec.ResourcePool, r.Options())
		if pve.IsTaken(err) && attempt < takenRetries {
			m.made.gone(of, place.ID)
			if place.ID, err = m.IDs.Next(ctx, s.region, s.client); err != nil {
				return err
			}
			continue
		}
		if err == nil {
			err = s.client.MakeTemplate(ctx, place)
		}
		if err != nil {
			err = fmt.Errorf("making template %s, machine %d on host %s of region %s: %w", r.Name, place.ID, place.Host, s.region, err)
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
		m.made.gone(madeFor{s.region, r.Name}, place.ID)
		return nil
	}
	if err == nil && r.Judge(pve.Machine{Name: options["name"], Template: flag(options["template"])}, options) < template.Outdated {
		m.made.gone(madeFor{s.region, r.Name}, place.ID)
		return nil
	}
	if err == nil {
		err = s.client.Delete(ctx, place)
	}
	if err != nil && !pve.IsGone(err) {
		return fmt.Errorf("deleting machine %d on host %s of region %s: %w", place.ID, place.Host, s.region, err)
	}
	m.made.gone(madeFor{s.region, r.Name}, place.ID)
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
