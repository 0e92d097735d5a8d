// SPDX-License-Identifier: Apache-2.0

package proxmox

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"karpenter.sh/test/cloudsim/join"
)

// defaultPods is how many pods a kubelet runs that is not told.
const defaultPods = 110

// powerOn starts a machine, and what is in it.
func (r *region) powerOn(m *machine, now time.Time) {
	m.running, m.started = true, now
	m.note(now)
	r.cloud.yard.Boot(r.inside(m), booting{region: r, machine: m}, now)
}

// powerOff stops a machine: its kubelet falls silent.
func (r *region) powerOff(m *machine, now time.Time) {
	m.running, m.address = false, ""
	m.note(now)
	_ = r.cloud.yard.Lose(r.joinID(m)) // joiners note what is to be done, and cannot fail
}

// crash lets a machine stop by itself.
func (r *region) crash(m *machine, at time.Time) {
	r.cloud.agenda.Add(at, func(now time.Time) {
		r.cloud.mu.Lock()
		defer r.cloud.mu.Unlock()
		if r.machines[m.id] == m && m.running {
			r.powerOff(m, now)
		}
	})
}

// ended is told of machines that are no more: their nodes leave.
func (r *region) ended(m *machine) {
	m.address = ""
	for _, link := range r.links(m) {
		delete(r.leases, link.MAC)
	}
	_ = r.cloud.yard.End(r.joinID(m)) // as with powerOff
}

// joinID names a machine where its node is looked after: IDs come back, and it does not.
func (r *region) joinID(m *machine) string {
	return r.name + ":" + strconv.Itoa(m.id) + ":" + strconv.Itoa(m.born)
}

// inside is what a machine finds when it starts.
func (r *region) inside(m *machine) join.Machine {
	out := join.Machine{
		ID: r.joinID(m), NodeName: strings.ToLower(m.name()), ProviderID: fmt.Sprintf("proxmox://%s/%d", r.name, m.id),
		Region: r.name, Zone: m.host, Type: m.instanceType(), Architecture: "amd64",
		CPU: m.cpus(), Memory: m.number("memory", 512), DefaultMaxPods: defaultPods, Extended: r.extended(m),
		Seed: r.medium(m), Links: r.links(m),
	}
	if boot := r.bootDisk(m); boot != nil {
		out.Disk = int(boot.bytes / gib)
	}
	return out
}

// instanceType is the one that the cloud's controller reads from the firmware; without one
// it makes a name.
func (m *machine) instanceType() string {
	ps := parseProperties(m.options["smbios1"])
	sku := ps.get("sku")
	if truth(ps.get("base64")) {
		decoded, err := base64.StdEncoding.DecodeString(sku)
		if err != nil {
			return ""
		}
		sku = string(decoded)
	}
	if sku != "" {
		return sku
	}
	return fmt.Sprintf("%dVCPU-%dGB", m.cpus(), m.number("memory", 512)>>10)
}

// medium is what is on the first CD-ROM; nil: nothing.
func (r *region) medium(m *machine) []byte {
	for n := range 4 {
		ps := parseProperties(m.options["ide"+strconv.Itoa(n)])
		if v := r.find(ps.file(), m.host); v != nil && ps.isMedium() && v.content == "iso" {
			return v.data
		}
	}
	return nil
}

// bootDisk is the first disk of the boot order; nil: there is none.
func (r *region) bootDisk(m *machine) *volume {
	for name := range strings.SplitSeq(strings.TrimPrefix(m.options["boot"], "order="), ";") {
		ps := parseProperties(m.options[name])
		if v := r.find(ps.file(), m.host); v != nil && isDrive(name) && !ps.isMedium() {
			return v
		}
	}
	return nil
}

// links are the network devices of a machine that are connected, in order.
func (r *region) links(m *machine) []join.Link {
	var out []join.Link
	for n := range 32 {
		value, there := m.options["net"+strconv.Itoa(n)]
		ps := parseProperties(value)
		bridge := r.hosts[m.host].bridge(ps.get("bridge"))
		if !there || bridge == nil || bridge.Inactive || truth(ps.get("link_down")) {
			continue
		}
		mac := ps.get("macaddr")
		if mac == "" && len(ps) > 0 {
			mac = ps[0].value
		}
		link := join.Link{MAC: mac}
		if at := r.lease(mac, bridge); at.IsValid() {
			link.Lease = at.String()
		}
		out = append(out, link)
	}
	return out
}

// booting is the bootstrap of a machine: that of its medium or of its image.
type booting struct {
	region  *region
	machine *machine
}

// errNothingToBoot is a machine whose image waits for boot data that it did not get.
var errNothingToBoot = errors.New("there is no medium with boot data, and the image configures no kubelet")

// Boot implements join.Bootstrap.
func (b booting) Boot(m join.Machine) (join.Node, error) {
	var n join.Node
	var err error
	switch {
	case len(m.Seed) > 0:
		n, err = join.NoCloud{}.Boot(m)
	case b.machine.kubelet != nil:
		n, err = join.Configured(b.machine.kubelet).Boot(m)
	default:
		err = errNothingToBoot
	}
	if err != nil {
		return join.Node{}, err
	}
	return n, b.take(n.Machine.Address)
}

// take gives a machine the address that it was told to have, unless another one has it:
// then neither is reached reliably.
func (b booting) take(address string) error {
	b.region.cloud.mu.Lock()
	defer b.region.cloud.mu.Unlock()
	if !b.machine.running {
		return errors.New("it was stopped meanwhile")
	}
	for _, other := range b.region.sortedMachines() {
		if other != b.machine && other.address == address {
			return fmt.Errorf("machine %d has address %s, too", other.id, address)
		}
	}
	if owners := b.region.bridgesAt(address); len(owners) > 0 {
		return fmt.Errorf("host %s has address %s, too", owners[0], address)
	}
	b.machine.address = address
	return nil
}

// bridgesAt are the hosts that have an address themselves.
func (r *region) bridgesAt(address string) []string {
	var out []string
	for _, h := range r.sortedHosts() {
		if slices.ContainsFunc(h.Bridges, func(b Bridge) bool {
			at, _, _ := strings.Cut(b.CIDR, "/")
			at6, _, _ := strings.Cut(b.CIDR6, "/")
			return at == address || at6 == address
		}) {
			out = append(out, h.Name)
		}
	}
	return out
}
