// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"karpenter.sh/providers/proxmox/launch"
	"karpenter.sh/providers/proxmox/machineconfig"
	"karpenter.sh/providers/proxmox/network"
	"karpenter.sh/providers/proxmox/pve"
)

const (
	// MachinesAge is how old a list of machines may be (PVE-014).
	MachinesAge = 5 * time.Second
	// together is how many configurations are read at a time.
	together = 8
	// rereads is how often a list is read anew that its machines contradict (PVE-221).
	rereads = 3
)

// Machine is a machine of a region, no template and no container, with what its
// configuration tells.
type Machine struct {
	pve.Machine
	Region string
	// Known means that the configuration could be read, now or earlier. It cannot while
	// the host is away or answers with an error, and says little while the machine is
	// being cloned.
	Known bool
	// Ours means that it was made by Karpenter, of this cluster or another; Owner is whose
	// it is then.
	Ours  bool
	Owner machineconfig.Owner
	// InstanceType and CPUType are what it was launched as; empty: not told.
	InstanceType, CPUType string
	// VCPUs is how many CPUs it has.
	VCPUs int
	// Addresses are those that its configuration gives it.
	Addresses []netip.Addr
	// FirstSeen is when this process saw it first: Proxmox VE tells no age that cloning
	// leaves alone.
	FirstSeen time.Time
}

// record is what is kept of a machine from list to list.
type record struct {
	name  string
	since time.Time
	// facts are what the configuration told; nil: it is yet to.
	facts *Machine
	// due means that it is to be read anew; until it can be, facts hold.
	due bool
}

// Machines are those of a region, at most a few seconds old and none that this process
// changed since. It is complete, or an error. The list must not be changed.
func (i *Inventory) Machines(ctx context.Context, region string) ([]Machine, error) {
	if i.regions[region] == nil {
		return nil, fmt.Errorf("region %q is not configured", region)
	}
	out, err := i.machines.Get(ctx, region)
	if err != nil {
		return nil, fmt.Errorf("listing the machines of region %s: %w", region, err)
	}
	return out, nil
}

// Changed says that this process has changed a machine of a region (PVE-014).
func (i *Inventory) Changed(region string) { i.machines.Invalidate(region) }

// errContradiction means that a listed machine is not where the list has it.
var errContradiction = errors.New("a machine is not on the host that it is listed on")

// loadMachines reads a list with what configurations tell. A machine that is not on its
// host has moved or gone: then all is read anew.
func (i *Inventory) loadMachines(ctx context.Context, name string) ([]Machine, error) {
	r := i.regions[name]
	for attempt := 1; ; attempt++ {
		out, err := i.listOnce(ctx, r)
		if !errors.Is(err, errContradiction) || attempt == rereads {
			return out, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-i.Clock.After(time.Second):
		}
	}
}

func (i *Inventory) listOnce(ctx context.Context, r *region) ([]Machine, error) {
	listed, err := r.client.Machines(ctx)
	if err != nil {
		return nil, err
	}
	var out []Machine
	for _, m := range listed {
		if m.Type == "qemu" && !m.IsTemplate() {
			out = append(out, Machine{Machine: m, Region: r.name})
		}
	}
	told, refused, errs := make([]bool, len(out)), make([]error, len(out)), make([]error, len(out))
	var all sync.WaitGroup
	turns := make(chan struct{}, together)
	for at := range out {
		if r.recall(&out[at], i.Clock.Now()) {
			continue
		}
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			told[at], refused[at], errs[at] = r.inquire(ctx, &out[at])
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	for _, gone := range r.remember(out, told, errors.Join(refused...)) {
		i.Book.Release(launch.Holder(r.name, gone))
	}
	return out, nil
}

// inquire reads what a machine's configuration tells; false: it could not, which is no
// error if the host is away. What is refused of one machine is told apart: it makes no list
// incomplete.
func (r *region) inquire(ctx context.Context, m *Machine) (told bool, refused, err error) {
	if m.Status == "unknown" {
		return false, nil, nil
	}
	options, err := r.client.Options(ctx, pve.Place{Host: m.Host, ID: m.ID})
	switch {
	case ctx.Err() != nil: // it looks like a host that is away
		return false, nil, context.Cause(ctx)
	case pve.IsGone(err):
		return false, nil, fmt.Errorf("machine %d, host %s: %w", m.ID, m.Host, errContradiction)
	case pve.IsUnreachable(err):
		return false, nil, nil
	case err != nil:
		return false, fmt.Errorf("reading machine %d of region %s: %w", m.ID, r.name, err), nil
	}
	m.tell(options)
	return true, nil, nil
}

// tell notes what a configuration says, in place of what it said before.
func (m *Machine) tell(options pve.Options) {
	*m = Machine{Machine: m.Machine, Region: m.Region, FirstSeen: m.FirstSeen}
	m.Known = true
	m.Owner, m.Ours = machineconfig.OwnerOf(options["description"])
	m.InstanceType = machineconfig.InstanceTypeOf(options)
	m.CPUType = machineconfig.CPUType(options)
	m.VCPUs = machineconfig.VCPUs(options)
	interfaces, err := network.Interfaces(options, nil)
	if err != nil {
		return // what cannot be read gives no address
	}
	for _, at := range interfaces {
		for _, p := range []netip.Prefix{at.Address4, at.Address6} {
			if p.IsValid() && !network.IsPool(p) {
				m.Addresses = append(m.Addresses, p.Addr())
			}
		}
	}
}

// settled reports whether what the configuration tells will not change: of a machine that
// is being made it will.
func (m *Machine) settled() bool {
	return m.Known && m.Lock == "" && (!m.Ours || m.InstanceType != "")
}

// recall fills in what is known of a machine already; false: its configuration is to be
// read.
func (r *region) recall(m *Machine, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	known, seen := r.records[m.ID]
	if !seen || known.name != m.Name {
		known = record{name: m.Name, since: now}
		r.records[m.ID] = known
	}
	m.FirstSeen = known.since
	if known.facts == nil {
		return false
	}
	facts := *known.facts
	facts.Machine, facts.FirstSeen = m.Machine, known.since
	*m = facts
	return !known.due
}

// remember keeps what a complete list was told, and what was refused, and returns the IDs of
// machines that have gone since the one before.
func (r *region) remember(machines []Machine, told []bool, refused error) (gone []int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refused = refused
	listed := map[int]bool{}
	for at, m := range machines {
		listed[m.ID] = true
		if told[at] && m.settled() {
			r.records[m.ID] = record{name: m.Name, since: m.FirstSeen, facts: &m}
		}
	}
	for id := range r.records {
		if !listed[id] {
			delete(r.records, id)
			gone = append(gone, id)
		}
	}
	return gone
}

// complete reports whether all machines have told what they are since they were doubted.
func (r *region) complete() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, known := range r.records {
		if known.facts == nil || known.due {
			return false
		}
	}
	return true
}

// unread is what was refused of machines when they were listed last.
func (r *region) unread() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.refused
}

// doubtRecords lets configurations be read anew. Those that cannot be keep what they told.
func (r *region) doubtRecords() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, known := range r.records {
		known.due = true
		r.records[id] = known
	}
}
