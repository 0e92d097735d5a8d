// SPDX-License-Identifier: Apache-2.0

package host

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"k8s.io/utils/cpuset"

	"karpenter.sh/providers/proxmox/hostagent/pinning"
)

const cpuDir, nodeDir, pciDir = "devices/system/cpu", "devices/system/node", "bus/pci/devices"

// Online are the CPUs that are online.
func (h Host) Online() (cpuset.CPUSet, error) {
	out, err := h.cpus(path.Join(cpuDir, "online"))
	if err != nil {
		return out, fmt.Errorf("reading which CPUs are online: %w", err)
	}
	return out, nil
}

// cpus reads a file with a list of CPUs.
func (h Host) cpus(name string) (cpuset.CPUSet, error) {
	text, err := h.read(sysDir, name)
	if err != nil {
		return cpuset.New(), err
	}
	return cpuset.Parse(strings.TrimSpace(string(text)))
}

func governorFile(cpu int, name string) string {
	return path.Join(cpuDir, "cpu"+strconv.Itoa(cpu), "cpufreq", name)
}

// Govern gives a CPU a governor, if the CPU is offered it and has another.
func (h Host) Govern(cpu int, governor string) error {
	now, err := h.governor(cpu)
	if err == nil && now.Becomes(governor) {
		err = h.set(sysDir, governorFile(cpu, "scaling_governor"), governor)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // a CPU may go offline at any time
		return fmt.Errorf("setting governor %q of CPU %d: %w", governor, cpu, err)
	}
	return nil
}

func (h Host) governor(cpu int) (pinning.Governor, error) {
	current, err := h.read(sysDir, governorFile(cpu, "scaling_governor"))
	if err != nil {
		return pinning.Governor{}, err
	}
	offered, err := h.read(sysDir, governorFile(cpu, "scaling_available_governors"))
	return pinning.Governor{Current: strings.TrimSpace(string(current)), Offered: strings.Fields(string(offered))}, err
}

// Interrupts are the interrupts of PCI devices, sorted, and the devices that have none yet.
// A device without a function, "0000:01:00.", is all of its functions. Devices that are not
// given to machines, or that there are not, are left out.
func (h Host) Interrupts(devices []string) (interrupts []int, without []string, err error) {
	if len(devices) == 0 {
		return nil, nil, nil
	}
	present, err := h.present()
	if err != nil {
		return nil, nil, fmt.Errorf("listing PCI devices: %w", err)
	}
	for _, device := range present {
		if !slices.ContainsFunc(devices, func(d string) bool { return device == d || strings.HasSuffix(d, ".") && strings.HasPrefix(device, d) }) {
			continue
		}
		found, given, err := h.interruptsOf(device)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, nil, fmt.Errorf("reading interrupts of PCI device %s: %w", device, err)
		}
		if given && len(found) == 0 {
			without = append(without, device)
		}
		interrupts = append(interrupts, found...)
	}
	slices.Sort(interrupts)
	return slices.Compact(interrupts), without, nil
}

// present are the addresses of the host's PCI devices, sorted.
func (h Host) present() ([]string, error) {
	devices, err := os.ReadDir(filepath.Join(h.Root, sysDir, pciDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var out []string
	for _, device := range devices {
		out = append(out, device.Name())
	}
	return out, err
}

// interruptsOf are the interrupts of a device, if it is given to machines.
func (h Host) interruptsOf(device string) (interrupts []int, given bool, err error) {
	root, err := os.OpenRoot(filepath.Join(h.Root, sysDir))
	if err != nil {
		return nil, false, err
	}
	defer root.Close() //nolint:errcheck // nothing was written
	at := path.Join(pciDir, device)
	driver, err := root.Readlink(path.Join(at, "driver"))
	if err != nil || !strings.Contains(path.Base(driver), "vfio") {
		return nil, false, err
	}
	messages, err := fs.ReadDir(root.FS(), path.Join(at, "msi_irqs"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, true, err
	}
	for _, file := range messages {
		if number, err := strconv.Atoi(file.Name()); err == nil && number > 0 {
			interrupts = append(interrupts, number)
		}
	}
	if len(interrupts) > 0 {
		return interrupts, true, nil
	}
	text, err := readIn(root, path.Join(at, "irq"))
	if number, no := strconv.Atoi(strings.TrimSpace(string(text))); no == nil && number > 0 && h.handled(number) {
		interrupts = append(interrupts, number)
	}
	return interrupts, true, err
}

// handled reports whether an interrupt is in use: pins of devices have numbers before.
func (h Host) handled(interrupt int) bool {
	_, err := os.Stat(filepath.Join(h.Root, procDir, "irq", strconv.Itoa(interrupt), "smp_affinity_list"))
	return err == nil
}

// SetInterrupt has an interrupt served by CPUs. One that has gone is no error.
func (h Host) SetInterrupt(interrupt int, cpus cpuset.CPUSet) error {
	file := path.Join("irq", strconv.Itoa(interrupt), "smp_affinity_list")
	now, err := h.read(procDir, file)
	if err == nil && strings.TrimSpace(string(now)) != cpus.String() {
		err = h.set(procDir, file, cpus.String())
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("setting the CPUs of interrupt %d: %w", interrupt, err)
	}
	return nil
}

// Node is a NUMA node.
type Node struct {
	ID          int
	CPUs        cpuset.CPUSet
	MemoryBytes int64
}

var nodeName = regexp.MustCompile(`^node([0-9]{1,5})$`)

// Nodes are the NUMA nodes, by ID, with their CPUs that are online.
func (h Host) Nodes() ([]Node, error) {
	const doing = "reading NUMA nodes: %w"
	online, err := h.Online()
	if err != nil {
		return nil, fmt.Errorf(doing, err)
	}
	files, err := os.ReadDir(filepath.Join(h.Root, sysDir, nodeDir))
	if err != nil {
		return nil, fmt.Errorf(doing, err)
	}
	var out []Node
	for _, file := range files {
		m := nodeName.FindStringSubmatch(file.Name())
		if m == nil {
			continue
		}
		cpus, err := h.cpus(path.Join(nodeDir, file.Name(), "cpulist"))
		if err != nil {
			return nil, fmt.Errorf(doing, err)
		}
		memory, err := h.nodeMemory(file.Name())
		if err != nil {
			return nil, fmt.Errorf(doing, err)
		}
		id, _ := strconv.Atoi(m[1]) // the pattern leaves no other
		out = append(out, Node{ID: id, CPUs: cpus.Intersection(online), MemoryBytes: memory})
	}
	slices.SortFunc(out, func(a, b Node) int { return a.ID - b.ID })
	return out, nil
}

// nodeMemory reads a line such as "Node 0 MemTotal:  65765432 kB".
func (h Host) nodeMemory(node string) (int64, error) {
	text, err := h.read(sysDir, path.Join(nodeDir, node, "meminfo"))
	if err != nil {
		return 0, err
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) == 5 && fields[2] == "MemTotal:" {
			kib, err := strconv.ParseInt(fields[3], 10, 64)
			if err != nil || kib < 0 {
				return 0, fmt.Errorf("memory of %s: want a number, not %q", node, fields[3])
			}
			return kib << 10, nil
		}
	}
	return 0, fmt.Errorf("memory of %s is not told", node)
}
