// SPDX-License-Identifier: Apache-2.0

package inventory_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"karpenter.sh/providers/proxmox/capacity"
	"karpenter.sh/providers/proxmox/internal/simtest"
	"karpenter.sh/providers/proxmox/inventory"
	"karpenter.sh/providers/proxmox/network"
	"karpenter.sh/providers/proxmox/pve"
	"karpenter.sh/providers/proxmox/survey"
	"karpenter.sh/providers/proxmox/topology"
	"karpenter.sh/test/cloudsim/fault"
	"karpenter.sh/test/cloudsim/proxmox"
)

const other = "r2"

// world is an inventory of two simulated regions.
type world struct {
	*simtest.World
	*inventory.Inventory
	t        *testing.T
	nodes    client.WithWatch
	settings topology.Settings
	// onSettings is called when settings are asked for.
	onSettings func()
}

func start(t *testing.T, change func(*proxmox.Options)) *world {
	t.Helper()
	w := &world{t: t, onSettings: func() {}, World: simtest.Start(t, func(o *proxmox.Options) {
		o.Setup.Regions = append(o.Setup.Regions, proxmox.DefaultSetup(other).Regions...)
		if change != nil {
			change(o)
		}
	})}
	scheme := runtime.NewScheme()
	w.must(corev1.AddToScheme(scheme))
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n"}, Status: corev1.NodeStatus{Addresses: []corev1.NodeAddress{
		{Type: corev1.NodeInternalIP, Address: "10.10.0.1"}, {Type: corev1.NodeHostName, Address: "10.10.0.2"},
	}}}
	w.nodes = fake.NewClientBuilder().WithScheme(scheme).WithObjects(node).Build()
	w.use(w.Client(simtest.Region))
	return w
}

// use has a new inventory call the first region with a client.
func (w *world) use(c *pve.Client) {
	w.Inventory = inventory.New(inventory.Options{
		Clients: map[string]*pve.Client{simtest.Region: c, other: w.World.Client(other)},
		Nodes:   w.nodes, Ledger: capacity.NewLedger(false), Book: network.NewBook(), Clock: w.World.Clock,
		Settings: func() topology.Settings {
			w.onSettings()
			return w.settings
		},
	})
	w.t.Cleanup(w.Close)
}

// Client is that of a region, of the simulation and not of the inventory.
func (w *world) Client(region string) *pve.Client { return w.World.Client(region) }

func (w *world) must(errs ...error) {
	w.t.Helper()
	if err := errors.Join(errs...); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) step(d time.Duration) { w.World.Clock.Step(d) }

// free is what a host of the first region has left.
func (w *world) free(host string) string {
	free, known := w.Ledger.Free(capacity.Place{Region: simtest.Region, Host: host})
	return fmt.Sprint(free.VCPUs, known)
}

// calls counts those of a name.
func (w *world) calls(call string) int { return len(w.Cloud.Journal().Entries(call, 0)) }

// machine runs on a host, with 4 CPUs.
func machine(id int, host string) proxmox.Machine {
	return proxmox.Machine{ID: id, Host: host, Running: true, Options: map[string]string{
		"name": fmt.Sprint("m", id), "cores": "4", "memory": "1024", "net0": "virtio=BC:24:11:00:00:01,bridge=vmbr0", "ipconfig0": "ip=10.10.0.3/16",
	}}
}

// PVE-013, PVE-050: a region keeps what was read of it, and delays no other; hosts are
// surveyed at start, every 15 minutes, and when they come back.
func TestRefresh(t *testing.T) {
	w := start(t, nil)
	w.must(w.Cloud.SetRegionDown(other, true))
	if err := w.Refresh(t.Context()); err == nil || !strings.Contains(err.Error(), "region r2") || strings.Contains(err.Error(), "region r1") {
		t.Errorf("got %v", err)
	}
	if _, read := w.Reading(other); read {
		t.Error("a region that never answered was read")
	}
	r, read := w.Reading(simtest.Region)
	if !read || !r.Answers || len(r.Hosts) != 2 || len(r.Templates) != 1 || !r.Usable("pve1") || w.free("pve1") != "32 true" {
		t.Errorf("got %+v", r)
	}
	w.must(w.Cloud.SetRegionDown(other, false))
	before := w.Generation()
	w.must(w.Refresh(t.Context()))
	if w.Generation() == before {
		t.Error("the generation is the same with another region")
	}

	w.must(w.Cloud.Place(simtest.Region, machine(300, "pve1")))
	before = w.Generation()
	w.step(time.Minute)
	w.must(w.Refresh(t.Context()))
	if w.free("pve1") != "32 true" || w.Generation() != before {
		t.Errorf("surveyed too early: %s, or the generation is another for the same", w.free("pve1"))
	}
	w.step(15 * time.Minute)
	w.must(w.Refresh(t.Context()))
	if w.free("pve1") != "28 true" {
		t.Errorf("not surveyed: %s", w.free("pve1"))
	}

	for name, away := range map[string]func(bool) error{
		"region": func(is bool) error { return w.Cloud.SetRegionDown(simtest.Region, is) },
		"host":   func(is bool) error { return w.Cloud.SetHostOffline(simtest.Region, "pve1", is) },
	} {
		w.must(away(true))
		_ = w.Refresh(t.Context()) // a region does not answer
		r, _ := w.Reading(simtest.Region)
		if len(r.Hosts) != 2 || len(r.Templates) != 1 || r.Usable("pve1") || r.Usable("pve2") == (name == "region") {
			t.Errorf("%s away: %+v", name, r)
		}
		if other, _ := w.Reading(other); !other.Usable("pve1") {
			t.Errorf("%s away: a host of another region is", name)
		}
		w.must(away(false))
		surveys, bridges := w.calls("GET /nodes/{node}/status"), w.calls("GET /nodes/{node}/network")
		w.must(w.Refresh(t.Context()))
		if w.calls("GET /nodes/{node}/status") == surveys {
			t.Errorf("%s back: not surveyed", name)
		}
		if w.calls("GET /nodes/{node}/network") == bridges {
			t.Errorf("%s back: its bridges are not read", name)
		}
	}
}

// Those who doubt a region at the same time share a reading, and wait for no survey, such
// as one of a host that hangs.
func TestDoubt(t *testing.T) {
	w := start(t, nil)
	w.must(w.Refresh(t.Context()))
	w.must(w.Cloud.SetHostMaintenance(simtest.Region, "pve1", true))
	w.step(16 * time.Minute) // hosts are due, and the user's settings are asked for
	surveying, proceed := make(chan struct{}), make(chan struct{})
	var once sync.Once
	w.onSettings = func() { once.Do(func() { close(surveying); <-proceed }) }
	var refresh, doubts sync.WaitGroup
	refresh.Go(func() { _ = w.RefreshRegion(t.Context(), simtest.Region) })
	<-surveying
	if r, _ := w.Reading(simtest.Region); r.Usable("pve1") {
		t.Error("what was read is kept back until hosts are surveyed")
	}
	w.must(w.Cloud.SetHostMaintenance(simtest.Region, "pve1", false))
	before := w.calls("GET /cluster/resources")
	for range 20 {
		doubts.Go(func() { w.Doubt(t.Context(), simtest.Region) })
	}
	doubts.Wait()
	if n := w.calls("GET /cluster/resources") - before; n > 10*3 {
		t.Errorf("20 doubts cost %d calls", n)
	}
	if r, _ := w.Reading(simtest.Region); !r.Usable("pve1") {
		t.Error("not read anew")
	}
	w.Doubt(t.Context(), "elsewhere")
	close(proceed)
	refresh.Wait()

	// PVE-050: what was seen away by somebody who doubts is due when it is back.
	w.must(w.Refresh(t.Context()), w.Cloud.SetHostOffline(simtest.Region, "pve1", true))
	w.Doubt(t.Context(), simtest.Region)
	w.must(w.Cloud.SetHostOffline(simtest.Region, "pve1", false))
	surveys := w.calls("GET /nodes/{node}/status")
	w.must(w.Refresh(t.Context()))
	if n := w.calls("GET /nodes/{node}/status") - surveys; n != 1 {
		t.Errorf("%d hosts were surveyed for one that is back", n)
	}

	// Whose time is over learns nothing, and says nothing about the region.
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for range 10 {
		w.Doubt(over, simtest.Region)
	}
	if r, _ := w.Reading(simtest.Region); !r.Answers {
		t.Error("a region does not answer to nobody")
	}
}

// Nobody waits longer for a region that hangs than they have time.
func TestDoubtHangs(t *testing.T) {
	w := start(t, nil)
	hung := w.hang("/resources")
	ctx, cancel := context.WithCancel(t.Context())
	var refresh sync.WaitGroup
	refresh.Go(func() { _ = w.RefreshRegion(ctx, simtest.Region) })
	<-hung
	short, end := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer end()
	w.Doubt(short, simtest.Region)
	if err := w.RefreshRegion(short, simtest.Region); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	cancel()
	refresh.Wait()
}

// PVE-013, PVE-046, PVE-047: between readings a list of hosts tells which machines can be
// launched on, and only what it tells anew has a region read.
func TestWatchHosts(t *testing.T) {
	w := start(t, nil)
	w.must(w.WatchHosts(t.Context())) // nothing is known yet
	if w.calls("GET /cluster/resources") != 0 {
		t.Error("regions are asked for hosts before they were read")
	}
	w.must(w.Refresh(t.Context()))
	late, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.WatchHosts(late); err == nil || !strings.Contains(err.Error(), "region r1") {
		t.Errorf("out of time: %v", err)
	}
	if r, _ := w.Reading(simtest.Region); !r.Usable("pve1") {
		t.Error("a call that ran out of time says that a region does not answer")
	}
	for name, change := range map[string]func(bool) error{
		"maintenance": func(is bool) error { return w.Cloud.SetHostMaintenance(simtest.Region, "pve1", is) },
		"host":        func(is bool) error { return w.Cloud.SetHostOffline(simtest.Region, "pve1", is) },
		"region":      func(is bool) error { return w.Cloud.SetRegionDown(simtest.Region, is) },
	} {
		for _, is := range []bool{true, false} {
			w.must(change(is), w.WatchHosts(t.Context()))
			if r, _ := w.Reading(simtest.Region); r.Usable("pve1") == is {
				t.Errorf("%s %v: the host can be used: %v", name, is, r.Usable("pve1"))
			}
			before := w.calls("GET /nodes/{node}/qemu/{vmid}/config")
			w.must(w.WatchHosts(t.Context()))
			if w.calls("GET /nodes/{node}/qemu/{vmid}/config") != before {
				t.Errorf("%s %v: read anew without news", name, is)
			}
		}
	}
}

// PVE-052, PVE-220: the user's settings reach the ledger.
func TestSettings(t *testing.T) {
	w := start(t, nil)
	w.settings = topology.Settings{simtest.Region: {"*": {CPUOvercommit: 1.5, ReservedCPUs: []int{0, 16}}}}
	w.must(w.Refresh(t.Context()))
	if w.free("pve1") != "45 true" {
		t.Errorf("got %s", w.free("pve1"))
	}
}

// PVE-083, PVE-084: what has an address keeps it: Nodes, bridges, gateways, machines.
func TestAddresses(t *testing.T) {
	w := start(t, func(o *proxmox.Options) {
		o.Setup.Regions[1].Machines = append(o.Setup.Regions[1].Machines, machine(300, "pve2"))
	})
	next := func() (string, error) {
		given, err := w.Book.Allocate("probe", network.Interface{Address4: netip.MustParsePrefix("10.10.0.0/28")}, network.Bridge{})
		w.Book.Release("probe")
		return given.Address4.String(), err
	}
	if _, err := next(); !errors.Is(err, network.ErrNotReady) {
		t.Errorf("before anything is known: %v", err)
	}
	w.must(w.Refresh(t.Context()))
	if got, err := next(); got != "10.10.0.2/28" || err != nil { // .1 has a Node
		t.Errorf("got %s, %v", got, err)
	}
	w.Book.Hold("another", netip.MustParseAddr("10.10.0.2"))
	if got, err := next(); got != "10.10.0.4/28" || err != nil { // .3 has a machine
		t.Errorf("got %s, %v", got, err)
	}
	// One that is given another address has it.
	c := w.Client(other)
	m := pve.Place{Host: "pve2", ID: 300}
	w.must(c.Configure(t.Context(), m, pve.Change{Set: pve.Options{"ipconfig0": "ip=10.10.0.4/16"}}))
	w.step(16 * time.Minute)
	w.must(w.Refresh(t.Context()))
	if got, err := next(); got != "10.10.0.5/28" || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
	// A machine that goes gives its addresses back.
	w.must(c.Stop(t.Context(), m), c.Delete(t.Context(), m))
	w.step(16 * time.Minute)
	w.must(w.Refresh(t.Context()))
	if got, err := next(); got != "10.10.0.3/28" || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
}

// A host whose bridges cannot be read keeps no other from giving addresses, and is read
// with the next refresh.
func TestBridgesUnread(t *testing.T) {
	const templates = 2 // of all regions: they are read with each refresh
	w := start(t, nil)
	w.must(w.Cloud.Place(simtest.Region, machine(300, "pve2")))
	w.Cloud.Faults().Add(fault.Rule{Call: "GET *network", Match: map[string]string{"node": "pve1"}, Times: 3, Error: &fault.Failure{Code: "x", Message: "a bug"}})
	if err := w.Refresh(t.Context()); err == nil || !strings.Contains(err.Error(), "bridges of host pve1") {
		t.Errorf("got %v", err)
	}
	next := func() string {
		given, err := w.Book.Allocate("probe", network.Interface{Address4: netip.MustParsePrefix("10.10.0.8/29")}, network.Bridge{})
		w.must(err)
		w.Book.Release("probe")
		return given.Address4.Addr().String()
	}
	w.Book.Hold("others", netip.MustParseAddr("10.10.0.9"), netip.MustParseAddr("10.10.0.10"))
	if got := next(); got != "10.10.0.11" { // pve1's own
		t.Errorf("got %s", got)
	}
	configs, bridges := w.calls("GET /nodes/{node}/qemu/{vmid}/config"), w.calls("GET /nodes/{node}/network")
	w.step(time.Minute)
	if err := w.Refresh(t.Context()); err == nil {
		t.Error("read against the rule")
	}
	w.step(time.Minute)
	w.must(w.Refresh(t.Context()))
	if c, b := w.calls("GET /nodes/{node}/qemu/{vmid}/config")-configs, w.calls("GET /nodes/{node}/network")-bridges; c != 2*templates || b != 3 { // that of one region twice
		t.Errorf("two refreshes read %d configurations and the bridges of %d hosts", c, b)
	}
	if got := next(); got != "10.10.0.13" { // .12 is pve2's
		t.Errorf("got %s", got)
	}
}

// PVE-083: bridges and machines of a host that was away at first are learnt when it is back.
func TestAddressesLate(t *testing.T) {
	w := start(t, nil)
	w.must(w.Cloud.Place(simtest.Region, machine(300, "pve1")), w.Cloud.SetHostOffline(simtest.Region, "pve1", true))
	w.must(w.Refresh(t.Context()))
	free := func(pool string) bool {
		given, err := w.Book.Allocate("probe", network.Interface{Address4: netip.MustParsePrefix(pool)}, network.Bridge{})
		w.Book.Release("probe")
		return err == nil && given.Address4.IsValid()
	}
	w.Book.Hold("others", netip.MustParseAddr("10.10.0.2"), netip.MustParseAddr("10.10.0.9"), netip.MustParseAddr("10.10.0.10"))
	w.must(w.Cloud.SetHostOffline(simtest.Region, "pve1", false))
	w.step(time.Minute)
	w.must(w.Refresh(t.Context()))
	w.Book.Hold("more", netip.MustParseAddr("10.10.0.4"), netip.MustParseAddr("10.10.0.5"), netip.MustParseAddr("10.10.0.6"))
	if free("10.10.0.0/29") { // .3 has the machine
		t.Error("a machine's address is free")
	}
	w.Book.Hold("most", netip.MustParseAddr("10.10.0.13"), netip.MustParseAddr("10.10.0.14"))
	if free("10.10.0.8/29") { // .11 has pve1
		t.Error("a host's address is free")
	}
}

// PVE-083, PVE-084: while the addresses of its machines are not known, no machine is
// launched in a region, although others let the book give some.
func TestAddressesUnread(t *testing.T) {
	w := start(t, nil)
	w.Cloud.Faults().Add(fault.Rule{Call: "GET *config", Match: map[string]string{"vmid": "300"}, Times: 3, Error: &fault.Failure{
		Code: "x", Message: "Configuration file 'nodes/pve1/qemu-server/300.conf' does not exist",
	}})
	w.must(w.Cloud.Place(simtest.Region, machine(300, "pve1")))
	if err := w.Refresh(t.Context()); err == nil || !strings.Contains(err.Error(), "addresses of machines in region r1") {
		t.Errorf("got %v", err)
	}
	if got := w.free("pve1"); got != "0 false" {
		t.Errorf("surveyed: %s", got)
	}
	if _, known := w.Ledger.Free(capacity.Place{Region: other, Host: "pve1"}); !known {
		t.Error("another region is not surveyed")
	}
	w.step(time.Minute)
	w.must(w.Refresh(t.Context()))
	if got := w.free("pve1"); got != "28 true" {
		t.Errorf("got %s", got)
	}
}

// PVE-084: the addresses of a Node that ends while Nodes are listed at start are free.
func TestNodeEnds(t *testing.T) {
	w := start(t, nil)
	ends := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "ends"}, Status: corev1.NodeStatus{Addresses: []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "10.10.0.5"}}}}
	w.must(w.nodes.Create(t.Context(), ends))
	lists := 0
	w.nodes = interceptor.NewClient(w.nodes, interceptor.Funcs{
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, options ...client.ListOption) error {
			err := c.List(ctx, list, options...)
			if lists++; lists == 1 {
				w.must(c.Delete(ctx, ends))
				w.Book.Release(network.NodeHolder("ends")) // as who follows Nodes does
			}
			return err
		},
	})
	w.use(w.Client(simtest.Region))
	w.must(w.Refresh(t.Context()))
	given, err := w.Book.Allocate("probe", network.Interface{Address4: netip.MustParsePrefix("10.10.0.4/30")}, network.Bridge{})
	if got := given.Address4.String(); got != "10.10.0.5/30" || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
}

// PVE-014, PVE-103: lists are kept for a moment and dropped after changes; what machines
// tell of themselves is read once.
func TestMachines(t *testing.T) {
	const config = "GET /nodes/{node}/qemu/{vmid}/config"
	w := start(t, nil)
	w.must(w.Cloud.Place(simtest.Region, machine(300, "pve1")))
	w.must(w.Cloud.Place(simtest.Region, proxmox.Machine{ID: 301, Host: "pve2", Options: map[string]string{
		"name": "ours", "description": "Karpenter managed instance, class=c, cluster=k, uid=u", "smbios1": "base64=1,sku=YzEuMVZDUFUtMkdC",
	}}))
	list := func() string {
		machines, err := w.Machines(t.Context(), simtest.Region)
		w.must(err)
		var out []string
		for _, m := range machines {
			out = append(out, fmt.Sprintf("%d@%s:%t,%t,%s,%s", m.ID, m.Host, m.Known, m.Ours, m.Owner.UID, m.InstanceType))
		}
		return strings.Join(out, " ")
	}
	const both = "300@pve1:true,false,, 301@pve2:true,true,u,c1.1VCPU-2GB"
	if got := list(); got != both {
		t.Errorf("got %s", got)
	}
	reads := w.calls(config)
	w.must(w.Cloud.Place(simtest.Region, machine(302, "pve1")))
	if got := list(); got != both {
		t.Errorf("not kept: %s", got)
	}
	w.Changed(simtest.Region)
	if got := list(); got != both+" 302@pve1:true,false,," {
		t.Errorf("not dropped: %s", got)
	}
	if got := w.calls(config) - reads; got != 1 {
		t.Errorf("%d configurations were read for one new machine", got)
	}
	// PVE-101: one that moved is found where it is; one whose host is away is still ours.
	w.must(w.Cloud.Migrate(simtest.Region, 301, "pve1"), w.Cloud.SetHostOffline(simtest.Region, "pve1", true))
	w.step(10 * time.Second)
	if got := list(); !strings.Contains(got, "301@pve1:true,true,u") {
		t.Errorf("got %s", got)
	}
	w.must(w.Cloud.SetRegionDown(simtest.Region, true))
	w.step(10 * time.Second)
	if _, err := w.Machines(t.Context(), simtest.Region); err == nil {
		t.Error("a list of a region that does not answer")
	}
	if _, err := w.Machines(t.Context(), "elsewhere"); err == nil {
		t.Error("a list of a region that is not configured")
	}
}

// What is told while a machine is being made is not kept.
func TestBeingMade(t *testing.T) {
	w := start(t, nil)
	w.Begin(t, simtest.Region, "/nodes/pve1/qemu/9000/clone", url.Values{"newid": {"300"}, "name": {"n1"}, "full": {"1"}})
	for _, ours := range []bool{false, true} {
		machines, err := w.Machines(t.Context(), simtest.Region)
		w.must(err)
		if len(machines) != 1 || machines[0].Ours != ours {
			t.Errorf("got %+v", machines)
		}
		w.step(10 * time.Second)
		w.must(w.Client(simtest.Region).Configure(t.Context(), pve.Place{Host: "pve1", ID: 300}, pve.Change{Set: pve.Options{"description": "Karpenter managed instance, uid=u"}}))
		w.Changed(simtest.Region)
	}
}

// PVE-221: a machine that is not where the list has it has moved, and all is read anew.
func TestContradiction(t *testing.T) {
	w := start(t, nil)
	w.must(w.Cloud.Place(simtest.Region, machine(300, "pve1")))
	gone := fault.Failure{Code: "x", Message: "Configuration file 'nodes/pve1/qemu-server/300.conf' does not exist"}
	w.Cloud.Faults().Add(fault.Rule{Call: "GET *config", Times: 2, Error: &gone})
	if machines, err := w.Machines(t.Context(), simtest.Region); err != nil || len(machines) != 1 || !machines[0].Known {
		t.Errorf("got %+v, %v", machines, err)
	}
	w.Cloud.Faults().Add(fault.Rule{Call: "GET *config", Error: &gone})
	w.must(w.Cloud.Place(simtest.Region, machine(301, "pve1")))
	w.step(10 * time.Second)
	if _, err := w.Machines(t.Context(), simtest.Region); err == nil {
		t.Error("a list without a machine that is listed")
	}
}

// PVE-013: one machine or template that cannot be read is told, and keeps nobody from the
// others; what was read of it holds.
func TestRefused(t *testing.T) {
	w := start(t, nil)
	w.must(w.Refresh(t.Context()))
	w.must(w.Cloud.Place(simtest.Region, machine(300, "pve1")), w.Cloud.Place(simtest.Region, machine(301, "pve1")))
	for _, id := range []string{"300", "9000"} {
		w.Cloud.Faults().Add(fault.Rule{Call: "GET *config", Match: map[string]string{"vmid": id}, Error: &fault.Failure{Code: "x", Message: "out of order", Status: 403}})
	}
	w.step(16 * time.Minute)
	err := w.Refresh(t.Context())
	for _, told := range []string{"reading template 9000", "reading machine 300"} {
		if err == nil || !strings.Contains(err.Error(), told) {
			t.Errorf("got %v, want %s", err, told)
		}
	}
	if r, _ := w.Reading(simtest.Region); !r.Usable("pve1") || len(r.Templates) != 1 || len(r.Templates[0].Options) == 0 {
		t.Errorf("got %+v", r)
	}
	machines, err := w.Machines(t.Context(), simtest.Region)
	if err != nil || len(machines) != 2 || machines[0].Known || !machines[1].Known {
		t.Errorf("got %+v, %v", machines, err)
	}
	w.Cloud.Faults().Clear()
	w.step(time.Minute)
	if machines, err = w.Machines(t.Context(), simtest.Region); err != nil || !machines[0].Known {
		t.Errorf("got %+v, %v", machines, err)
	}
	w.must(w.Refresh(t.Context()))
}

// PVE-050, PVE-054: text that makes no sense is told once a survey; a read that failed is
// tried again at once.
func TestSurveyGuesses(t *testing.T) {
	for reason, tc := range map[string]struct {
		options map[string]string
		rule    fault.Rule
		again   bool
	}{
		"an affinity that is none": {options: map[string]string{"affinity": "all"}},
		"a call that fails": {
			rule:  fault.Rule{Call: "GET *config", Match: map[string]string{"vmid": "300"}, Error: &fault.Failure{Code: "x", Message: "out of order", Status: 403}},
			again: true,
		},
	} {
		t.Run(reason, func(t *testing.T) {
			w := start(t, nil)
			m := machine(300, "pve1")
			maps.Copy(m.Options, tc.options)
			w.must(w.Cloud.Place(simtest.Region, m))
			if tc.again {
				w.Cloud.Faults().Add(tc.rule)
			}
			if err := w.Refresh(t.Context()); !errors.Is(err, survey.ErrGuessed) || w.free("pve1") != "28 true" {
				t.Fatalf("got %v, %s are free", err, w.free("pve1"))
			}
			surveys := w.calls("GET /nodes/{node}/status")
			for range 3 {
				w.step(time.Minute)
				if err := w.Refresh(t.Context()); errors.Is(err, survey.ErrGuessed) != tc.again {
					t.Errorf("got %v", err)
				}
			}
			if again := w.calls("GET /nodes/{node}/status") - surveys; (again > 0) != tc.again {
				t.Errorf("surveyed %d times", again)
			}
		})
	}
}

// PVE-013: machines whose host is away when configurations are read anew are known still,
// and told anew when it is back.
func TestKnownEarlier(t *testing.T) {
	w := start(t, nil)
	w.must(w.Cloud.Place(simtest.Region, machine(300, "pve1")))
	cpus := func() string {
		machines, err := w.Machines(t.Context(), simtest.Region)
		w.must(err)
		return fmt.Sprint(len(machines), machines[0].Known, machines[0].VCPUs, machines[0].Addresses)
	}
	w.must(w.Refresh(t.Context()))
	w.must(w.Client(simtest.Region).Configure(t.Context(), pve.Place{Host: "pve1", ID: 300}, pve.Change{Set: pve.Options{"cores": "6"}}))
	w.must(w.Cloud.SetHostOffline(simtest.Region, "pve1", true))
	w.step(16 * time.Minute)
	w.must(w.Refresh(t.Context()))
	if got := cpus(); got != "1 true 4 [10.10.0.3]" {
		t.Errorf("got %s", got)
	}
	w.must(w.Cloud.SetHostOffline(simtest.Region, "pve1", false))
	w.step(10 * time.Second)
	if got := cpus(); got != "1 true 6 [10.10.0.3]" {
		t.Errorf("got %s", got)
	}
}

// A refresh that ran out of time yields no reading that passes for complete.
func TestOutOfTime(t *testing.T) {
	w := start(t, nil)
	hung := w.hang("/config")
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-hung; cancel() }()
	if err := w.RefreshRegion(ctx, simtest.Region); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if r, read := w.Reading(simtest.Region); read {
		t.Errorf("got %+v", r)
	}
}

// hang has the first region answer no call whose path ends so, for as long as the test
// runs. The channel is closed by the first one.
func (w *world) hang(suffix string) <-chan struct{} {
	w.t.Helper()
	to, err := url.Parse(w.URL)
	w.must(err)
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to) },
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: w.RootCAs, MinVersion: tls.VersionTLS12}},
	}
	hung, ended := make(chan struct{}), make(chan struct{})
	var once sync.Once
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		if !strings.HasSuffix(in.URL.Path, suffix) {
			proxy.ServeHTTP(out, in)
			return
		}
		once.Do(func() { close(hung) })
		select {
		case <-in.Context().Done():
		case <-ended:
		}
	}))
	w.t.Cleanup(server.Close)
	w.t.Cleanup(func() { close(ended) })
	w.use(pve.New(pve.Connection{URL: server.URL + "/" + simtest.Region + "/api2/json", Clock: w.World.Clock, Credentials: func() (pve.Credentials, error) {
		return pve.Credentials{TokenID: simtest.TokenID, TokenSecret: simtest.TokenSecret}, nil
	}}))
	return hung
}
