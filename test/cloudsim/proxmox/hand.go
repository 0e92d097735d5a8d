// SPDX-License-Identifier: Apache-2.0

package proxmox

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"karpenter.sh/test/cloudsim/control"
)

// ErrNotFound means that there is no such region, host, storage or machine.
var ErrNotFound = control.ErrNotFound

// with lets tests change a region.
func (c *Cloud) with(name string, do func(*region) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.regions[name]
	if r == nil {
		return fmt.Errorf("region %s: %w", name, ErrNotFound)
	}
	return do(r)
}

// SetRegionDown lets a whole region fall silent, or answer again.
func (c *Cloud) SetRegionDown(in string, down bool) error {
	return c.with(in, func(r *region) error { r.down = down; return nil })
}

// SetHostOffline takes a host away, with its tasks and all that runs on it, or brings it
// back with everything stopped. One that is as it is to be stays so, with what runs on it.
func (c *Cloud) SetHostOffline(in, at string, offline bool) error {
	return c.onHost(in, at, func(r *region, h *host) {
		if h.offline == offline {
			return
		}
		h.offline = offline
		for _, m := range r.machines {
			if m.host == at && m.running {
				r.powerOff(m, c.clock.Now())
			}
		}
	})
}

// SetHostMaintenance takes a host into maintenance, or out of it.
func (c *Cloud) SetHostMaintenance(in, at string, maintenance bool) error {
	return c.onHost(in, at, func(_ *region, h *host) { h.maintenance = maintenance })
}

func (c *Cloud) onHost(in, at string, do func(*region, *host)) error {
	return c.with(in, func(r *region) error {
		h := r.hosts[at]
		if h == nil {
			return fmt.Errorf("host %s: %w", at, ErrNotFound)
		}
		do(r, h)
		return nil
	})
}

// SetStorageFree lets a storage be full but for so many GiB, on each host that has one of
// its own, or gives back what was taken so, if that is less than nothing.
func (c *Cloud) SetStorageFree(in, name string, free int) error {
	return c.with(in, func(r *region) error {
		s := r.storages[name]
		if s == nil {
			return fmt.Errorf("storage %s: %w", name, ErrNotFound)
		}
		s.blocked = map[string]int64{}
		if free < 0 {
			return nil
		}
		for _, h := range r.hosts {
			place := s.place(h.Name)
			if _, done := s.blocked[place]; !done {
				s.blocked[place] = max(0, int64(s.GiB-free)*gib-r.volumes.used(s, h.Name))
			}
		}
		return nil
	})
}

// SetTime changes how long tasks of a type take from now on.
func (c *Cloud) SetTime(kind string, takes time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.times[kind]; !known {
		return fmt.Errorf("tasks of type %s: %w", kind, ErrNotFound)
	}
	c.times[kind] = takes
	return nil
}

// SetGrants changes what a user may do; nil: it may do what it may by the setup. What is
// forbidden meanwhile is not remembered (Permissions).
func (c *Cloud) SetGrants(in, name string, grants []Grant) error {
	return c.with(in, func(r *region) error {
		u := r.users[name]
		if u == nil {
			return fmt.Errorf("user %s: %w", name, ErrNotFound)
		}
		u.Grants, u.changed = grants, grants != nil
		if grants == nil {
			u.Grants = u.setup
		}
		return nil
	})
}

// onMachine lets tests change a machine, by its ID: "region:100".
func (c *Cloud) onMachine(id string, do func(*region, *machine)) error {
	in, number, _ := strings.Cut(id, ":")
	n, _ := strconv.Atoi(number) // 0 is nobody's
	return c.with(in, func(r *region) error {
		m := r.machines[n]
		if m == nil {
			return fmt.Errorf("machine %s: %w", id, ErrNotFound)
		}
		do(r, m)
		return nil
	})
}

// Lose implements control.Target: what runs in a machine hangs, and the machine goes on.
func (c *Cloud) Lose(id string) error {
	return c.onMachine(id, func(r *region, m *machine) { _ = c.yard.Lose(r.joinID(m)) }) // as with powerOff
}

// PowerOff pulls the plug of a machine, as somebody else would.
func (c *Cloud) PowerOff(id string) error {
	return c.onMachine(id, func(r *region, m *machine) { r.powerOff(m, c.clock.Now()) })
}

// PowerOn starts a machine, as somebody else would.
func (c *Cloud) PowerOn(id string) error {
	return c.onMachine(id, func(r *region, m *machine) {
		if !m.running {
			r.powerOn(m, c.clock.Now())
		}
	})
}

// Remove deletes a machine or template at once with its disks, whether it runs or not, as
// somebody else would.
func (c *Cloud) Remove(id string) error {
	return c.onMachine(id, func(r *region, m *machine) { r.drop(m, c.clock.Now()) })
}

// SetStorageDisabled takes a storage away, or brings it back.
func (c *Cloud) SetStorageDisabled(in, name string, disabled bool) error {
	return c.with(in, func(r *region) error {
		s := r.storages[name]
		if s == nil {
			return fmt.Errorf("storage %s: %w", name, ErrNotFound)
		}
		s.disabled = disabled
		return nil
	})
}

// SetStorageInactive lets a storage fall silent on every host, though it stays enabled, or
// answer again.
func (c *Cloud) SetStorageInactive(in, name string, inactive bool) error {
	return c.with(in, func(r *region) error {
		s := r.storages[name]
		if s == nil {
			return fmt.Errorf("storage %s: %w", name, ErrNotFound)
		}
		s.inactive = inactive
		return nil
	})
}

// Migrate moves a machine to another host at once, as somebody else would.
func (c *Cloud) Migrate(in string, id int, to string) error {
	return c.with(in, func(r *region) error {
		m := r.machines[id]
		if m == nil || r.hosts[to] == nil {
			return fmt.Errorf("machine %d or host %s: %w", id, to, ErrNotFound)
		}
		for _, v := range r.volumes.ofMachine(id) {
			r.remove(v)
			v.place = v.storage.place(to)
			r.volumes[where{v.place, v.id}] = v
		}
		m.host = to
		m.note(c.clock.Now())
		return nil
	})
}

// Place puts a machine into a region, as somebody else would.
func (c *Cloud) Place(in string, m Machine) error {
	return c.with(in, func(r *region) error { return r.place(m) })
}

// Seen is what a region holds of a machine.
type Seen struct {
	ID       int               `json:"id"`
	Host     string            `json:"host"`
	Pool     string            `json:"pool"`
	Running  bool              `json:"running"`
	Template bool              `json:"template"`
	Lock     string            `json:"lock"`
	Options  map[string]string `json:"options"`
	// Firewall are the options of its firewall, Rules its rules in their order.
	Firewall map[string]string   `json:"firewall"`
	Rules    []map[string]string `json:"rules"`
}

// Machines are those of a region as they are now, by ID.
func (c *Cloud) Machines(in string) ([]Seen, error) {
	var out []Seen
	err := c.with(in, func(r *region) error {
		for _, m := range r.sortedMachines() {
			f := m.firewall.clone()
			out = append(out, Seen{
				ID: m.id, Host: m.host, Pool: m.pool, Running: m.running, Template: m.template, Lock: m.lock,
				Options: maps.Clone(m.options), Firewall: f.options, Rules: f.rules,
			})
		}
		return nil
	})
	return out, err
}

// Volumes are the IDs of all volumes of a region, with the host of those that are not
// shared: "local:iso/x.iso@pve1".
func (c *Cloud) Volumes(in string) ([]string, error) {
	var out []string
	err := c.with(in, func(r *region) error {
		for _, v := range r.volumes {
			id := v.id
			if v.place != "" {
				id += "@" + v.place
			}
			out = append(out, id)
		}
		return nil
	})
	slices.Sort(out)
	return out, err
}

// File is what was uploaded as a volume; nil: there is none.
func (c *Cloud) File(in, at, id string) ([]byte, error) {
	var out []byte
	err := c.with(in, func(r *region) error {
		v := r.find(id, at)
		if v == nil {
			return fmt.Errorf("volume %s on host %s: %w", id, at, ErrNotFound)
		}
		out = slices.Clone(v.data)
		return nil
	})
	return out, err
}
