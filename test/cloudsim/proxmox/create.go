// SPDX-License-Identifier: Apache-2.0

package proxmox

import (
	"fmt"
	"strconv"
	"time"
)

// reserve checks that a machine can be made with an ID and in a pool.
func (r *request) reserve(parameter, host string) (*machine, *failure) {
	id, _ := strconv.Atoi(r.in[parameter]) // it was checked
	if pool := r.in["pool"]; pool != "" {
		if !r.pools[pool] {
			return nil, invalid("pool", "pool '%s' does not exist", pool)
		}
		if failed := r.need("/pool/"+pool, "VM.Allocate"); failed != nil {
			return nil, failed
		}
	}
	if r.taken(id) {
		return nil, refuse("unable to create VM %d - VM %d already exists on node '%s'", id, id, r.owner(id))
	}
	m := r.newMachine(id, host, r.now)
	m.pool = r.in["pool"]
	return m, nil
}

// in puts a machine that is being made where others see it.
func (r *request) insert(m *machine, lock string) {
	m.lock = lock
	m.note(r.now)
	r.machines[m.id] = m
}

// drop takes a machine away with all that it owns.
func (r *region) drop(m *machine, now time.Time) {
	for _, v := range r.volumes.ofMachine(m.id) {
		r.remove(v)
	}
	m.running = false
	r.ended(m)
	m.noteExists(now, false)
	delete(r.machines, m.id)
	r.gone = append(r.gone, m)
}

// createMachine makes a machine from options.
func createMachine(r *request) (any, *failure) {
	m, failed := r.reserve("vmid", r.in["node"])
	if failed != nil {
		return nil, failed
	}
	path := m.path()
	if r.need(path, "VM.Allocate") != nil {
		if m.pool == "" {
			return nil, denied(path, "VM.Allocate")
		}
		path = "/pool/" + m.pool // whoever may in the pool, may on its members
	}
	c := r.change()
	if failed := r.mayChange(m, c, path); failed != nil {
		return nil, failed
	}
	r.insert(m, "create")
	region := r.region
	return r.begin(work{
		kind: "qmcreate", id: strconv.Itoa(m.id), locks: m,
		finish: func(now time.Time) error {
			if err := region.apply(m, c, now); err != nil {
				return fmt.Errorf("unable to create VM %d - %w", m.id, err)
			}
			m.lock = ""
			if m.options["smbios1"] == "" {
				m.options["smbios1"] = "uuid=" + region.cloud.ids.UUID()
			}
			return nil
		},
		undo: func(now time.Time) { region.drop(m, now) },
	}), nil
}

// makeTemplate makes a machine one that can only be cloned.
func makeTemplate(r *request) (any, *failure) {
	m, failed := r.unlocked()
	switch {
	case failed != nil:
		return nil, failed
	case m.template:
		return nil, refuse("you can't convert a template to a template")
	case m.running:
		return nil, refuse("you can't convert a VM to template if VM is running")
	}
	region := r.region
	return r.begin(work{kind: "qmtemplate", id: strconv.Itoa(m.id), locks: m, finish: func(time.Time) error {
		region.rename(m)
		m.template = true
		return nil
	}}), nil
}
