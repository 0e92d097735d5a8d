// SPDX-License-Identifier: Apache-2.0

package agent_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/utils/clock"
	"k8s.io/utils/cpuset"

	"karpenter.sh/providers/proxmox/hostagent/agent"
	"karpenter.sh/providers/proxmox/hostagent/internal/hosttest"
)

// world is a host with an agent, in virtual time.
type world struct {
	*hosttest.Host
	t       *testing.T
	changes chan agent.Change
	log     *strings.Builder
	end     context.CancelFunc
}

// in lets a test run on a host of 8 CPUs, whose agent retries twice and looks at all machines
// each hour.
func in(t *testing.T, test func(w *world)) {
	t.Helper()
	h := hosttest.New(t, 8)
	synctest.Test(t, func(t *testing.T) {
		test(&world{Host: h, t: t})
	})
}

// run starts an agent, in place of the one before.
func (w *world) run() {
	w.stop()
	ctx, cancel := context.WithCancel(w.t.Context())
	w.changes, w.log, w.end = make(chan agent.Change), &strings.Builder{}, cancel
	go agent.New(agent.Options{
		Host: w.Host.Host(), Changes: w.changes, Clock: clock.RealClock{}, Retries: 2, Resync: time.Hour,
		Log: slog.New(slog.NewTextHandler(w.log, nil)), Busy: "performance", Free: "powersave",
	}).Run(ctx)
	synctest.Wait()
}

func (w *world) stop() {
	if w.end != nil {
		w.end()
		synctest.Wait()
	}
}

func (w *world) changed(id int) {
	w.changes <- agent.Change{Machine: id}
	synctest.Wait()
}

func (w *world) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (w *world) want(when, pinned, governors string) {
	w.t.Helper()
	if got := w.Scheduler.Pinned(); got != "map["+pinned+"]" {
		w.t.Errorf("%s: pinned are %s, want %s\n%s", when, got, pinned, w.log)
	}
	if got := w.Governors(); got != "map["+governors+"]" {
		w.t.Errorf("%s: governors are %s, want %s\n%s", when, got, governors, w.log)
	}
}

// PVE-121: a machine that starts is pinned, and its CPUs are given back when it ends.
func TestPin(t *testing.T) {
	in(t, func(w *world) {
		w.run()
		w.Options(100, "affinity: 5,2-3\ncores: 3\nhostpci0: 01:00\nhostpci1: mapping=net,pcie=1\n")
		w.Device("0000:01:00.0", "vfio-pci", 40, 41)
		w.Device("0000:01:00.1", "vfio-pci", 42)
		w.Device("0000:01:01.0", "vfio-pci", 43)
		w.Device("0000:02:00.0", "mlx5_vfio_pci", 44)
		w.Start(100, 500, "-device", "vfio-pci,host=0000:02:00.0,id=hostpci1")
		w.CPUs(500, 3)
		w.changed(100)
		w.want("it starts", "501:5 502:2 503:3", "2:performance 3:performance 5:performance")
		var got []string
		for i := 40; i < 45; i++ {
			got = append(got, w.Read(fmt.Sprintf("proc/irq/%d/smp_affinity_list", i)))
		}
		if want := "[2-3,5 2-3,5 2-3,5 0-1023 2-3,5]"; fmt.Sprint(got) != want {
			t.Errorf("got %s, want %s", got, want)
		}
		w.Options(101, "affinity: 3-4\ncores: 2\n")
		w.Start(101, 600)
		w.CPUs(600, 2)
		w.changed(101)
		w.Stop(100, 500)
		w.changed(100)
		w.want("the first ends", "501:5 502:2 503:3 601:3 602:4", "2:powersave 3:performance 4:performance 5:powersave")
	})
}

// PVE-121: who is left alone.
func TestLeftAlone(t *testing.T) {
	for _, row := range []struct{ reason, options string }{
		{"no affinity", "cores: 2\n"},
		{"another number of CPUs", "cores: 3\naffinity: 0-1\n"},
		{"CPUs that are not there", "cores: 2\naffinity: 7-8\n"},
		{"nonsense", "cores: 2\naffinity: \x00\xff\n[\n"},
		{"of a name that looks like options", "cores: 2\nname: affinity=0-1\n"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			in(t, func(w *world) {
				w.Options(100, row.options)
				w.Start(100, 500)
				w.CPUs(500, 2)
				w.run()
				w.want(row.reason, "", "")
			})
		})
	}
}

// PVE-121: threads that are not there yet are waited for, from 2 s on, a bounded time.
func TestRetry(t *testing.T) {
	in(t, func(w *world) {
		w.Options(100, "#affinity=0-1\ncores: 2\n")
		w.run()
		w.Start(100, 500)
		w.changed(100)
		w.CPUs(500, 1)
		w.pass(time.Second)
		w.changed(101) // of another
		w.want("too early", "", "")
		w.pass(time.Second)
		w.want("after 2 s", "501:0", "0:performance 1:performance")
		w.CPUs(500, 2)
		w.pass(3 * time.Second)
		w.want("after 3 s more", "501:0", "0:performance 1:performance")
		w.pass(time.Second)
		w.want("after 4 s more", "501:0 502:1", "0:performance 1:performance")
	})
	in(t, func(w *world) {
		w.Options(100, "affinity: 0-1\ncores: 2\n")
		w.Start(100, 500)
		w.run()
		w.pass(6 * time.Second)
		w.CPUs(500, 2)
		w.pass(30 * time.Minute)
		w.want("often enough", "", "")
		w.pass(30 * time.Minute)
		w.want("all are looked at", "501:0 502:1", "0:performance 1:performance")
	})
}

// PVE-121: a machine that waits for its threads delays no other.
func TestNoDelay(t *testing.T) {
	in(t, func(w *world) {
		w.Options(100, "affinity: 0\n")
		w.Start(100, 500)
		w.Options(101, "affinity: 1\n")
		w.Start(101, 600)
		w.CPUs(600, 1)
		w.run()
		w.want("at the start", "601:1", "1:performance")
	})
}

// PVE-121: interrupts that a guest asks for later are served by its CPUs too.
func TestLateInterrupts(t *testing.T) {
	in(t, func(w *world) {
		w.Options(100, "affinity: 4\nhostpci0: 0000:01:00.0\nhostpci1: 0000:03:00.0\n")
		w.Device("0000:01:00.0", "vfio-pci")
		w.Device("0000:03:00.0", "nvme", 50)
		w.Start(100, 500)
		w.CPUs(500, 1)
		w.run()
		w.Device("0000:01:00.0", "vfio-pci", 40)
		w.pass(2 * time.Second)
		if got, host := w.Read("proc/irq/40/smp_affinity_list"), w.Read("proc/irq/50/smp_affinity_list"); got != "4" || host != "0-1023" {
			t.Errorf("got %q, and %q of a device of the host itself", got, host)
		}
	})
}

// PVE-121: where a thread cannot be pinned, the whole process gets the CPUs.
func TestWholeProcess(t *testing.T) {
	in(t, func(w *world) {
		w.Scheduler.Refuse = func(thread int, cpus cpuset.CPUSet) bool { return thread == 502 && cpus.Size() == 1 }
		w.Options(100, "affinity: 0-1\ncores: 2\n")
		w.Start(100, 500)
		w.CPUs(500, 2)
		w.run()
		w.want("one is refused", "500:0-1 501:0-1 502:0-1", "0:performance 1:performance")
	})
}

// PVE-121: a process that got the ID of one that ended is not touched, nor one that gets it
// in the middle of the work.
func TestReusedProcess(t *testing.T) {
	for reason, args := range map[string][]string{
		"another program":  {"/usr/bin/sleep", "-id", "100"},
		"another machine":  {"/usr/bin/kvm", "-id", "1000"},
		"one that ended":   {""},
		"a name like this": {"/usr/bin/kvm", "-name", "-id 100"},
	} {
		t.Run(reason, func(t *testing.T) {
			in(t, func(w *world) {
				w.Options(100, "affinity: 0-1\ncores: 2\n")
				w.Start(100, 500)
				w.CPUs(500, 2)
				w.Process(500, args...)
				w.run()
				w.want(reason, "", "")
			})
		})
	}
	in(t, func(w *world) {
		w.Options(100, "affinity: 0-1\ncores: 2\n")
		w.Start(100, 500)
		w.CPUs(500, 2)
		w.Scheduler.Refuse = func(int, cpuset.CPUSet) bool {
			w.Stop(100, 500)
			w.Process(500, "/usr/bin/kvm", "-id", "100")
			w.Thread(500, 501, "CPU 0/KVM")
			w.Thread(500, 502, "CPU 1/KVM")
			return false
		}
		w.run()
		w.want("it goes after the first thread", "501:0", "")
	})
	in(t, func(w *world) {
		w.Options(100, "affinity: 0-1\ncores: 2\n")
		w.Start(100, 500)
		w.CPUs(500, 2)
		w.run()
		w.Scheduler.Refuse = func(int, cpuset.CPUSet) bool {
			w.Stop(100, 500)
			return true
		}
		w.changed(100)
		w.want("it goes in the middle", "501:0 502:1", "0:powersave 1:powersave")
	})
}

// PVE-121: what happened while the agent did not run is made good when it starts.
func TestRestart(t *testing.T) {
	in(t, func(w *world) {
		w.Options(100, "affinity: 0-1\ncores: 2\n")
		w.Start(100, 500)
		w.CPUs(500, 2)
		w.run()
		w.stop()
		w.Stop(100, 500)
		w.run()
		w.want("it ended meanwhile", "501:0 502:1", "0:powersave 1:powersave")
		w.stop()
		w.Write("run/proxmox-scheduler/pins.json", "{")
		w.Start(100, 700)
		w.CPUs(700, 2)
		w.run()
		w.want("notes that are spoilt", "501:0 502:1 701:0 702:1", "0:performance 1:performance")
	})
}

// PVE-121: a machine that comes from another host is pinned while its options are there.
func TestIncoming(t *testing.T) {
	in(t, func(w *world) {
		w.Write("etc/pve/nodes/pve2/qemu-server/100.conf", "affinity: 6\n")
		w.Start(100, 500)
		w.CPUs(500, 1)
		w.run()
		w.want("it comes", "501:6", "6:performance")
	})
}

// PVE-121: links that users of the host's file systems make lead nowhere, and governors that
// are not offered are not set.
func TestStaysInside(t *testing.T) {
	in(t, func(w *world) {
		w.Write("secret", "affinity: 0\n")
		w.Link("etc/pve/nodes/pve1/qemu-server/100.conf", "../../../../../secret")
		w.Start(100, 500)
		w.CPUs(500, 1)
		w.Write("outside", "unchanged")
		w.Remove("sys/devices/system/cpu/cpu1/cpufreq/scaling_governor")
		w.Link("sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "../../../../../../outside")
		w.Options(101, "affinity: 1-2\ncores: 2\n")
		w.Write("sys/devices/system/cpu/cpu2/cpufreq/scaling_available_governors", "ondemand\n")
		w.Start(101, 600)
		w.CPUs(600, 2)
		w.run()
		if got := w.Read("outside"); got != "unchanged" {
			t.Errorf("got %q", got)
		}
		if got := w.Scheduler.Pinned(); got != "map[601:1 602:2]" {
			t.Errorf("got %s", got)
		}
		if got := w.Read("sys/devices/system/cpu/cpu2/cpufreq/scaling_governor"); got != "ondemand" {
			t.Errorf("a governor that is not offered: %q", got)
		}
	})
}

// PVE-121: what cannot be read ends nothing, and is tried again.
func TestUnreadable(t *testing.T) {
	in(t, func(w *world) {
		w.Options(100, "affinity: 0\n")
		w.Write("run/qemu-server/100.pid", "")
		w.Write("run/qemu-server/101.pid", "-1")
		w.Write("run/qemu-server/102.pid/x", "")
		w.Write("run/qemu-server/99999999999999.pid", "1")
		w.Write("run/qemu-server/0x10.pid", "1")
		w.Remove("sys/devices/system/cpu/online")
		w.run()
		w.Start(100, 500)
		w.CPUs(500, 1)
		w.pass(2 * time.Second)
		w.want("CPUs are not known", "", "")
		w.Write("sys/devices/system/cpu/online", "0-7\n")
		w.pass(4 * time.Second)
		w.want("they are", "501:0", "0:performance")
	})
}
