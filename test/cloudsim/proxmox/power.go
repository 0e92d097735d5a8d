// SPDX-License-Identifier: Apache-2.0

package proxmox

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

func startMachine(r *request) (any, *failure) {
	m, failed := r.machine()
	if failed != nil {
		return nil, failed
	}
	if m.template {
		return nil, refuse("you can't start a vm if it's a template")
	}
	region, dies := r.region, time.Duration(0)
	if r.rule != nil {
		dies = r.rule.Dies.Duration
	}
	return r.begin(work{kind: "qmstart", id: strconv.Itoa(m.id), locks: m, finish: func(now time.Time) error {
		if err := region.canStart(m); err != nil {
			return err
		}
		if dies == 0 {
			region.powerOn(m, now)
			return nil
		}
		m.running, m.started = true, now
		m.note(now)
		region.crash(m, now.Add(dies))
		return nil
	}}), nil
}

// canStart says why a machine would not run.
func (r *region) canStart(m *machine) error {
	h := r.hosts[m.host]
	switch {
	case r.machines[m.id] != m:
		return fmt.Errorf("Configuration file 'nodes/%s/qemu-server/%d.conf' does not exist", m.host, m.id) //nolint:staticcheck // the API's words
	case m.lock != "":
		return fmt.Errorf("VM is locked (%s)", m.lock) //nolint:staticcheck // the API's words
	case m.running:
		return fmt.Errorf("VM %d already running", m.id) //nolint:staticcheck // the API's words
	case r.runningMemory(m.host)+m.memory() > int64(h.MemoryMiB)<<20:
		return errors.New("start failed: QEMU exited with code 1: cannot set up guest memory 'pc.ram': Cannot allocate memory")
	}
	if err := r.freeDevices(m); err != nil {
		return err
	}
	for name, value := range m.options {
		ps := parseProperties(value)
		if bridge := ps.get("bridge"); strings.HasPrefix(name, "net") && bridge != "" && h.bridge(bridge) == nil {
			return fmt.Errorf("bridge '%s' does not exist", bridge)
		}
		if isDrive(name) && ps.file() != "none" && r.find(ps.file(), m.host) == nil {
			return fmt.Errorf("volume '%s' does not exist", ps.file())
		}
	}
	return nil
}

// runningMemory is the memory of all that runs on a host, in bytes.
func (r *region) runningMemory(host string) int64 {
	var sum int64
	for _, m := range r.machines {
		if m.host == host && m.running {
			sum += m.memory()
		}
	}
	for _, c := range r.containers {
		if c.Host == host && c.Running {
			sum += int64(c.MemoryMiB) << 20
		}
	}
	return sum
}

// stopMachine pulls the plug. Stopping what does not run succeeds.
func stopMachine(r *request) (any, *failure) {
	m, failed := r.machine()
	if failed != nil {
		return nil, failed
	}
	region := r.region
	return r.begin(work{kind: "qmstop", id: strconv.Itoa(m.id), locks: m, finish: func(now time.Time) error {
		if m.lock != "" {
			return fmt.Errorf("VM is locked (%s)", m.lock) //nolint:staticcheck // the API's words
		}
		region.powerOff(m, now)
		return nil
	}}), nil
}

// destroyMachine deletes a machine with its disks. Media stay: nobody owns them.
func destroyMachine(r *request) (any, *failure) {
	m, failed := r.unlocked()
	switch {
	case failed != nil:
		return nil, failed
	case m.running:
		return nil, refuse("VM %d is running - destroy failed", m.id)
	case truth(m.options["protection"]):
		return nil, refuse("can't remove VM %d - protection mode enabled", m.id)
	}
	region := r.region
	return r.begin(work{kind: "qmdestroy", id: strconv.Itoa(m.id), locks: m, finish: func(now time.Time) error {
		switch {
		case region.machines[m.id] != m:
			return fmt.Errorf("Configuration file 'nodes/%s/qemu-server/%d.conf' does not exist", m.host, m.id) //nolint:staticcheck // the API's words
		case m.running:
			return fmt.Errorf("VM %d is running - destroy failed", m.id) //nolint:staticcheck // the API's words
		}
		region.drop(m, now)
		return nil
	}}), nil
}

// resizeDisk lets a disk grow.
func resizeDisk(r *request) (any, *failure) {
	m, failed := r.unlocked()
	if failed != nil {
		return nil, failed
	}
	disk := r.in["disk"]
	ps := parseProperties(m.options[disk])
	v := r.find(ps.file(), m.host)
	if !isDrive(disk) || v == nil {
		return nil, invalid("disk", "disk '%s' does not exist", disk)
	}
	if failed := r.need(v.storage.path(), "Datastore.AllocateSpace"); failed != nil {
		return nil, failed
	}
	by, relative := strings.CutPrefix(r.in["size"], "+")
	bytes, err := parseSize(by)
	if err != nil {
		return nil, invalid("size", "%v", err)
	}
	if relative {
		bytes += v.bytes
	}
	if bytes < v.bytes {
		return nil, refuse("shrinking disks is not supported")
	}
	region := r.region
	return r.begin(work{kind: "resize", id: strconv.Itoa(m.id), locks: m, finish: func(time.Time) error {
		if region.volumes.used(v.storage, m.host)-v.bytes+bytes > int64(v.storage.GiB)*gib {
			return fmt.Errorf("storage '%s': no space left on device", v.storage.Name)
		}
		v.bytes = bytes
		m.options[disk] = parseProperties(m.options[disk]).set("size", formatSize(bytes)).String()
		return nil
	}}), nil
}

// regenerateCloudInit writes the medium of Proxmox's own cloud-init anew.
func regenerateCloudInit(r *request) (any, *failure) {
	m, failed := r.unlocked()
	if failed != nil {
		return nil, failed
	}
	for name, value := range m.options {
		if isDrive(name) && strings.HasSuffix(parseProperties(value).file(), "-cloudinit") {
			return nil, nil
		}
	}
	return nil, refuse("no cloud-init drive found")
}
