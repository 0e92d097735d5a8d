// SPDX-License-Identifier: Apache-2.0

// Package hosttest makes a host of files for tests: processes, CPUs, devices and options of
// machines below a directory, and a scheduler that remembers.
package hosttest

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"k8s.io/utils/cpuset"

	"karpenter.sh/providers/proxmox/hostagent/host"
)

// Host is a host of files.
type Host struct {
	t    testing.TB
	Root string
	// Scheduler is that of the host.
	Scheduler *Scheduler
}

// New makes a host with CPUs that can be governed and have the governor "ondemand".
func New(t testing.TB, cpus int) *Host {
	t.Helper()
	h := &Host{t: t, Root: t.TempDir(), Scheduler: &Scheduler{pinned: map[int]string{}}}
	for cpu := range cpus {
		dir := "sys/devices/system/cpu/cpu" + strconv.Itoa(cpu) + "/cpufreq/"
		h.Write(dir+"scaling_governor", "ondemand\n")
		h.Write(dir+"scaling_available_governors", "performance powersave ondemand\n")
	}
	h.Write("sys/devices/system/cpu/online", fmt.Sprintf("0-%d\n", cpus-1))
	h.Write("etc/pve/.members", `{"nodename": "pve1", "version": 3}`)
	for _, dir := range []string{"run/qemu-server", "etc/pve/nodes/pve1/qemu-server", "etc/pve/nodes/pve2/qemu-server", "proc/irq", "sys/bus/pci/devices"} {
		h.dir(dir)
	}
	h.Link("etc/pve/qemu-server", "nodes/pve1/qemu-server")
	return h
}

// Host is what is under test.
func (h *Host) Host() host.Host {
	return host.Host{Root: h.Root, PIDs: h.Path("run/qemu-server"), Scheduler: h.Scheduler}
}

// Path is that of a file.
func (h *Host) Path(name string) string { return filepath.Join(h.Root, name) }

func (h *Host) dir(name string) {
	h.t.Helper()
	if err := os.MkdirAll(h.Path(name), 0o755); err != nil {
		h.t.Fatal(err)
	}
}

// Write writes a file, and the directories that it is in.
func (h *Host) Write(name, text string) {
	h.t.Helper()
	h.dir(filepath.Dir(name))
	if err := os.WriteFile(h.Path(name), []byte(text), 0o644); err != nil {
		h.t.Fatal(err)
	}
}

// Read reads a file, without space at its ends; empty: there is none.
func (h *Host) Read(name string) string {
	text, _ := os.ReadFile(h.Path(name))
	return strings.TrimSpace(string(text))
}

// Remove removes a file, or a directory with all that is in it.
func (h *Host) Remove(name string) {
	h.t.Helper()
	if err := os.RemoveAll(h.Path(name)); err != nil {
		h.t.Fatal(err)
	}
}

// Link makes a link.
func (h *Host) Link(name, to string) {
	h.t.Helper()
	h.dir(filepath.Dir(name))
	if err := os.Symlink(to, h.Path(name)); err != nil {
		h.t.Fatal(err)
	}
}

// Options writes the options of a machine.
func (h *Host) Options(id int, text string) {
	h.t.Helper()
	h.Write(fmt.Sprintf("etc/pve/nodes/pve1/qemu-server/%d.conf", id), text)
}

// Start starts a machine's process, without threads of CPUs. Arguments are added to its own.
func (h *Host) Start(id, pid int, args ...string) {
	h.t.Helper()
	args = append([]string{"/usr/bin/kvm", "-id", strconv.Itoa(id), "-name", "x,debug-threads=on"}, args...)
	h.Process(pid, args...)
	h.Thread(pid, pid, "kvm")
	h.Write(fmt.Sprintf("run/qemu-server/%d.pid", id), strconv.Itoa(pid)+"\n")
}

// Process starts any process.
func (h *Host) Process(pid int, args ...string) {
	h.t.Helper()
	h.Write(fmt.Sprintf("proc/%d/cmdline", pid), strings.Join(args, "\x00")+"\x00")
}

// Thread starts a thread of a process.
func (h *Host) Thread(pid, thread int, name string) {
	h.t.Helper()
	h.Write(fmt.Sprintf("proc/%d/task/%d/comm", pid, thread), name+"\n")
}

// CPUs starts threads of a machine's CPUs, with the IDs that follow that of the process.
func (h *Host) CPUs(pid, count int) {
	h.t.Helper()
	for i := range count {
		h.Thread(pid, pid+1+i, fmt.Sprintf("CPU %d/KVM", i))
	}
}

// Stop ends the process of a machine.
func (h *Host) Stop(id, pid int) {
	h.t.Helper()
	h.Remove(fmt.Sprintf("proc/%d", pid))
	h.Remove(fmt.Sprintf("run/qemu-server/%d.pid", id))
}

// Device adds a PCI device with a driver and message interrupts, all of which CPUs 0-1023
// serve.
func (h *Host) Device(address, driver string, interrupts ...int) {
	h.t.Helper()
	device := "sys/devices/pci0000:00/" + address
	h.Write(device+"/irq", "0\n")
	if h.Read("sys/bus/pci/devices/"+address+"/irq") == "" {
		h.Link("sys/bus/pci/devices/"+address, "../../../devices/pci0000:00/"+address)
		h.Link(device+"/driver", "../../../bus/pci/drivers/"+driver)
	}
	for _, number := range interrupts {
		h.Write(fmt.Sprintf("%s/msi_irqs/%d", device, number), "msix\n")
		h.Write(fmt.Sprintf("proc/irq/%d/smp_affinity_list", number), "0-1023\n")
	}
}

// Node adds a NUMA node.
func (h *Host) Node(id int, cpus string, kib int64) {
	h.t.Helper()
	dir := fmt.Sprintf("sys/devices/system/node/node%d/", id)
	h.Write(dir+"cpulist", cpus+"\n")
	h.Write(dir+"meminfo", fmt.Sprintf("Node %d MemTotal:       %d kB\nNode %d MemFree:        1 kB\n", id, kib, id))
}

// Governors are the governors of CPUs, as far as they are not "ondemand".
func (h *Host) Governors() string {
	found := map[string]string{}
	files, _ := filepath.Glob(h.Path("sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"))
	for _, file := range files {
		text, _ := os.ReadFile(file)
		if name := strings.TrimSpace(string(text)); name != "ondemand" {
			found[strings.TrimPrefix(filepath.Base(filepath.Dir(filepath.Dir(file))), "cpu")] = name
		}
	}
	return fmt.Sprint(found)
}

// Scheduler remembers who was pinned where. It is safe for concurrent use.
type Scheduler struct {
	mu     sync.Mutex
	pinned map[int]string
	// Refuse fails what it holds for, if it is set.
	Refuse func(thread int, cpus cpuset.CPUSet) bool
}

// SetAffinity implements host.Scheduler.
func (s *Scheduler) SetAffinity(thread int, cpus cpuset.CPUSet) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Refuse != nil && s.Refuse(thread, cpus) {
		return syscall.EINVAL
	}
	s.pinned[thread] = cpus.String()
	return nil
}

// Pinned are the CPUs of threads that were pinned.
func (s *Scheduler) Pinned() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprint(maps.Clone(s.pinned))
}
