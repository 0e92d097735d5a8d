// SPDX-License-Identifier: Apache-2.0

package upkeep_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/reconcile/index"
	"karpenter.sh/core/testkit/strictapi"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/internal/simtest"
	"karpenter.sh/providers/proxmox/machineconfig"
	"karpenter.sh/providers/proxmox/providerid"
	"karpenter.sh/providers/proxmox/pve"
	"karpenter.sh/providers/proxmox/upkeep"
	"karpenter.sh/test/cloudsim/fault"
	"karpenter.sh/test/cloudsim/proxmox"
)

const id = 20000

// world is a machine of NodeClaim "n1", whose NodeClass is "c".
type world struct {
	t testing.TB
	*simtest.World
	api     client.WithWatch
	updater *upkeep.Updater
	claim   *v1.NodeClaim
	place   pve.Place
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, place: pve.Place{Host: "pve1", ID: id}, World: simtest.Start(t, func(o *proxmox.Options) {
		r := &o.Setup.Regions[0]
		r.Pools, r.SecurityGroups = []string{"a", "a/b"}, []string{"nodes", "web"}
	})}
	scheme := runtime.NewScheme()
	w.must(v1alpha1.AddToScheme(scheme))
	w.must(v1.AddToScheme(scheme))
	w.must(corev1.AddToScheme(scheme))
	api := fake.NewClientBuilder().WithScheme(scheme)
	for _, f := range index.Fields() {
		if _, _, err := scheme.ObjectKinds(f.Object); err == nil {
			api = api.WithIndex(f.Object, f.Name, f.Extract)
		}
	}
	w.api = strictapi.Client(t, api.Build())
	w.claim = &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: "n1", UID: "u1", Annotations: map[string]string{"x": "y"}}}
	w.claim.Spec.NodeClassRef.Name = "c"
	w.claim.Status.ProviderID = fmt.Sprintf("proxmox://%s/%d", simtest.Region, id)
	w.must(w.api.Create(t.Context(), w.claim))
	w.must(w.api.Create(t.Context(), &v1alpha1.ProxmoxNodeClass{ObjectMeta: metav1.ObjectMeta{Name: "c"}}))
	c := w.Client(simtest.Region)
	w.must(c.Clone(t.Context(), pve.Place{Host: "pve1", ID: 9000}, pve.Clone{
		ID: id, Name: "n1", Description: machineconfig.Owner{Cluster: "k", UID: "u1"}.Description(),
	}))
	w.updater = upkeep.NewUpdater(upkeep.Options{
		Client: w.api, Clients: map[string]*pve.Client{simtest.Region: c}, Cluster: "k", Changed: func(string) {},
	})
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// update changes the NodeClass, and has that applied.
func (w *world) update(change func(*v1alpha1.ProxmoxNodeClassSpec)) error {
	w.t.Helper()
	c := &v1alpha1.ProxmoxNodeClass{}
	w.must(w.api.Get(w.t.Context(), client.ObjectKey{Name: "c"}, c))
	change(&c.Spec)
	w.must(w.api.Update(w.t.Context(), c))
	w.must(w.api.Get(w.t.Context(), client.ObjectKey{Name: "n1"}, w.claim))
	return w.updater.Update(w.t.Context(), w.claim)
}

func (w *world) machine() proxmox.Seen {
	w.t.Helper()
	all, err := w.Cloud.Machines(simtest.Region)
	w.must(err)
	return all[slices.IndexFunc(all, func(m proxmox.Seen) bool { return m.ID == id })]
}

func (w *world) expect(reason, want string) {
	w.t.Helper()
	m := w.machine()
	var rules []string
	for _, r := range m.Rules {
		rules = append(rules, r["action"]+"@"+r["iface"])
	}
	w.must(w.api.Get(w.t.Context(), client.ObjectKey{Name: "n1"}, w.claim))
	got := fmt.Sprint(m.Options["tags"], " ", m.Pool, " ", rules, " ", m.Firewall["enable"], m.Firewall["policy_in"], " ", w.claim.Annotations[v1alpha1.AnnotationPool])
	if got != want {
		w.t.Errorf("%s: got %q, want %q", reason, got, want)
	}
}

// PVE-088, PVE-089, PVE-210: tags, groups and pool reach a machine that runs.
func TestUpdate(t *testing.T) {
	w := newWorld(t)
	w.must(w.Client(simtest.Region).Configure(t.Context(), w.place, pve.Change{Set: pve.Options{"tags": "go-proxmox+cloud-init;old"}}))
	w.must(w.update(func(s *v1alpha1.ProxmoxNodeClassSpec) {
		s.Tags, s.ResourcePool = []string{"b", "a", "a"}, "a"
		s.SecurityGroups = []v1alpha1.SecurityGroup{{Name: "web"}, {Name: "nodes", Interface: "net1"}}
	}))
	const first = "a;b;go-proxmox+cloud-init a [web@net0 nodes@net1] 1DROP a"
	w.expect("the first", first)
	w.must(w.updater.Update(t.Context(), w.claim))
	w.expect("again", first)

	w.must(w.Cloud.Migrate(simtest.Region, id, "pve2"))
	w.must(w.update(func(s *v1alpha1.ProxmoxNodeClassSpec) {
		s.Tags, s.ResourcePool, s.SecurityGroups = nil, "a/b", []v1alpha1.SecurityGroup{{Name: "nodes"}}
	}))
	w.expect("after a migration", "go-proxmox+cloud-init a/b [nodes@net0] 1DROP a/b")

	err := w.update(func(s *v1alpha1.ProxmoxNodeClassSpec) { s.ResourcePool, s.Tags = "none", []string{"c"} })
	if err == nil || !strings.Contains(err.Error(), `pool "none"`) {
		t.Errorf("a pool that is missing: %v", err)
	}
	w.expect("the rest is done", "c;go-proxmox+cloud-init a/b [nodes@net0] 1DROP a/b")
	err = w.update(func(s *v1alpha1.ProxmoxNodeClassSpec) {
		s.ResourcePool, s.SecurityGroups = "a", []v1alpha1.SecurityGroup{{Name: "gone"}}
	})
	if err == nil || !strings.Contains(err.Error(), `"gone"`) {
		t.Errorf("a group that is missing: %v", err)
	}
	w.expect("the rest is done", "c;go-proxmox+cloud-init a [nodes@net0] 1DROP a")
	w.must(w.update(func(s *v1alpha1.ProxmoxNodeClassSpec) { s.ResourcePool, s.SecurityGroups, s.Tags = "", nil, nil }))
	w.expect("nothing is wanted", "go-proxmox+cloud-init  [] 0DROP ")
}

// before is called before each request of the updater is served.
func (w *world) before(do func(*http.Request)) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		do(r)
		w.Cloud.ServeHTTP(out, r)
	}))
	w.t.Cleanup(server.Close)
	w.updater.Clients[simtest.Region] = pve.New(pve.Connection{
		URL: server.URL + "/" + simtest.Region + "/api2/json", Insecure: true, Clock: w.Clock,
		Credentials: func() (pve.Credentials, error) {
			return pve.Credentials{TokenID: simtest.TokenID, TokenSecret: simtest.TokenSecret}, nil
		},
	})
}

// PVE-088: a rule that somebody puts before the others just as one of them is deleted stays,
// and the repeat ends in the wanted rules, without any twice.
func TestRulesOfTwoWriters(t *testing.T) {
	w := newWorld(t)
	direct := w.Client(simtest.Region)
	w.must(w.update(func(s *v1alpha1.ProxmoxNodeClassSpec) {
		s.SecurityGroups = []v1alpha1.SecurityGroup{{Name: "web"}, {Name: "nodes"}}
	}))
	var other sync.Once
	w.before(func(r *http.Request) {
		if r.Method == http.MethodDelete && strings.Contains(r.URL.Path, "/rules/") {
			other.Do(func() {
				_ = direct.AddRule(context.Background(), w.place, pve.Rule{Type: "in", Action: "ACCEPT", Enabled: 1})
			})
		}
	})
	err := w.update(func(s *v1alpha1.ProxmoxNodeClassSpec) {
		s.SecurityGroups = []v1alpha1.SecurityGroup{{Name: "nodes"}, {Name: "web"}}
	})
	if err == nil {
		t.Error("nobody says that the rules have changed")
	}
	w.expect("nothing is deleted", "  [ACCEPT@ nodes@net0 web@net0 web@net0 nodes@net0] 1DROP ")
	w.must(w.updater.Update(t.Context(), w.claim))
	w.expect("the repeat", "  [ACCEPT@ nodes@net0 web@net0] 1DROP ")
}

// PVE-088: what is made of options that somebody else has just changed is made anew, and not
// for ever: otherwise the mark of a medium would come back with the tags, or old tags with
// its end.
func TestOptionsOfTwoWriters(t *testing.T) {
	w := newWorld(t)
	direct := w.Client(simtest.Region)
	set := func(option, value string) {
		if err := direct.Configure(context.Background(), w.place, pve.Change{Set: pve.Options{option: value}}); err != nil {
			t.Error(err)
		}
	}
	writes, times := 0, 1
	other := func() {}
	w.before(func(r *http.Request) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/config") {
			if writes++; writes <= times {
				other()
			}
		}
	})
	tag := func(s *v1alpha1.ProxmoxNodeClassSpec) { s.Tags = append(s.Tags, fmt.Sprint("t", len(s.Tags))) }

	set("tags", "go-proxmox+cloud-init")
	other = func() { set("tags", "old") }
	w.must(w.update(tag))
	w.expect("the mark goes while tags are replaced", "t0  []  ")

	set("tags", "go-proxmox+cloud-init;t0")
	writes, other = 0, func() { set("tags", "go-proxmox+cloud-init;new") }
	w.must(w.updater.Eject(t.Context(), w.claim))
	w.expect("tags are replaced while the mark goes", "new  []  ")

	writes, times, other = 0, 100, func() { set("description", w.machine().Options["description"]+".") }
	if err := w.update(tag); !pve.IsModified(err) || writes > 10 {
		t.Errorf("somebody writes all the time: %d tries, %v", writes, err)
	}
	w.expect("nothing is overwritten", "new  []  ")
}

// PVE-089: a pool that somebody else has chosen is left alone where none is wanted.
func TestMembership(t *testing.T) {
	for _, row := range []struct {
		reason      string
		pools       upkeep.Pools
		leave, join string
	}{
		{"it is there", upkeep.Pools{Actual: "a", Recorded: "b", Wanted: "a"}, "", ""},
		{"out of another", upkeep.Pools{Actual: "x", Recorded: "a", Wanted: "b"}, "", "b"},
		{"out of ours", upkeep.Pools{Actual: "a", Recorded: "a"}, "a", ""},
		{"somebody has moved it", upkeep.Pools{Actual: "x", Recorded: "a"}, "", ""},
		{"nobody has recorded it", upkeep.Pools{Actual: "x"}, "", ""},
	} {
		if leave, join := upkeep.Membership(row.pools); leave != row.leave || join != row.join {
			t.Errorf("%s: got %q, %q", row.reason, leave, join)
		}
	}
}

// PVE-088, PVE-206: a stranger with the ID is not touched, and a missing NodeClass means nothing.
func TestOthers(t *testing.T) {
	w := newWorld(t)
	before := w.machine()
	w.claim.UID, w.claim.Name = "u2", "n2"
	for _, do := range []func() error{
		func() error { return w.updater.Update(t.Context(), w.claim) }, func() error { return w.updater.Eject(t.Context(), w.claim) },
	} {
		if err := do(); !cloudprovider.IsNodeClaimNotFoundError(err) {
			t.Errorf("got %v", err)
		}
	}
	if fmt.Sprint(before) != fmt.Sprint(w.machine()) {
		t.Error("a stranger is changed")
	}
	w.claim.Spec.NodeClassRef.Name = "gone"
	if hash, err := w.updater.Hash(t.Context(), w.claim); hash != "" || err != nil {
		t.Errorf("got %q, %v", hash, err)
	}
}

// PVE-099: the medium goes, and another one stays.
func TestEject(t *testing.T) {
	w := newWorld(t)
	c, ctx := w.Client(simtest.Region), t.Context()
	w.must(c.UploadISO(ctx, "pve1", "local", "user-data-20000.iso", []byte("medium")))
	w.must(c.UploadISO(ctx, "pve1", "local", "other.iso", []byte("medium")))
	w.must(c.Configure(ctx, w.place, pve.Change{Set: pve.Options{"ide2": "local:iso/user-data-20000.iso,media=cdrom", "tags": "a;go-proxmox+cloud-init"}}))
	w.claim.Status.ProviderID = fmt.Sprintf("proxmox:///%d", id)
	if err := w.updater.Eject(ctx, w.claim); !errors.Is(err, providerid.ErrRegionless) {
		t.Errorf("nobody tells the region: %v", err)
	}
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n1", Labels: map[string]string{label.Region: simtest.Region}}} // PVE-003: it tells the region
	node.Spec.ProviderID = w.claim.Status.ProviderID
	w.must(w.api.Create(ctx, node))
	for range 2 {
		w.must(w.updater.Eject(ctx, w.claim))
		if m := w.machine(); m.Options["ide2"] != "none,media=cdrom" || m.Options["tags"] != "a" {
			t.Errorf("got %v", m.Options)
		}
	}
	w.must(c.Configure(ctx, w.place, pve.Change{Set: pve.Options{"ide2": "local:iso/other.iso,media=cdrom"}}))
	w.must(w.updater.Eject(ctx, w.claim))
	volumes, err := w.Cloud.Volumes(simtest.Region)
	w.must(err)
	if m := w.machine(); !strings.HasPrefix(m.Options["ide2"], "local:iso/other.iso") || slices.Contains(volumes, "local:iso/user-data-20000.iso@pve1") || !slices.Contains(volumes, "local:iso/other.iso@pve1") {
		t.Errorf("got %v, %v", m.Options, volumes)
	}
	w.must(w.Cloud.SetHostOffline(simtest.Region, "pve1", true))
	if err := w.updater.Eject(ctx, w.claim); err == nil || cloudprovider.IsNodeClaimNotFoundError(err) {
		t.Errorf("its host is away: %v", err)
	}
}

// PVE-088, PVE-206: a stranger that gets the ID while a machine is changed gets no firewall of
// ours, nor does whoever has the place of a machine that nobody finds any more.
func TestLostMeanwhile(t *testing.T) {
	for _, reason := range []string{"its ID is a stranger's", "it has gone", "nobody can look"} {
		t.Run(reason, func(t *testing.T) {
			w := newWorld(t)
			direct := w.Client(simtest.Region)
			var once sync.Once
			w.before(func(r *http.Request) {
				if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/config") {
					return
				}
				once.Do(func() {
					ctx := context.Background()
					if reason == "nobody can look" {
						w.must(direct.Configure(ctx, w.place, pve.Change{Set: pve.Options{"description": w.machine().Options["description"] + "."}}))
						w.Cloud.Faults().Add(fault.Rule{Call: "GET *config", Error: &fault.Failure{Code: "x", Message: "broken"}})
						return
					}
					w.must(direct.Delete(ctx, w.place))
					if reason == "its ID is a stranger's" {
						w.must(direct.Clone(ctx, pve.Place{Host: "pve1", ID: 9000}, pve.Clone{ID: id, Name: "stranger", Description: "mine"}))
					}
				})
			})
			err := w.update(func(s *v1alpha1.ProxmoxNodeClassSpec) {
				s.Tags, s.SecurityGroups = []string{"a"}, []v1alpha1.SecurityGroup{{Name: "web"}}
			})
			if err == nil || cloudprovider.IsNodeClaimNotFoundError(err) != (reason == "its ID is a stranger's") {
				t.Errorf("got %v", err)
			}
			for _, e := range w.Cloud.Journal().Entries("", 0) {
				if strings.Contains(e.Call, "firewall") && !strings.HasPrefix(e.Call, "GET") {
					t.Errorf("its place is touched: %s", e.Call)
				}
			}
		})
	}
}
