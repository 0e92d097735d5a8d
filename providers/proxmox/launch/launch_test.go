// SPDX-License-Identifier: Apache-2.0

package launch_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/utils/clock"
	"k8s.io/utils/cpuset"

	"karpenter.sh/providers/proxmox/capacity"
	"karpenter.sh/providers/proxmox/cloudinit"
	"karpenter.sh/providers/proxmox/firewall"
	"karpenter.sh/providers/proxmox/internal/simtest"
	"karpenter.sh/providers/proxmox/launch"
	"karpenter.sh/providers/proxmox/machineconfig"
	"karpenter.sh/providers/proxmox/network"
	"karpenter.sh/providers/proxmox/pve"
	"karpenter.sh/providers/proxmox/topology"
	"karpenter.sh/test/cloudsim/fault"
	"karpenter.sh/test/cloudsim/proxmox"
)

// world is simulated clusters with a launcher.
type world struct {
	*simtest.World
	*launch.Launcher
	t *testing.T
}

func start(t *testing.T, pins bool, change func(*proxmox.Options)) *world {
	t.Helper()
	w := &world{World: simtest.Start(t, func(o *proxmox.Options) {
		o.Setup.Regions[0].Machines[0].Options["ipconfig0"] = "ip=10.10.0.0/16"
		if change != nil {
			change(o)
		}
	}), t: t}
	w.Launcher = launch.New(launch.Options{
		Clients: map[string]*pve.Client{simtest.Region: w.Client(simtest.Region)},
		Ledger:  capacity.NewLedger(pins), Book: network.NewBook(), IDs: launch.NewIDs(20000, w.Clock), Clock: w.Clock,
	})
	w.read()
	w.Book.Ready()
	return w
}

// read tells the ledger what the hosts are, and that nothing runs there.
func (w *world) read() {
	for _, host := range []string{"pve1", "pve2"} {
		h, err := topology.Resolve(topology.Facts{Model: "AMD EPYC 7302", Sockets: 1, Cores: 16, CPUs: 32, MemoryBytes: 128 << 30}, nil, nil)
		if err != nil {
			w.t.Fatal(err)
		}
		w.Ledger.Read(capacity.Place{Region: simtest.Region, Host: host}, capacity.Reading{Topology: h, Began: w.Clock.Now()})
	}
}

func order() launch.Order {
	return launch.Order{
		Region: simtest.Region, Host: "pve1", Name: "n1", Owner: machineconfig.Owner{NodeClass: "c", CapacityType: "on-demand", NodePool: "p", Cluster: "k", UID: "u1"},
		Template: pve.Place{Host: "pve1", ID: 9000}, Storage: "local-lvm", Pool: "karpenter", InstanceType: "c1.4VCPU-8GB", VCPUs: 4, MemoryBytes: 8 << 30, DiskBytes: 30 << 30,
		Tags: []string{"b", "a"}, Groups: []firewall.Group{{Name: "nodes"}, {Name: "nodes", Interface: "net1"}},
		Files: func(context.Context, launch.Made) (cloudinit.Files, error) {
			return cloudinit.Files{"user-data": []byte("#cloud-config\n"), "meta-data": nil}, nil
		},
	}
}

// machines are those of the region, without the template.
func (w *world) machines() []proxmox.Seen {
	w.t.Helper()
	all, err := w.Cloud.Machines(simtest.Region)
	if err != nil {
		w.t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(m proxmox.Seen) bool { return m.ID == 9000 })
}

// left is all that a launch could leave.
func (w *world) left() string {
	w.t.Helper()
	volumes, err := w.Cloud.Volumes(simtest.Region)
	if err != nil {
		w.t.Fatal(err)
	}
	free, _ := w.Ledger.Free(capacity.Place{Region: simtest.Region, Host: "pve1"})
	next, err := w.Book.Allocate("probe", network.Interface{MAC: "BC:24:11:00:00:01", Address4: pool()}, network.Bridge{Address4: bridge()})
	w.Book.Release("probe")
	return fmt.Sprint(w.machines(), volumes, free, next.Address4, err)
}

// PVE-063, PVE-065, PVE-087, PVE-090: what a machine is in the end.
func TestLaunch(t *testing.T) {
	w := start(t, false, nil)
	made, err := w.Launch(t.Context(), order())
	if err != nil {
		t.Fatal(err)
	}
	m := w.machines()[0]
	if made.ID != 20000 || m.ID != 20000 || !m.Running || m.Host != "pve1" || m.Pool != "karpenter" {
		t.Errorf("got %+v", m)
	}
	for name, want := range map[string]string{
		"name": "n1", "cores": "4", "memory": "8192", "tags": "a;b;go-proxmox+cloud-init", "ipconfig0": "gw=10.10.0.11,ip=10.10.0.12/16",
		"ide2": "local:iso/user-data-20000-u1.iso,media=cdrom", "boot": "order=scsi0;ide2", "scsi0": "local-lvm:vm-20000-disk-0,iothread=1,size=30G",
		"description": "Karpenter managed instance, class=c, capacity-type=on-demand, nodepool=p, cluster=k, uid=u1, image=9000-151445218505738649",
	} {
		if m.Options[name] != want {
			t.Errorf("%s is %q, want %q", name, m.Options[name], want)
		}
	}
	if len(m.Rules) != 2 || m.Rules[0]["iface"] != "net0" || m.Rules[1]["iface"] != "net1" || m.Rules[0]["enable"] != "1" || m.Firewall["policy_in"] != "DROP" || m.Firewall["policy_out"] != "ACCEPT" {
		t.Errorf("got %+v, %v", m.Rules, m.Firewall)
	}
	if free, _ := w.Ledger.Free(capacity.Place{Region: simtest.Region, Host: "pve1"}); free.VCPUs != 28 || free.MemoryBytes != 119<<30 {
		t.Errorf("got %+v", free)
	}
	medium, err := w.Cloud.File(simtest.Region, "pve1", "local:iso/user-data-20000-u1.iso")
	if err != nil || len(medium) == 0 {
		t.Errorf("%d bytes, %v", len(medium), err)
	}
}

// PVE-058: pinning is for root itself; else an agent on the host reads whereto.
func TestPinned(t *testing.T) {
	for _, root := range []bool{true, false} {
		w := start(t, true, nil)
		if root {
			w.Clients[simtest.Region] = w.As(simtest.Region, pve.Credentials{Username: "root@pam", Password: "secret"})
		}
		if _, err := w.Launch(t.Context(), order()); err != nil {
			t.Fatal(err)
		}
		m := w.machines()[0]
		owner, _ := machineconfig.OwnerOf(m.Options["description"])
		affinity := map[bool]string{true: m.Options["affinity"], false: owner.Affinity}[root]
		if set, err := cpuset.Parse(affinity); err != nil || set.String() != "0-1,16-17" || m.Options["affinity"] != "" != root || owner.Affinity != "" == root {
			t.Errorf("root %t: %+v", root, m.Options)
		}
		if m.Options["numa"] != "1" || m.Options["numa0"] != "cpus=0-3,hostnodes=0,memory=8192,policy=bind" {
			t.Errorf("got %v", m.Options)
		}
	}
}

// PVE-204: whichever step fails, and however, nothing is left; of a clone that is being
// copied against what was answered, the launch says that it remains.
func TestFailures(t *testing.T) {
	failing := []struct {
		call string
		nth  int
	}{
		{"GET *nextid", 1}, {"GET *config", 1}, {"POST *clone", 1}, {"GET *config", 2}, {"PUT *resize", 1}, {"GET *network", 1}, {"POST *config", 1}, {"GET *config", 3},
		{"GET *groups", 1}, {"GET *rules", 1}, {"POST *rules", 1}, {"POST *rules", 2}, {"GET *rules", 2}, {"GET *firewall/options", 1}, {"PUT *firewall/options", 1},
		{"GET /nodes/*/storage", 1}, {"POST *upload", 1}, {"POST *config", 2}, {"POST *start", 1},
	}
	for _, f := range failing {
		for how, rule := range map[string]fault.Rule{
			"refused":           {Error: &fault.Failure{Code: "x", Message: "out of order"}},
			"refused, but done": {Error: &fault.Failure{Code: "x", Message: "out of order"}, Effective: true},
			"failing task":      {Within: &fault.Failure{Code: "x", Message: "out of order"}},
		} {
			t.Run(fmt.Sprintf("%s %d %s", f.call, f.nth, how), func(t *testing.T) {
				w := start(t, false, nil)
				before := w.left()
				rule.Call, rule.Nth, rule.Times = f.call, f.nth, 1
				w.Cloud.Faults().Add(rule)
				_, err := w.Launch(t.Context(), order())
				if err == nil && (how != "failing task" || !strings.HasPrefix(f.call, "GET") && !strings.Contains(f.call, "firewall") && !strings.Contains(f.call, "rules")) {
					t.Fatal("it succeeds")
				}
				if err == nil {
					return // a call without task has none that could fail
				}
				w.Clock.Step(undone)
				w.Cloud.Settle()
				copying := f.call == "POST *clone" && how == "refused, but done"
				if errors.Is(err, launch.ErrRemains) != copying {
					t.Errorf("got %v", err)
				}
				if copying { // whose it is shows only now
					if err := w.Delete(t.Context(), launch.Target{Region: simtest.Region, ID: 20000, Name: "n1", UID: "u1"}); err != nil {
						t.Error(err)
					}
				}
				if after := w.left(); after != before {
					t.Errorf("%v\nleft   %s\nbefore %s", err, after, before)
				}
			})
		}
	}
}

// PVE-063: clean-up runs for callers that have gone.
func TestCallerLeaves(t *testing.T) {
	w := start(t, false, nil)
	before := w.left()
	ctx, leave := context.WithCancel(t.Context())
	o := order()
	o.Files = func(context.Context, launch.Made) (cloudinit.Files, error) {
		leave()
		return cloudinit.Files{"user-data": nil}, nil
	}
	if _, err := w.Launch(ctx, o); err == nil {
		t.Fatal("it succeeds")
	}
	if after := w.left(); after != before {
		t.Errorf("left %s\nbefore %s", after, before)
	}
}

// PVE-064: an ID that somebody else takes meanwhile is theirs.
func TestLostRace(t *testing.T) {
	w := start(t, false, nil)
	stranger := proxmox.Machine{ID: 20000, Host: "pve1", Options: map[string]string{"name": "stranger"}}
	w.Cloud.Faults().Add(fault.Rule{Call: "POST *clone", Times: 1, Error: &fault.Failure{Code: "x", Message: "unable to create VM 20000 - VM 20000 already exists on node 'pve1'"}})
	if err := w.Cloud.Place(simtest.Region, stranger); err != nil {
		t.Fatal(err)
	}
	w.Cloud.Faults().Add(fault.Rule{Call: "GET *nextid", Match: map[string]string{"vmid": "20000"}, Error: &fault.Failure{Code: "x", Message: "Parameter verification failed.", Status: 400}})
	made, err := w.Launch(t.Context(), order())
	if err != nil || made.ID != 20002 {
		t.Errorf("got %+v, %v", made.Place, err)
	}
	if all := w.machines(); len(all) != 2 || all[0].Options["name"] != "stranger" {
		t.Errorf("got %+v", all)
	}
}

// PVE-063, PVE-064: a launch that fails ends no machine but its own, though nobody said that
// the ID is somebody else's: neither by its name nor by its description is it the launch's.
func TestStrangersStay(t *testing.T) {
	for what, options := range map[string]map[string]string{
		"a stranger":           {"name": "stranger"},
		"one of the name":      {"name": order().Name},
		"one of ours before":   {"name": order().Name, "description": machineconfig.Owner{UID: "before"}.Description()},
		"one that was renamed": {"name": "other", "description": order().Owner.Description()},
	} {
		t.Run(what, func(t *testing.T) {
			meanwhile := &pause{}
			w := start(t, false, func(o *proxmox.Options) {
				meanwhile.Clock = o.Clock
				o.Clock = meanwhile
			})
			meanwhile.do = func() {
				if err := w.Cloud.Place(simtest.Region, proxmox.Machine{ID: 20000, Host: "pve1", Options: options}); err != nil {
					t.Error(err)
				}
			}
			w.Cloud.Faults().Add(
				fault.Rule{Call: "GET *config", Times: 1, Delay: fault.Duration{Duration: time.Second}},
				fault.Rule{Call: "POST *clone", Times: 1, Error: &fault.Failure{Code: "x", Message: "out of order"}},
			)
			if made, err := w.Launch(t.Context(), order()); err == nil {
				t.Fatalf("got %+v", made.Place)
			}
			w.Clock.Step(undone)
			w.Cloud.Settle()
			if all := w.machines(); len(all) != 1 {
				t.Errorf("got %+v", all)
			}
		})
	}
}

// PVE-061, PVE-063: a clone that outlasts the launch does not say yet whose it is, and one
// whose beginning nobody answered neither: both may come, and count until they are ended.
func TestCloneOutlasts(t *testing.T) {
	for what, rule := range map[string]fault.Rule{
		"it takes long":      {},
		"the answer is lost": {Call: "POST *clone", Times: 1, Lost: true},
	} {
		t.Run(what, func(t *testing.T) {
			w := start(t, false, nil)
			before := w.left()
			if err := w.Cloud.SetTime("qmclone", 20*time.Minute); err != nil {
				t.Fatal(err)
			}
			if rule.Call != "" {
				w.Cloud.Faults().Add(rule)
			}
			if made, err := w.Launch(t.Context(), order()); !errors.Is(err, launch.ErrRemains) {
				t.Errorf("got %+v, %v", made.Place, err)
			}
			if free, _ := w.Ledger.Free(capacity.Place{Region: simtest.Region, Host: "pve1"}); free.VCPUs != 28 {
				t.Errorf("%d CPUs are free", free.VCPUs)
			}
			w.Clock.Step(20 * time.Minute)
			w.Cloud.Settle()
			if err := w.Delete(t.Context(), launch.Target{Region: simtest.Region, ID: 20000, Name: "n1", UID: "u1"}); err != nil {
				t.Error(err)
			}
			if after := w.left(); after != before {
				t.Errorf("left %s\nbefore %s", after, before)
			}
		})
	}
}

// PVE-063, PVE-084: a machine that could not be taken back keeps its address until it is
// ended.
func TestRemainsWithAddress(t *testing.T) {
	w := start(t, false, nil)
	before := w.left()
	w.Cloud.Faults().Add(
		fault.Rule{Call: "POST *start", Times: 1, Effective: true, Error: &fault.Failure{Code: "x", Message: "out of order"}},
		fault.Rule{Call: "DELETE *qemu/*", Times: 1, Error: &fault.Failure{Code: "x", Message: "out of order"}},
	)
	if made, err := w.Launch(t.Context(), order()); !errors.Is(err, launch.ErrRemains) {
		t.Fatalf("got %+v, %v", made.Place, err)
	}
	if next, err := w.Book.Allocate("probe", network.Interface{Address4: pool()}, network.Bridge{Address4: bridge()}); err != nil || next.Address4.Addr().String() != "10.10.0.13" {
		t.Errorf("the next gets %s, %v", next.Address4, err)
	}
	w.Book.Release("probe")
	if err := w.Delete(t.Context(), launch.Target{Region: simtest.Region, ID: 20000, Name: "n1", UID: "u1"}); err != nil {
		t.Error(err)
	}
	if after := w.left(); after != before {
		t.Errorf("left %s\nbefore %s", after, before)
	}
}

// pause is a clock that lets something happen when somebody first waits.
type pause struct {
	clock.Clock
	do   func()
	once sync.Once
}

// After implements [clock.Clock].
func (p *pause) After(d time.Duration) <-chan time.Time {
	p.once.Do(p.do)
	return p.Clock.After(d)
}

// PVE-066: locks are waited for several times.
func TestBusy(t *testing.T) {
	w := start(t, false, nil)
	w.Cloud.Faults().Add(fault.Rule{Call: "POST *start", Times: 3, Within: &fault.Failure{Code: "x", Message: "can't lock file '/var/lock/qemu-server/lock-20000.conf' - got timeout"}})
	if _, err := w.Launch(t.Context(), order()); err != nil {
		t.Error(err)
	}
}

// PVE-203: 50 launches at a time get IDs and addresses of their own, and no more than there
// is.
func TestConcurrent(t *testing.T) {
	w := start(t, false, nil)
	var wait sync.WaitGroup
	var mu sync.Mutex
	full := 0
	for n := range 50 {
		wait.Go(func() {
			o := order()
			o.Name, o.Owner.UID, o.Host, o.Files, o.Groups = fmt.Sprint("n", n), fmt.Sprint("u", n), []string{"pve1", "pve2"}[n%2], nil, nil
			_, err := w.Launch(t.Context(), o)
			var lacks *capacity.NoRoomError
			switch {
			case errors.As(err, &lacks):
				mu.Lock()
				full++
				mu.Unlock()
			case err != nil:
				t.Error(err)
			}
		})
	}
	wait.Wait()
	addresses, onHost := map[string]bool{}, map[string]int{}
	for _, m := range w.machines() {
		addresses[m.Options["ipconfig0"]] = true
		onHost[m.Host]++
	}
	if full != 34 || len(addresses) != 16 || onHost["pve1"] != 8 || onHost["pve2"] != 8 {
		t.Errorf("%d found no room, %d addresses, %v", full, len(addresses), onHost)
	}
}

// PVE-100, PVE-101, PVE-206: machines are ended where they are, and strangers left alone.
func TestDelete(t *testing.T) {
	w := start(t, false, nil)
	before := w.left()
	made, err := w.Launch(t.Context(), order())
	if err != nil {
		t.Fatal(err)
	}
	target := launch.Target{Region: simtest.Region, ID: made.ID, Name: "n1", UID: "u1"}
	stranger := launch.Target{Region: simtest.Region, ID: made.ID, Name: "n2", UID: "u2"}
	if err := w.Delete(t.Context(), stranger); !errors.Is(err, launch.ErrNotFound) || len(w.machines()) != 1 {
		t.Errorf("got %v", err)
	}
	if err := w.Delete(t.Context(), launch.Target{Region: simtest.Region, ID: 9000, Name: "node"}); !errors.Is(err, launch.ErrNotFound) {
		t.Errorf("a template: %v", err)
	}
	if err := w.Cloud.SetHostOffline(simtest.Region, "pve1", true); err != nil {
		t.Fatal(err)
	}
	if err := w.Delete(t.Context(), target); !errors.Is(err, launch.ErrHostGone) || errors.Is(err, launch.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if err := w.Cloud.SetHostOffline(simtest.Region, "pve1", false); err != nil {
		t.Fatal(err)
	}
	if err := w.Delete(t.Context(), target); err != nil {
		t.Fatal(err)
	}
	if after := w.left(); after != before {
		t.Errorf("left %s\nbefore %s", after, before)
	}
	if err := w.Delete(t.Context(), target); !errors.Is(err, launch.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	again, err := w.Launch(t.Context(), order())
	if err != nil || again.ID == made.ID {
		t.Errorf("an ID is used again at once: %d, %v", again.ID, err)
	}
	if err := w.Cloud.SetRegionDown(simtest.Region, true); err != nil {
		t.Fatal(err)
	}
	if err := w.Delete(t.Context(), target); err == nil || errors.Is(err, launch.ErrNotFound) {
		t.Errorf("a region that is silent: %v", err)
	}
}

// PVE-100: what a machine took that has gone by itself is given back where it was launched.
func TestDeleteGone(t *testing.T) {
	w := start(t, false, nil)
	before := w.left()
	made, err := w.Launch(t.Context(), order())
	if err != nil {
		t.Fatal(err)
	}
	target := launch.Target{Region: simtest.Region, ID: made.ID, Name: "n1", UID: "u1", Host: made.Host}
	other := launch.New(w.Launcher.Options)
	other.Ledger, other.Book, other.IDs = capacity.NewLedger(false), network.NewBook(), launch.NewIDs(20000, w.Clock)
	if err := other.Delete(t.Context(), target); err != nil { // somebody else ends it
		t.Fatal(err)
	}
	if err := w.Delete(t.Context(), target); !errors.Is(err, launch.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if after := w.left(); after != before {
		t.Errorf("left %s\nbefore %s", after, before)
	}
}

// PVE-100: a machine that was moved is ended where it is now.
func TestDeleteMoved(t *testing.T) {
	w := start(t, false, nil)
	o := order()
	o.Storage, o.Files = "ceph", nil
	made, err := w.Launch(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Cloud.Migrate(simtest.Region, made.ID, "pve2"); err != nil {
		t.Fatal(err)
	}
	if err := w.Delete(t.Context(), launch.Target{Region: simtest.Region, ID: made.ID, Name: "n1", UID: "u1"}); err != nil || len(w.machines()) > 0 {
		t.Errorf("%v; %+v", err, w.machines())
	}
}

// PVE-090, PVE-100: media go to a storage that answers, and one that does not keeps no
// machine from being ended.
func TestSilentStorage(t *testing.T) {
	const silent = "away" // the first of the list
	target := launch.Target{Region: simtest.Region, ID: 20000, Name: "n1", UID: "u1"}
	for what, tc := range map[string]struct {
		before, after bool // whether it is silent before and after the launch
		fails         bool // whether it answers that it cannot
		want          string
	}{
		"from the start": {before: true, after: true, want: "local"},
		"later":          {after: true, want: silent},
		"it fails":       {before: true, fails: true, want: "local"},
	} {
		t.Run(what, func(t *testing.T) {
			w := start(t, false, func(o *proxmox.Options) {
				r := &o.Setup.Regions[0]
				r.Storages = append(r.Storages, proxmox.Storage{Name: silent, Type: "nfs", Shared: true, Content: []string{"iso"}, GiB: 10})
			})
			w.silence(silent, tc.before)
			if _, err := w.Launch(t.Context(), order()); err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(w.machines()[0].Options["ide2"], tc.want+":iso/") {
				t.Errorf("got %+v", w.machines())
			}
			w.silence(silent, tc.after)
			if tc.fails {
				w.Cloud.Faults().Add(fault.Rule{Call: "GET *content", Match: map[string]string{"storage": silent}, Error: &fault.Failure{Code: "x", Message: "mount error"}})
			}
			if err := w.Delete(t.Context(), target); err != nil || len(w.machines()) > 0 {
				t.Errorf("%v; %+v", err, w.machines())
			}
			volumes, err := w.Cloud.Volumes(simtest.Region)
			if medium := slices.ContainsFunc(volumes, func(id string) bool { return strings.Contains(id, ":iso/") }); err != nil || medium != (tc.want == silent) {
				t.Errorf("left %v, %v", volumes, err)
			}
		})
	}
}

func (w *world) silence(storage string, silent bool) {
	w.t.Helper()
	if err := w.Cloud.SetStorageInactive(simtest.Region, storage, silent); err != nil {
		w.t.Fatal(err)
	}
}

// PVE-090: clusters that share a storage, and count from the same ID, leave each other's
// media alone, also those of before names told them apart.
func TestSharedMedia(t *testing.T) {
	w := start(t, false, func(o *proxmox.Options) {
		o.Setup.Regions[0].Storages[0].Shared = true
	})
	for _, theirs := range []string{"user-data-20000.iso", "user-data-20000-u2.iso"} {
		if err := w.Clients[simtest.Region].UploadISO(t.Context(), "pve1", "local", theirs, []byte("theirs")); err != nil {
			t.Fatal(err)
		}
	}
	before := w.left()
	if _, err := w.Launch(t.Context(), order()); err != nil {
		t.Fatal(err)
	}
	for _, theirs := range []string{"user-data-20000.iso", "user-data-20000-u2.iso"} {
		if content, err := w.Cloud.File(simtest.Region, "pve1", "local:iso/"+theirs); err != nil || string(content) != "theirs" {
			t.Errorf("%s: %d bytes, %v", theirs, len(content), err)
		}
	}
	if err := w.Delete(t.Context(), launch.Target{Region: simtest.Region, ID: 20000, Name: "n1", UID: "u1"}); err != nil {
		t.Fatal(err)
	}
	if after := w.left(); after != before {
		t.Errorf("left %s\nbefore %s", after, before)
	}
}
