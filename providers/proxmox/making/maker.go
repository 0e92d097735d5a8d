// SPDX-License-Identifier: Apache-2.0

package making

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/launch"
	"karpenter.sh/providers/proxmox/placement"
	"karpenter.sh/providers/proxmox/pve"
	"karpenter.sh/providers/proxmox/template"
)

// LowestID is the least ID of a template's machine (PVE-025).
const LowestID = 1000

// Options are what a maker works with; all are required.
type Options struct {
	// Clients call the regions, by name.
	Clients map[string]*pve.Client
	// IDs are those of machines of templates, from LowestID on.
	IDs *launch.IDs
	// Cluster is the identity of the Kubernetes cluster.
	Cluster string
}

// Maker makes machines of templates. It is safe for concurrent use, but that calls of
// Ensure, Update and Remove about one template in one region must not overlap.
type Maker struct {
	Options
	images images
	made   made
	busy   busy
}

// New returns a maker.
func New(o Options) *Maker {
	return &Maker{Options: o, images: newImages(), made: made{ids: map[madeFor]map[int]bool{}}, busy: busy{names: map[string]int{}}}
}

// ErrNoRegion means that nobody knows a region.
var ErrNoRegion = errors.New("no such region")

// Regions are those that are known, in order.
func (m *Maker) Regions() []string { return slices.Sorted(maps.Keys(m.Clients)) }

// Order is a template as it is wanted.
type Order struct {
	// Name is that of the object and of its machines.
	Name string
	Spec v1alpha1.ProxmoxTemplateSpec
	// Hash is that of what the machines are made from.
	Hash string
}

// Begin says that images are about to be fetched for a template, and returns what says
// that it is over. Whoever has begun must look whether the template is still wanted: who
// ends it asks [Maker.Busy] after it has been unwanted.
func (m *Maker) Begin(name string) (end func()) { return m.busy.begin(name) }

// Busy reports whether images are being fetched for a template.
func (m *Maker) Busy(name string) bool { return m.busy.is(name) }

// InPlaceHash is the hash of what is written to machines that are there.
func (m *Maker) InPlaceHash(o Order) (string, error) { return m.recipe(o).InPlaceHash() }

// recipe is the order without storages.
func (m *Maker) recipe(o Order) template.Recipe {
	return template.Recipe{Name: o.Name, Spec: o.Spec, Hash: o.Hash, Cluster: m.Cluster}
}

// Validate refuses what admission cannot tell. The error names the field.
func (m *Maker) Validate(o Order) error { return m.recipe(o).Validate() }

// sight is a region as it is now.
type sight struct {
	region   string
	client   *pve.Client
	hosts    []pve.Host
	storages []pve.Storage
	machines []pve.Machine
	// found are the machines of the name, by ID.
	found []Found
}

// Found is a machine of a template's name.
type Found struct {
	pve.Machine
	// Options are those of its configuration; none if its host cannot be reached.
	Options pve.Options
	// Unseen means that its host cannot be reached, so that nobody can tell whose it is.
	Unseen bool
	// Verdict is what it is to the order; Other if it is unseen.
	Verdict template.Verdict
}

func (f Found) place() pve.Place { return pve.Place{Host: f.Host, ID: f.ID} }

// look reads a region.
func (m *Maker) look(ctx context.Context, region string, r template.Recipe) (sight, error) {
	c := m.Clients[region]
	if c == nil {
		return sight{}, fmt.Errorf("region %q: %w", region, ErrNoRegion)
	}
	s := sight{region: region, client: c}
	var err error
	if s.hosts, err = c.Hosts(ctx); err != nil {
		return sight{}, fmt.Errorf("listing the hosts of region %s: %w", region, err)
	}
	if s.storages, err = c.Storages(ctx); err != nil {
		return sight{}, fmt.Errorf("listing the storages of region %s: %w", region, err)
	}
	if s.machines, err = c.Machines(ctx); err != nil {
		return sight{}, fmt.Errorf("listing the machines of region %s: %w", region, err)
	}
	s.found, err = s.named(ctx, r)
	return s, err
}

// named are the machines of the recipe's name, by ID. One that has gone meanwhile is left
// out.
func (s sight) named(ctx context.Context, r template.Recipe) ([]Found, error) {
	var out []Found
	for _, machine := range s.machines {
		if machine.Name != r.Name || machine.Type != "qemu" {
			continue
		}
		f := Found{Machine: machine, Unseen: !s.online(machine.Host)}
		if !f.Unseen {
			options, err := s.client.Options(ctx, f.place())
			if pve.IsGone(err) {
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("reading machine %d of region %s: %w", machine.ID, s.region, err)
			}
			f.Options, f.Verdict = options, r.Judge(machine, options)
		}
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b Found) int { return a.ID - b.ID })
	return out, nil
}

func (s sight) online(host string) bool {
	return slices.ContainsFunc(s.hosts, func(h pve.Host) bool { return h.Name == host && h.Status == "online" })
}

// entries say which host clones which of the machines: a current one, else an outdated one
// until its successor is there. What was known of hosts that cannot be reached stays
// (PVE-013).
func (s sight) entries(before []placement.Entry) []placement.Entry {
	out := map[string]placement.Entry{}
	for _, verdict := range []template.Verdict{template.Current, template.Outdated} {
		for _, e := range s.clonable(verdict) {
			if _, better := out[e.Host]; !better {
				out[e.Host] = e
			}
		}
	}
	for _, e := range before {
		_, better := out[e.Host]
		there := slices.ContainsFunc(s.machines, func(m pve.Machine) bool { return m.ID == e.Template })
		if e.Region == s.region && !better && there && !s.online(e.Host) {
			out[e.Host] = e
		}
	}
	return slices.Collect(maps.Values(out))
}

func (s sight) clonable(verdict template.Verdict) []placement.Entry {
	var templates []placement.Template
	for _, f := range s.found {
		if f.Verdict == verdict && f.IsTemplate() {
			templates = append(templates, placement.Template{Machine: f.Machine, Options: f.Options})
		}
	}
	entries, _ := placement.Find(s.region, templates, s.storages) // what cannot be cloned is not there
	return entries
}
