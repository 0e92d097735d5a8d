// SPDX-License-Identifier: Apache-2.0

package machineconfig

import (
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"karpenter.sh/providers/proxmox/pve"
)

// Launch is what a machine is made into after it was cloned.
type Launch struct {
	// ID and Name are the machine's.
	ID   int
	Name string
	// InstanceType is the name of its type.
	InstanceType string
	VCPUs        int
	MemoryBytes  int64
	// DiskBytes is the size that the boot disk grows to, if it is smaller.
	DiskBytes int64
	Tags      []string
	// Affinity are the CPUs of the host that it is pinned to; empty: none.
	Affinity string
	// Bindings are its shares of the host's NUMA nodes; none: it is not bound.
	Bindings []Binding
}

// Binding is a share of a NUMA node of the host.
type Binding struct {
	Node  int
	VCPUs int
	// MiB is the memory.
	MiB int64
}

// ErrNoBootDisk means that a machine has no disk that could grow.
var ErrNoBootDisk = errors.New("it has no boot disk")

// maxQueues is how many queues a network device may have.
const maxQueues = 64

// Options are what a launch sets, given what the clone has (PVE-065).
func (l Launch) Options(of pve.Options) pve.Options {
	out := pve.Options{
		"cores": strconv.Itoa(l.VCPUs), "memory": strconv.FormatInt(l.MemoryBytes>>20, 10), "smbios1": l.smbios(of["smbios1"]),
		"tags": JoinTags(l.Tags),
	}
	if out["tags"] == "" {
		delete(out, "tags")
	}
	if l.Affinity != "" {
		out["affinity"] = l.Affinity
	}
	l.bind(out)
	for name, value := range of {
		if device, ok := withQueues(name, value, min(l.VCPUs, maxQueues)); ok {
			out[name] = device
		}
	}
	return out
}

// bind gives guest CPUs to NUMA nodes of the host, in the order of the latter.
func (l Launch) bind(out pve.Options) {
	bindings := slices.SortedFunc(slices.Values(l.Bindings), func(a, b Binding) int { return a.Node - b.Node })
	first := 0
	for i, b := range bindings {
		last := first + b.VCPUs - 1
		out["numa"] = "1"
		out["numa"+strconv.Itoa(i)] = fmt.Sprintf("cpus=%s,hostnodes=%d,memory=%d,policy=bind", span(first, last), b.Node, b.MiB)
		first = last + 1
	}
}

func span(first, last int) string {
	if first == last {
		return strconv.Itoa(first)
	}
	return strconv.Itoa(first) + "-" + strconv.Itoa(last)
}

// smbios tells the guest its type and name, from where a cloud controller reads them. What
// else there is stays, encoded as the rest is.
func (l Launch) smbios(current string) string {
	var ps properties
	if current != "" {
		ps = parseProperties(current)
	}
	if ps.get("base64") != "1" {
		for i, p := range ps {
			if p.name != "uuid" && p.name != "base64" {
				ps[i].value = encode(p.value)
			}
		}
	}
	return ps.with("sku", encode(l.InstanceType)).with("serial", encode(fmt.Sprintf("h=%s;i=%d", l.Name, l.ID))).with("base64", "1").String()
}

func encode(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

var networkDevice = regexp.MustCompile(`^net\d+$`)

// withQueues is a network device of kind virtio with so many queues; false: it is another
// kind, or not understood.
func withQueues(name, value string, queues int) (string, bool) {
	if !networkDevice.MatchString(name) {
		return "", false
	}
	ps := parseProperties(value)
	if ps.get("virtio") == "" && ps.get("model", "") != "virtio" {
		return "", false
	}
	return ps.with("queues", strconv.Itoa(queues)).String(), true
}

// Growth is how large the boot disk has to be made, in GiB; 0: it is large enough.
func (l Launch) Growth(of pve.Options) (disk string, gibibytes int64, err error) {
	d, ok := BootDisk(of)
	if !ok {
		return "", 0, ErrNoBootDisk
	}
	const gib = int64(1) << 30
	wanted := (l.DiskBytes + gib - 1) / gib
	if wanted*gib <= d.Bytes {
		return d.Name, 0, nil
	}
	return d.Name, wanted, nil
}

// JoinTags writes tags as the API has them: each once, in order.
func JoinTags(tags []string) string {
	return strings.Join(slices.Compact(slices.Sorted(slices.Values(tags))), ";")
}

// CPUType is the kind of CPU that guests see, without the name that it may have as a
// property (PVE-067); empty: not told.
func CPUType(of pve.Options) string {
	return parseProperties(of["cpu"]).get("cputype", "")
}

// InstanceTypeOf is the type that a launch has told a machine; empty: none did.
func InstanceTypeOf(of pve.Options) string {
	ps := parseProperties(of["smbios1"])
	sku := ps.get("sku")
	if ps.get("base64") != "1" {
		return sku
	}
	text, err := base64.StdEncoding.DecodeString(sku)
	if err != nil {
		return ""
	}
	return string(text)
}

// VCPUs is how many CPUs a machine has.
func VCPUs(of pve.Options) int { return count(of["cores"]) * count(of["sockets"]) }

// count is 1 where none is told.
func count(text string) int {
	if n, err := strconv.Atoi(text); err == nil && n > 0 {
		return n
	}
	return 1
}

// UUID is that of a machine's firmware; empty: not told.
func UUID(of pve.Options) string { return parseProperties(of["smbios1"]).get("uuid") }
