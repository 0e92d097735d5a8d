// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"k8s.io/utils/cpuset"

	"karpenter.sh/providers/proxmox/topology"
)

// Place is a host of a region.
type Place struct{ Region, Host string }

// Ledger is what hosts have left, by readings and by launches since. It is safe for
// concurrent use.
type Ledger struct {
	pins bool

	mu         sync.Mutex
	hosts      map[Place]*entry
	generation uint64
}

// entry is a host in the ledger.
type entry struct {
	host     Host
	launches map[int]launch
	// released are machines that have gone, and when: a reading that began before may show
	// them still.
	released map[int]time.Time
}

// launch is a machine that a reading may not show yet.
type launch struct {
	machine Machine
	started time.Time // zero: not yet
}

// NewLedger returns an empty ledger. With pins, machines get CPUs and NUMA nodes of their
// own.
func NewLedger(pins bool) *Ledger { return &Ledger{pins: pins, hosts: map[Place]*entry{}} }

// Reading is what a host was found to be and to run.
type Reading struct {
	Topology topology.Host
	// Machines run on it; containers are machines of no CPUs.
	Machines   []Machine
	Overcommit float64
	// Began is when it was begun.
	Began time.Time
}

// Read replaces what is known of a host. Launches go on counting until a reading that
// began after they had started; what it says of their machines is left out before.
func (l *Ledger) Read(at Place, r Reading) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.generation++
	e := l.hosts[at]
	if e == nil {
		e = &entry{launches: map[int]launch{}, released: map[int]time.Time{}}
		l.hosts[at] = e
	}
	for id, launched := range e.launches {
		if !launched.started.IsZero() && r.Began.After(launched.started) {
			delete(e.launches, id)
		}
	}
	for id, gone := range e.released {
		if r.Began.After(gone) {
			delete(e.released, id)
		}
	}
	e.host = Host{Host: r.Topology, Overcommit: r.Overcommit}
	for _, m := range r.Machines {
		_, launching := e.launches[m.ID]
		if _, gone := e.released[m.ID]; !launching && !gone {
			e.host.Machines = append(e.host.Machines, m)
		}
	}
}

// Generation changes whenever what hosts have left can have changed.
func (l *Ledger) Generation() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.generation
}

// Forget drops a host that is no longer a member of its cluster.
func (l *Ledger) Forget(at Place) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.generation++
	delete(l.hosts, at)
}

// now is a host with its launches.
func (e *entry) now() Host {
	h := e.host
	h.Machines = slices.Clone(h.Machines)
	for _, launched := range e.launches {
		h.Machines = append(h.Machines, launched.machine)
	}
	return h
}

// Free is what a host has left; false: it was never read.
func (l *Ledger) Free(at Place) (Free, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.hosts[at]
	if e == nil {
		return Free{}, false
	}
	return e.now().Free(), true
}

// Offers is what of a host a machine can take; false: it was never read. Reserve may find
// less: how pinned machines divide the memory of NUMA nodes is not looked at.
func (l *Ledger) Offers(at Place) (Free, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.hosts[at]
	if e == nil {
		return Free{}, false
	}
	h := e.now()
	free := h.Free()
	if l.pins {
		free.VCPUs = min(free.VCPUs, h.Pinnable()) // pinned CPUs are given out once
	}
	return free, true
}

// Holds reports whether there is room for a machine.
func (f Free) Holds(n Need) bool { return n.VCPUs <= f.VCPUs && n.MemoryBytes <= f.MemoryBytes }

// Reserve takes what a machine needs of a host, and tells what it got. Looking and taking
// are one step. The error is an NoRoomError, or that of a host that was never read.
func (l *Ledger) Reserve(at Place, id int, n Need) (Machine, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.hosts[at]
	if e == nil {
		return Machine{}, fmt.Errorf("host %s of region %s has not been read", at.Host, at.Region)
	}
	m := Machine{ID: id, VCPUs: n.VCPUs, MemoryBytes: n.MemoryBytes, Pinned: cpuset.New()}
	var err error
	if l.pins {
		m.Pinned, m.Nodes, err = Pin(e.now(), n)
		m.NodeCPUs = perNode(e.host.Nodes, m.Pinned)
	} else {
		err = e.now().room(n)
	}
	if err != nil {
		return Machine{}, err
	}
	e.launches[id] = launch{machine: m}
	delete(e.released, id)
	l.generation++
	return m, nil
}

// Started says that a machine runs: readings show it from now on.
func (l *Ledger) Started(at Place, id int, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.hosts[at]; e != nil {
		if launched, ok := e.launches[id]; ok {
			launched.started = now
			e.launches[id] = launched
		}
	}
}

// Cancel gives back what a launch took that failed. What a reading says of another machine
// with its ID stays.
func (l *Ledger) Cancel(at Place, id int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.generation++
	if e := l.hosts[at]; e != nil {
		delete(e.launches, id)
	}
}

// Launching reports whether a machine is being launched: it took of the host, and does not
// run yet.
func (l *Ledger) Launching(at Place, id int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.hosts[at]
	if e == nil {
		return false
	}
	launched, ok := e.launches[id]
	return ok && launched.started.IsZero()
}

// Release gives back what a machine takes that is gone.
func (l *Ledger) Release(at Place, id int, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.generation++
	if e := l.hosts[at]; e != nil {
		delete(e.launches, id)
		e.released[id] = now
		e.host.Machines = slices.DeleteFunc(e.host.Machines, func(m Machine) bool { return m.ID == id })
	}
}
