// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/cloudprovider/kit/cache"
	"karpenter.sh/providers/proxmox/capacity"
	"karpenter.sh/providers/proxmox/network"
	"karpenter.sh/providers/proxmox/placement"
	"karpenter.sh/providers/proxmox/pve"
	"karpenter.sh/providers/proxmox/survey"
	"karpenter.sh/providers/proxmox/topology"
)

const (
	// RefreshEvery is how often [Inventory.Refresh] is to be called: hosts, their load and
	// storages are that old (PVE-014, PVE-050).
	RefreshEvery = time.Minute
	// surveyEvery is how often a host is surveyed (PVE-050).
	surveyEvery = 15 * time.Minute
)

// Options are what an inventory works with. All are required but Settings.
type Options struct {
	// Clients call the regions, by name.
	Clients map[string]*pve.Client
	// Nodes lists the Nodes of the Kubernetes cluster, whose addresses are taken.
	Nodes  client.Reader
	Ledger *capacity.Ledger
	Book   *network.Book
	// Settings are the user's for hosts as they are now; nil: there are none.
	Settings func() topology.Settings
	Clock    clock.Clock
}

// Inventory keeps what was read. It is safe for concurrent use. Close it.
type Inventory struct {
	Options
	surveyor survey.Surveyor
	machines *cache.Cache[string, []Machine]
	regions  map[string]*region

	mu         sync.RWMutex // guards what follows, and the readings
	generation uint64
	nodesTold  bool
}

// region is what is kept of a region.
type region struct {
	name   string
	client *pve.Client

	begun   atomic.Uint64 // how many attempts to read it
	reads   turn          // one attempt at a time
	surveys turn          // one survey at a time; guards what follows

	hosts    map[string]bool      // those of which ledger or book know something
	surveyed map[string]time.Time // when each host was last
	bridged  map[string]time.Time // when the bridges of each host were read last
	renewed  time.Time            // when all configurations were asked for anew
	learnt   bool                 // all machines have told their addresses since

	mu      sync.Mutex // guards what follows
	records map[int]record
	refused error           // of the machines that were listed last
	missed  map[string]bool // hosts that were seen away, and not surveyed since
	silent  bool            // the region did not answer, and was not surveyed since

	reading Reading // the inventory's lock guards it
	read    bool    // it was read at least once; the same lock
}

// New returns an inventory of which nothing was read yet.
func New(o Options) *Inventory {
	if o.Settings == nil {
		o.Settings = func() topology.Settings { return nil }
	}
	i := &Inventory{Options: o, surveyor: survey.Surveyor{Ledger: o.Ledger, Clock: o.Clock}, regions: map[string]*region{}}
	for name, c := range o.Clients {
		i.regions[name] = &region{
			name: name, client: c, reads: newTurn(), surveys: newTurn(), records: map[int]record{}, missed: map[string]bool{},
			hosts: map[string]bool{}, surveyed: map[string]time.Time{}, bridged: map[string]time.Time{},
		}
	}
	i.machines = cache.New(cache.Options{Name: "proxmox.machines", TTL: MachinesAge, MaxAge: MachinesAge, Clock: o.Clock}, cache.Source[string, []Machine]{
		Load: i.loadMachines,
	})
	return i
}

// Close ends reads that are under way.
func (i *Inventory) Close() { i.machines.Close() }

// Regions are the names of those that are configured, in order.
func (i *Inventory) Regions() []string { return slices.Sorted(maps.Keys(i.regions)) }

// Client calls a region; nil: it is not configured.
func (i *Inventory) Client(region string) *pve.Client { return i.Clients[region] }

// Reading is what was read last of a region; false: nothing ever was.
func (i *Inventory) Reading(region string) (Reading, bool) {
	i.mu.RLock()
	defer i.mu.RUnlock()
	r := i.regions[region]
	if r == nil || !r.read {
		return Reading{}, false
	}
	return r.reading, true
}

// Generation changes whenever there are other hosts, or others of them can be used.
func (i *Inventory) Generation() uint64 {
	i.mu.RLock()
	defer i.mu.RUnlock()
	return i.generation
}

// Refresh reads all regions, at the same time. The error names those that could not be
// read, and the hosts that could not be surveyed; the others were.
func (i *Inventory) Refresh(ctx context.Context) error {
	nodes := i.tellNodes(ctx)
	errs := make([]error, len(i.regions))
	var all sync.WaitGroup
	for at, name := range i.Regions() {
		all.Go(func() { errs[at] = i.RefreshRegion(ctx, name) })
	}
	all.Wait()
	return errors.Join(append(errs, nodes)...)
}

// RefreshRegion reads one region, and then surveys its hosts that are due.
func (i *Inventory) RefreshRegion(ctx context.Context, name string) error {
	r := i.regions[name]
	if r == nil {
		return fmt.Errorf("region %q is not configured", name)
	}
	if err := r.reads.take(ctx); err != nil {
		return fmt.Errorf("reading region %s: %w", name, err)
	}
	hosts, refused, err := i.read(ctx, r)
	r.reads.leave()
	if err != nil {
		return err
	}
	if err := r.surveys.take(ctx); err != nil {
		return fmt.Errorf("surveying region %s: %w", name, err)
	}
	defer r.surveys.leave()
	return errors.Join(i.survey(ctx, r, hosts), refused, r.unread())
}

// Doubt has a region read anew of which something was seen that does not fit, unless that
// has happened since. Many may doubt at the same time. Nobody waits for a survey: that is
// left to [Inventory.Refresh].
func (i *Inventory) Doubt(ctx context.Context, name string) {
	r := i.regions[name]
	if r == nil {
		return
	}
	since := r.begun.Load()
	if r.reads.take(ctx) != nil {
		return // it is too late for who doubts
	}
	defer r.reads.leave()
	if r.begun.Load() > since {
		return
	}
	_, _, _ = i.read(ctx, r) // what came of it, the reading tells
}

// read reads a region, whose turn it is, and returns its hosts and what was refused.
func (i *Inventory) read(ctx context.Context, r *region) (hosts []pve.Host, refused, err error) {
	r.begun.Add(1)
	reading, refused, err := r.readAll(ctx)
	switch {
	case err != nil && ctx.Err() != nil: // whose time ended says nothing about the region
		return nil, nil, fmt.Errorf("reading region %s: %w", r.name, err)
	case err != nil:
		i.keep(r, func(known Reading) Reading {
			known.Answers = false
			return known
		}, false)
		r.miss(nil)
		return nil, nil, fmt.Errorf("reading region %s: %w", r.name, err)
	}
	i.keep(r, func(Reading) Reading { return reading }, true)
	r.miss(reading.Hosts)
	return reading.Hosts, refused, nil
}

// keep replaces the reading of a region. Nothing becomes of one that was never read by an
// attempt that failed.
func (i *Inventory) keep(r *region, change func(Reading) Reading, read bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	next := change(r.reading)
	if !next.sells(r.reading) || read && !r.read {
		i.generation++
	}
	r.reading, r.read = next, r.read || read
}

// readAll reads what a reading is made of. Of a template that cannot be read, what is known
// holds; what was refused is told apart.
func (r *region) readAll(ctx context.Context) (out Reading, refused, err error) {
	hosts, err := r.client.Hosts(ctx)
	if err != nil {
		return Reading{}, nil, err
	}
	storages, err := r.client.Storages(ctx)
	if err != nil {
		return Reading{}, nil, err
	}
	machines, err := r.client.Machines(ctx)
	if err != nil {
		return Reading{}, nil, err
	}
	out = Reading{Answers: true, Hosts: byName(hosts), Storages: storages}
	for _, m := range machines {
		if !m.IsTemplate() || m.Type != "qemu" {
			continue
		}
		options, err := r.client.Options(ctx, pve.Place{Host: m.Host, ID: m.ID})
		switch {
		case ctx.Err() != nil: // it looks like a host that has gone
			return Reading{}, nil, context.Cause(ctx)
		case pve.IsGone(err):
			continue
		case err != nil:
			if !pve.IsUnreachable(err) {
				refused = errors.Join(refused, fmt.Errorf("reading template %d of region %s: %w", m.ID, r.name, err))
			} // else its host has gone
			known, ok := r.reading.Template(m.ID)
			if !ok {
				continue
			}
			options = known.Options
		}
		out.Templates = append(out.Templates, placement.Template{Machine: m, Options: options})
	}
	slices.SortFunc(out.Templates, func(a, b placement.Template) int { return cmp.Compare(a.ID, b.ID) })
	return out, refused, nil
}

// survey reads the hosts that are due into the ledger, and the addresses of the region
// before.
func (i *Inventory) survey(ctx context.Context, r *region, hosts []pve.Host) error {
	r.expect()
	i.forget(r, hosts)
	if err := i.learnMachines(ctx, r); err != nil {
		return err
	}
	errs := []error{i.learnBridges(ctx, r, hosts)}
	i.allow()
	now := i.Clock.Now()
	for _, h := range hosts {
		if !h.Online() {
			continue
		}
		r.hosts[h.Name] = true
		if last, done := r.surveyed[h.Name]; done && now.Sub(last) < surveyEvery {
			continue
		}
		err := i.surveyor.Host(ctx, survey.Site{
			Place: capacity.Place{Region: r.name, Host: h.Name}, Client: r.client, Settings: i.Settings().For(r.name, h.Name),
		})
		if err == nil || errors.Is(err, survey.ErrGuessed) && !errors.Is(err, survey.ErrUnread) {
			r.surveyed[h.Name] = now
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// miss notes which hosts are away; none at all: the region does not answer.
func (r *region) miss(hosts []pve.Host) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.silent = r.silent || hosts == nil
	for _, h := range hosts {
		if !h.Online() {
			r.missed[h.Name] = true
		}
	}
}

// expect makes due what was away, for when it comes back.
func (r *region) expect() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.silent {
		clear(r.surveyed)
		clear(r.bridged)
		r.renewed = time.Time{}
	}
	for name := range r.missed {
		delete(r.surveyed, name)
		delete(r.bridged, name)
	}
	clear(r.missed)
	r.silent = false
}

// forget drops hosts that are no longer members of the cluster.
func (i *Inventory) forget(r *region, hosts []pve.Host) {
	for name := range r.hosts {
		if !slices.ContainsFunc(hosts, func(now pve.Host) bool { return now.Name == name }) {
			i.Book.Release(bridgeHolder(r.name, name))
			i.Ledger.Forget(capacity.Place{Region: r.name, Host: name})
			delete(r.surveyed, name)
			delete(r.bridged, name)
			delete(r.hosts, name)
		}
	}
}
