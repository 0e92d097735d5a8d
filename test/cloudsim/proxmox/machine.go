// SPDX-License-Identifier: Apache-2.0

package proxmox

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// machine is a virtual machine.
type machine struct {
	id       int
	host     string
	pool     string
	template bool
	running  bool
	lock     string // clone, create, ...; empty: none
	options  map[string]string
	firewall firewall
	// kubelet is what the kubelet of its image is configured with; nil: boot data do that.
	kubelet map[string]any

	born    int    // which of the machines of the region it is, however IDs are used
	address string // that its node was told to have; empty: it has none
	started time.Time
	busy    time.Time // until then its configuration is locked
	history []sight   // what it was, the latest last
}

// sight is what can be seen of a machine without asking its host.
type sight struct {
	at              time.Time
	exists, running bool
	host            string
}

func (r *region) newMachine(id int, host string, now time.Time) *machine {
	r.births++
	return &machine{
		id: id, host: host, born: r.births, firewall: firewall{options: map[string]string{}},
		options: map[string]string{"vmgenid": r.cloud.ids.UUID(), "meta": fmt.Sprintf("creation-qemu=9.2.0,ctime=%d", now.Unix())},
	}
}

// note remembers what a machine has become.
func (m *machine) note(now time.Time) { m.noteExists(now, true) }

func (m *machine) noteExists(now time.Time, exists bool) {
	m.history = append(m.history, sight{at: now, exists: exists, running: m.running, host: m.host})
}

// machineKind is the kind of read that can be late.
const machineKind = "machine"

// seen is what reads that may be late show of a machine.
func (m *machine) seen(r *request) sight {
	for i := len(m.history) - 1; i >= 0; i-- {
		if r.cloud.delays.Shows(machineKind, m.history[i].at, r.now) {
			m.history = m.history[i:] // older ones never show again
			return m.history[0]
		}
	}
	return sight{}
}

func (m *machine) path() string { return "/vms/" + strconv.Itoa(m.id) }

func (m *machine) name() string {
	if name := m.options["name"]; name != "" {
		return name
	}
	return "VM " + strconv.Itoa(m.id)
}

func (m *machine) number(option string, otherwise int) int {
	if n, err := strconv.Atoi(m.options[option]); err == nil {
		return n
	}
	return otherwise
}

func (m *machine) cpus() int { return m.number("cores", 1) * m.number("sockets", 1) }

func (m *machine) memory() int64 { return int64(m.number("memory", 512)) << 20 }

func (r *region) sortedMachines() []*machine {
	return slices.SortedFunc(maps.Values(r.machines), func(a, b *machine) int { return a.id - b.id })
}

// entry is a machine in a list.
func (m *machine) entry(r *request, seen sight) map[string]any {
	status := map[bool]string{true: "running", false: "stopped"}[seen.running]
	if h := r.hosts[seen.host]; h == nil || h.offline {
		status = "unknown"
	}
	out := map[string]any{
		"id": "qemu/" + strconv.Itoa(m.id), "type": "qemu", "vmid": m.id, "node": seen.host, "name": m.name(), "status": status,
		"template": map[bool]int{true: 1, false: 0}[m.template], "maxcpu": m.cpus(), "maxmem": m.memory(),
	}
	for name, value := range map[string]string{"pool": m.pool, "tags": m.options["tags"], "lock": m.lock} {
		if value != "" {
			out[name] = value
		}
	}
	return out
}

func machineCalls() map[string]handler {
	const on = "/nodes/{node}/qemu/{vmid}"
	return map[string]handler{
		"GET /nodes/{node}/qemu":        listMachines,
		"POST /nodes/{node}/qemu":       createMachine,
		"DELETE " + on:                  destroyMachine,
		"GET " + on + "/status/current": machineStatus,
		"POST " + on + "/status/start":  startMachine,
		"POST " + on + "/status/stop":   stopMachine,
		"GET " + on + "/config":         readOptions,
		"POST " + on + "/config":        changeOptionsLater,
		"PUT " + on + "/config":         changeOptionsNow,
		"PUT " + on + "/resize":         resizeDisk,
		"PUT " + on + "/cloudinit":      regenerateCloudInit,
		"POST " + on + "/template":      makeTemplate,
		"POST " + on + "/clone":         cloneMachine,
	}
}

// machine is the one that a call is about, on the host that it names.
func (r *request) machine() (*machine, *failure) {
	id, _ := strconv.Atoi(r.in["vmid"]) // it was checked
	m := r.machines[id]
	if m == nil || m.host != r.in["node"] || !m.seen(r).exists {
		return nil, refuse("Configuration file 'nodes/%s/qemu-server/%d.conf' does not exist", r.in["node"], id)
	}
	return m, nil
}

// unlocked is the machine that a call is about, if nothing is being done with it.
func (r *request) unlocked() (*machine, *failure) {
	m, failed := r.machine()
	if failed == nil && m.lock != "" {
		return nil, refuse("VM is locked (%s)", m.lock)
	}
	return m, failed
}

func listMachines(r *request) (any, *failure) {
	out := []any{}
	for _, m := range r.sortedMachines() {
		if m.host == r.in["node"] && r.need(m.path(), "VM.Audit") == nil {
			out = append(out, m.status(r))
		}
	}
	return out, nil
}

func machineStatus(r *request) (any, *failure) {
	m, failed := r.machine()
	if failed != nil {
		return nil, failed
	}
	return m.status(r), nil
}

func (m *machine) status(r *request) map[string]any {
	out := map[string]any{
		"vmid": m.id, "name": m.name(), "status": "stopped", "qmpstatus": "stopped", "cpus": m.cpus(), "maxmem": m.memory(),
		"ha": map[string]any{"managed": 0},
	}
	if m.running {
		out["status"], out["qmpstatus"], out["uptime"], out["pid"] = "running", "running", int64(r.now.Sub(m.started).Seconds()), 1
	}
	if m.template {
		out["template"] = 1
	}
	if m.lock != "" {
		out["lock"] = m.lock
	}
	if tags := m.options["tags"]; tags != "" {
		out["tags"] = tags
	}
	return out
}

// digest is that of a configuration.
func (m *machine) digest() string { return hash(written(m.options)) }

// written are options as a file has them.
func written(options map[string]string) string {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(options)) {
		text.WriteString(name + ": " + options[name] + "\n")
	}
	return text.String()
}

func hash(text string) string {
	sum := sha1.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

func readOptions(r *request) (any, *failure) {
	m, failed := r.machine()
	if failed != nil {
		return nil, failed
	}
	out := map[string]any{"digest": m.digest()}
	for name, value := range m.options {
		out[name] = value
		if n, err := strconv.Atoi(value); err == nil && r.options().Integers(name) {
			out[name] = n
		}
	}
	if m.template {
		out["template"] = 1
	}
	if m.lock != "" {
		out["lock"] = m.lock
	}
	return out, nil
}
