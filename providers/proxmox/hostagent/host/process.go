// SPDX-License-Identifier: Apache-2.0

package host

import (
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
	"syscall"

	"k8s.io/utils/cpuset"

	"karpenter.sh/providers/proxmox/hostagent/qemuconfig"
)

// Process is the process of a machine. What is read of it is never that of another process
// that got its ID: the directory that was opened dies with it. Close it.
type Process struct {
	machine   int
	root      *os.Root
	scheduler Scheduler
	devices   []string
}

// Process finds the process of a machine; nil: it does not run, whatever process has the ID
// that its file tells.
func (h Host) Process(machine int) (*Process, error) {
	p, err := h.process(machine)
	if gone(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("looking at the process of machine %d: %w", machine, err)
	}
	return p, nil
}

func (h Host) process(machine int) (*Process, error) {
	text, err := os.ReadFile(filepath.Join(h.PIDs, strconv.Itoa(machine)+".pid"))
	if err != nil {
		return nil, err
	}
	pid, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 32)
	if err != nil || pid < 1 {
		return nil, errors.New("its file holds no ID of a process (yet)")
	}
	root, err := os.OpenRoot(filepath.Join(h.Root, procDir, strconv.FormatInt(pid, 10)))
	if err != nil {
		return nil, err
	}
	p := &Process{machine: machine, root: root, scheduler: h.Scheduler}
	args, err := p.args()
	if err == nil && !runs(args, machine) {
		err = fs.ErrNotExist
	}
	if err != nil {
		p.Close()
		return nil, err
	}
	p.devices = devicesOf(args)
	return p, nil
}

// gone reports whether an error says that there is no such process or file.
func gone(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) }

// Close ends looking at the process.
func (p *Process) Close() { _ = p.root.Close() } // nothing was written

func (p *Process) args() ([]string, error) {
	text, err := readIn(p.root, "cmdline")
	return strings.Split(string(text), "\x00"), err
}

// Runs reports whether the process is still that of the machine.
func (p *Process) Runs() bool {
	args, err := p.args()
	return err == nil && runs(args, p.machine)
}

// runs reports whether arguments are those of the process of a machine. A process that has
// ended, and was not waited for, has none.
func runs(args []string, machine int) bool {
	program := path.Base(args[0])
	if program != "kvm" && !strings.HasPrefix(program, "qemu-system-") {
		return false
	}
	at := slices.Index(args, "-id")
	return at >= 0 && at+1 < len(args) && args[at+1] == strconv.Itoa(machine)
}

// Devices are the PCI devices of the host that the process was started with, such as
// "0000:01:00.0". They are what mapped devices became.
func (p *Process) Devices() []string { return p.devices }

func devicesOf(args []string) []string {
	var out []string
	for i, arg := range args {
		if i == 0 || args[i-1] != "-device" || !strings.HasPrefix(arg, "vfio-pci,") {
			continue
		}
		for part := range strings.SplitSeq(arg, ",") {
			address, is := strings.CutPrefix(part, "host=")
			if device, ok := qemuconfig.Device(address); is && ok {
				out = append(out, device)
			}
		}
	}
	return out
}

var virtualCPU = regexp.MustCompile(`^CPU ([0-9]{1,5})/KVM$`)

// Threads are the threads of virtual CPUs, by number, and all threads.
func (p *Process) Threads() (virtual map[int]int, all []int, err error) {
	const doing = "reading threads of machine %d: %w"
	dir, err := p.root.Open("task")
	if err != nil {
		return nil, nil, fmt.Errorf(doing, p.machine, err)
	}
	defer dir.Close() //nolint:errcheck // nothing was written
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, nil, fmt.Errorf(doing, p.machine, err)
	}
	virtual = map[int]int{}
	for _, name := range names {
		thread, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		comm, err := readIn(p.root, path.Join("task", name, "comm"))
		if gone(err) {
			continue // threads come and go
		}
		if err != nil {
			return nil, nil, fmt.Errorf(doing, p.machine, err)
		}
		all = append(all, thread)
		if m := virtualCPU.FindStringSubmatch(strings.TrimSpace(string(comm))); m != nil {
			number, _ := strconv.Atoi(m[1]) // the pattern leaves no other
			virtual[number] = thread
		}
	}
	slices.Sort(all)
	return virtual, all, nil
}

// Pin lets a thread of the process run on CPUs only. It looks again whether the process is
// the machine's: between that and the pinning no ID is given out anew, unless all others
// were meanwhile.
func (p *Process) Pin(thread int, cpus cpuset.CPUSet) error {
	if !p.Runs() {
		return fmt.Errorf("pinning a thread of machine %d: the machine has ended: %w", p.machine, fs.ErrNotExist)
	}
	if err := p.scheduler.SetAffinity(thread, cpus); err != nil {
		return fmt.Errorf("pinning thread %d of machine %d to CPUs %s: %w", thread, p.machine, cpus, err)
	}
	return nil
}
