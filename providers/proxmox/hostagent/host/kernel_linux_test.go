// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
	"k8s.io/utils/cpuset"

	"karpenter.sh/providers/proxmox/hostagent/host"
	"karpenter.sh/providers/proxmox/hostagent/internal/hosttest"
)

// standIn, if set, has this program stand in for the process of a machine.
const standIn = "HOSTAGENT_TEST_MACHINE"

func TestMain(m *testing.M) {
	if os.Getenv(standIn) == "" {
		os.Exit(m.Run())
	}
	runtime.LockOSThread()
	name := append([]byte("CPU 0/KVM"), 0)
	if err := unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(&name[0])), 0, 0, 0); err != nil {
		panic(err)
	}
	fmt.Println(unix.Gettid())
	_, _ = io.Copy(io.Discard, os.Stdin) // until the test ends
}

// allowed are the CPUs that a thread may run on.
func allowed(t *testing.T, process, thread int) cpuset.CPUSet {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/status", process, thread))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "Cpus_allowed_list:")
	list, _, _ := strings.Cut(rest, "\n")
	set, err := cpuset.Parse(strings.TrimSpace(list))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// PVE-121: threads of a process are found and pinned in the kernel that runs this, and not
// once the process has ended.
func TestKernel(t *testing.T) {
	machine := exec.CommandContext(t.Context(), "/proc/self/exe")
	machine.Args = []string{"/usr/bin/kvm", "-id", "100", "-device", "vfio-pci,host=01:00.0,id=hostpci0"}
	machine.Env = append(os.Environ(), standIn+"=1")
	stop, err := machine.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := machine.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := machine.Start(); err != nil {
		t.Fatal(err)
	}
	var thread int
	if _, err := fmt.Fscan(out, &thread); err != nil {
		t.Fatal(err)
	}
	files := hosttest.New(t, 1)
	files.Remove("proc")
	files.Link("proc", "/proc")
	pid := machine.Process.Pid
	files.Write("run/qemu-server/100.pid", strconv.Itoa(pid)+"\n")
	files.Write("run/qemu-server/101.pid", strconv.Itoa(pid)+"\n")
	h := files.Host()
	h.Scheduler = host.Kernel{}
	if other, err := h.Process(101); other != nil || err != nil {
		t.Errorf("another machine's: %v, %v", other, err)
	}
	process, err := h.Process(100)
	if err != nil || process == nil {
		t.Fatalf("got %v, %v", process, err)
	}
	defer process.Close()
	virtual, all, err := process.Threads()
	if err != nil || len(virtual) != 1 || virtual[0] != thread || len(all) < 2 || fmt.Sprint(process.Devices()) != "[0000:01:00.0]" {
		t.Errorf("got %v of %v, %v, %v; want %d", virtual, all, process.Devices(), err, thread)
	}
	before := allowed(t, pid, thread).List()
	one := cpuset.New(before[len(before)-1])
	if err := process.Pin(thread, one); err != nil || !allowed(t, pid, thread).Equals(one) {
		t.Errorf("got %s, %v", allowed(t, pid, thread), err)
	}
	if err := process.Pin(thread, cpuset.New(1000)); err == nil {
		t.Error("a CPU that there is not is taken")
	}
	_ = stop.Close()
	if err := machine.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := process.Pin(thread, one); err == nil || process.Runs() {
		t.Errorf("it has ended, and: %v, %t", err, process.Runs())
	}
}
