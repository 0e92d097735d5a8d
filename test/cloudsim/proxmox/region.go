// SPDX-License-Identifier: Apache-2.0

package proxmox

import (
	"fmt"
	"net/netip"
	"slices"

	"karpenter.sh/test/cloudsim/control"
)

// region is a Proxmox cluster in use.
type region struct {
	cloud      *Cloud
	name       string
	down       bool // nobody answers
	hosts      map[string]*host
	storages   map[string]*storage
	volumes    volumes
	machines   map[int]*machine
	gone       []*machine // lists that are late still show them
	containers []Container
	pools      map[string]bool
	groups     []string
	images     map[string]Image
	users      map[string]*user
	tickets    map[string]ticket
	tasks      map[string]*task
	needed     map[privilegeOf]bool         // what was asked for and held
	refused    map[string][]control.Refusal // the first calls that were forbidden, by user
	births     int                          // machines so far
	leases     map[string]netip.Addr        // of DHCP, by MAC address
	zones      []Zone
	mappings   map[string]Mapping
}

// host is a member of a cluster in use.
type host struct {
	Host
	offline, maintenance bool
}

func (c *Cloud) newRegion(in Region) (*region, error) {
	r := &region{
		cloud: c, name: in.Name, hosts: map[string]*host{}, storages: map[string]*storage{}, volumes: volumes{},
		machines: map[int]*machine{}, containers: in.Containers, pools: map[string]bool{}, groups: in.SecurityGroups,
		images: in.Images, users: map[string]*user{}, tickets: map[string]ticket{}, tasks: map[string]*task{},
		needed: map[privilegeOf]bool{}, refused: map[string][]control.Refusal{}, leases: map[string]netip.Addr{}, zones: in.Zones, mappings: map[string]Mapping{},
	}
	for _, h := range in.Hosts {
		if h.CPUs < h.Cores || h.Cores < h.Sockets || h.Sockets < 1 || h.MemoryMiB < 1 {
			return nil, fmt.Errorf("host %s: CPUs, cores, sockets and memory are needed", h.Name)
		}
		r.hosts[h.Name] = &host{Host: h}
	}
	for _, s := range in.Storages {
		r.storages[s.Name] = &storage{Storage: s}
	}
	if err := r.defineNetworks(); err != nil {
		return nil, err
	}
	for _, m := range in.Mappings {
		r.mappings[m.ID] = m
	}
	for _, name := range in.Pools {
		r.pools[name] = true
	}
	for _, m := range in.Machines {
		if err := r.place(m); err != nil {
			return nil, fmt.Errorf("machine %d: %w", m.ID, err)
		}
	}
	return r, r.admit(in.Users)
}

// place puts a machine of the setup where it is.
func (r *region) place(in Machine) error {
	if r.hosts[in.Host] == nil {
		return fmt.Errorf("there is no host %q", in.Host)
	}
	if r.taken(in.ID) {
		return fmt.Errorf("the ID is taken")
	}
	m := r.newMachine(in.ID, in.Host, r.cloud.clock.Now())
	m.template, m.pool, m.lock, m.kubelet = in.Template, in.Pool, in.Lock, in.Kubelet
	for name, value := range in.Options {
		m.options[name] = value
		if !isDrive(name) {
			continue
		}
		if err := r.adopt(m, value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	r.machines[in.ID] = m
	if in.Running {
		r.powerOn(m, r.cloud.clock.Now())
		return nil
	}
	m.note(r.cloud.clock.Now())
	return nil
}

// taken reports whether a machine or container has the ID.
func (r *region) taken(id int) bool {
	return r.machines[id] != nil || slices.ContainsFunc(r.containers, func(c Container) bool { return c.ID == id })
}

// owner is the host of what has the ID; empty: nothing has it.
func (r *region) owner(id int) string {
	if m := r.machines[id]; m != nil {
		return m.host
	}
	for _, c := range r.containers {
		if c.ID == id {
			return c.Host
		}
	}
	return ""
}
