// SPDX-License-Identifier: Apache-2.0

package wiring_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/events/eventstest"
	"karpenter.sh/core/testkit/stubmanager"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/internal/simtest"
	"karpenter.sh/providers/proxmox/options"
	"karpenter.sh/providers/proxmox/wiring"
)

// world is the files of a provider, and a cluster.
type world struct {
	t testing.TB
	*simtest.World
	settings options.Options
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, World: simtest.Start(t, nil)}
	w.settings = options.Options{
		CloudConfig: filepath.Join(t.TempDir(), "config.yaml"), NodePolicy: options.PolicySimple, LowestID: 20000, VMMemoryOverheadPercent: 0.075,
	}
	w.configure(simtest.TokenSecret)
	return w
}

// configure writes the cloud config.
func (w *world) configure(secret string) {
	w.t.Helper()
	w.write(w.settings.CloudConfig, fmt.Sprintf("clusters:\n- {region: %s, url: %s/%[1]s/api2/json, insecure: true, token_id: %[3]q, token_secret: %[4]q}\n",
		simtest.Region, w.URL, simtest.TokenID, secret))
}

func (w *world) write(file, text string) {
	w.t.Helper()
	w.must(os.WriteFile(file, []byte(text), 0o600))
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) new() (*wiring.Parts, error) {
	w.t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, v1.AddToScheme, v1alpha1.AddToScheme} {
		w.must(add(scheme))
	}
	api := fake.NewClientBuilder().WithScheme(scheme).Build()
	return wiring.New(w.t.Context(), wiring.Options{
		Settings: w.settings, Cluster: "k", Namespace: "karpenter", Client: api, Direct: api, Events: &eventstest.Recorder{}, Clock: w.Clock, Log: logr.Discard(),
		Version: func(context.Context) (string, error) { return "v1.33.4", nil },
	})
}

// PVE-040, PVE-052: files are read at the start, where what is wrong with them ends the
// process, and again, where it changes nothing.
func TestFiles(t *testing.T) {
	w := newWorld(t)
	w.settings.InstanceTypesFile, w.settings.NodeSettingFile = filepath.Join(t.TempDir(), "types.json"), filepath.Join(t.TempDir(), "hosts.json")
	const types, hosts = `[{"name": %q, "capacity": {"cpu": "2", "memory": "4Gi"}}]`, `{"r1": {"*": {"cores": %d}}}`
	for _, wrong := range [][2]string{{"{", fmt.Sprintf(hosts, 8)}, {fmt.Sprintf(types, "a"), "["}} {
		w.write(w.settings.InstanceTypesFile, wrong[0])
		w.write(w.settings.NodeSettingFile, wrong[1])
		if _, err := w.new(); err == nil {
			t.Errorf("%q are taken", wrong)
		}
	}
	w.write(w.settings.NodeSettingFile, fmt.Sprintf(hosts, 8))
	p, err := w.new()
	w.must(err)
	expect := func(name string, cores int) {
		t.Helper()
		shapes, err := p.Shapes.Current()
		w.must(err)
		found := p.Hosts.Current().For("r1", "pve1")
		if found == nil || shapes.Items[0].Name != name || found.Cores != cores {
			t.Errorf("got %+v, %+v", shapes, found)
		}
	}
	expect("a", 8)
	w.must(p.RefreshFiles(t.Context()))
	if shapes, err := p.Shapes.Current(); err != nil || shapes.Generation != 1 {
		t.Errorf("the same types are others: %+v, %v", shapes, err)
	}
	w.write(w.settings.InstanceTypesFile, fmt.Sprintf(types, "b"))
	w.write(w.settings.NodeSettingFile, fmt.Sprintf(hosts, 16))
	w.must(p.RefreshFiles(t.Context()))
	expect("b", 16)
	w.write(w.settings.InstanceTypesFile, "{")
	w.write(w.settings.NodeSettingFile, "[")
	if err := p.RefreshFiles(t.Context()); err == nil || !strings.Contains(err.Error(), "instance types") || !strings.Contains(err.Error(), "hosts.json") {
		t.Errorf("got %v", err)
	}
	expect("b", 16)
}

// PVE-011: credentials that are replaced in the cloud config are found when the old ones
// are refused.
func TestCredentials(t *testing.T) {
	w := newWorld(t)
	w.configure("old")
	p, err := w.new()
	w.must(err)
	c := p.Clients[simtest.Region]
	if _, err := c.Hosts(t.Context()); err == nil {
		t.Error("they are taken")
	}
	w.write(w.settings.CloudConfig, "clusters: []") // while it is written
	if _, err := c.Hosts(t.Context()); err == nil {
		t.Error("they are taken")
	}
	w.configure(simtest.TokenSecret)
	if _, err := c.Hosts(t.Context()); err != nil {
		t.Error(err)
	}
	w.write(w.settings.CloudConfig, "clusters: []")
	if _, err := w.new(); err == nil {
		t.Error("a start without clusters")
	}
}

// PVE-013: a process is not ready until some region has answered, in every replica, and then
// stays so.
func TestReadiness(t *testing.T) {
	w := newWorld(t)
	p, err := w.new()
	w.must(err)
	prober := p.Prober()
	if everywhere, ok := prober.(manager.LeaderElectionRunnable); !ok || everywhere.NeedLeaderElection() {
		t.Error("it waits for the lease")
	}
	w.must(w.Cloud.SetRegionDown(simtest.Region, true))
	ended := make(chan error)
	go func() { ended <- prober.Start(t.Context()) }()
	began := w.Clock.Now()
	for w.Clock.Since(began) < 30*time.Second { // it has asked several times
		if err := p.Reached(); err == nil {
			t.Fatal("it is ready")
		}
	}
	w.must(w.Cloud.SetRegionDown(simtest.Region, false))
	w.must(<-ended)
	w.must(p.Reached())
	w.must(w.Cloud.SetRegionDown(simtest.Region, true))
	w.must(p.Reached())
}

// PVE-043, PVE-099, PVE-104, PVE-114: the controllers, by the names that logs and metrics
// have.
func TestNamesOfControllers(t *testing.T) {
	parts, err := newWorld(t).new()
	if err != nil {
		t.Fatal(err)
	}
	m, err := stubmanager.New(t.Context(), parts.Client.Scheme(), &v1alpha1.ProxmoxNodeClass{}, &v1alpha1.ProxmoxTemplate{},
		&v1alpha1.ProxmoxUnmanagedTemplate{}, &v1.NodeClaim{}, &corev1.Node{})
	if err != nil {
		t.Fatal(err)
	}
	r := stubmanager.NewRoll(t, m)
	parts.Objects = m.Informers
	for _, c := range parts.Controllers() {
		if err := c.Register(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		"bootstraptoken.garbagecollection", "instance.garbagecollection", "node.addresses", "nodeclaim.bootdata", "nodeclaim.inplaceupdate",
		"nodeclass.hash", "nodeclass.status", "nodeclass.termination", "providers.files",
		"providers.hosts", "providers.instancetype.capacity", "providers.inventory", "template.images",
		"template.status", "unmanagedtemplate.status",
	}
	if got := r.Names(); !slices.Equal(got, want) {
		t.Errorf("got  %s\nwant %s", strings.Join(got, " "), strings.Join(want, " "))
	}
}
