// SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/capacity"
	"karpenter.sh/providers/proxmox/instancetype"
	"karpenter.sh/providers/proxmox/internal/simtest"
	"karpenter.sh/providers/proxmox/launch"
	"karpenter.sh/providers/proxmox/provider"
	"karpenter.sh/providers/proxmox/pve"
	"karpenter.sh/test/cloudsim/fault"
	"karpenter.sh/test/cloudsim/proxmox"
)

const small = "c1.1VCPU-2GB" // the cheapest type

// pool gives machines addresses of a network.
func pool(o *proxmox.Options) {
	for i := range o.Setup.Regions {
		o.Setup.Regions[i].Machines[0].Options["ipconfig0"] = "ip=10.10.0.0/16"
	}
}

// create launches, and fails the test if that fails.
func (w *world) create(nodeClaim *karpv1.NodeClaim) *karpv1.NodeClaim {
	w.t.Helper()
	created, err := w.Create(w.t.Context(), nodeClaim)
	w.must(err)
	return created
}

// clocks is how far those of the API server and of the provider may be apart.
const clocks = time.Minute

// born is a NodeClaim that was made while this process leads, whatever the clocks.
func (w *world) born(name string, more ...karpv1.NodeSelectorRequirementWithMinValues) *karpv1.NodeClaim {
	w.t.Helper()
	w.Clock.Step(clocks + time.Second)
	nodeClaim := claim(name, more...)
	nodeClaim.CreationTimestamp = metav1.NewTime(w.Clock.Now())
	return nodeClaim
}

// lead has the provider asked for a launch, which is in vain.
func (w *world) lead() {
	w.t.Helper()
	if _, err := w.Create(w.t.Context(), claim("none", in(label.Zone, "nowhere"))); !cloudprovider.IsInsufficientCapacityError(err) {
		w.t.Fatal(err)
	}
}

// left is all that launches could leave.
func (w *world) left() string {
	w.t.Helper()
	var out []string
	for _, region := range []string{simtest.Region, other} {
		all, err := w.Cloud.Machines(region)
		w.must(err)
		for _, m := range all {
			out = append(out, fmt.Sprint(region, " ", m.ID))
		}
		volumes, err := w.Cloud.Volumes(region)
		w.must(err)
		out = append(out, volumes...)
	}
	for _, at := range []capacity.Place{{Region: simtest.Region, Host: "pve1"}, {Region: simtest.Region, Host: "pve2"}, {Region: other, Host: "pve3"}} {
		free, _ := w.ledger.Free(at)
		out = append(out, fmt.Sprint(at, free))
	}
	return strings.Join(append(out, w.tokens()...), "\n")
}

// tokens are the names of the Secrets of bootstrap tokens.
func (w *world) tokens() []string {
	w.t.Helper()
	var list corev1.SecretList
	w.must(w.api.List(context.Background(), &list, client.MatchingLabels{v1alpha1.LabelBootstrapToken: "true"}))
	var out []string
	for _, s := range list.Items {
		out = append(out, s.Name)
	}
	return out
}

// PVE-065, PVE-067, PVE-097: what a NodeClaim and its machine are in the end.
func TestCreated(t *testing.T) {
	w := newWorld(t, nil)
	asked := claim("n1", in("example.com/team", "a"), in(v1alpha1.LabelInstanceFamily, "c1", "m1"))
	created := w.create(asked)
	const image = "9000-151445218505738649"
	want := map[string]string{
		karpv1.NodePoolLabelKey: "pool", label.InstanceType: small, label.Region: "r1", label.Zone: "pve1", label.CapacityType: label.OnDemand,
		label.Arch: "amd64", label.OS: "linux", v1alpha1.LabelInstanceFamily: "c1", v1alpha1.LabelInstanceCPUType: "x86-64-v2-AES",
		v1alpha1.LabelInstanceImageID: image, v1alpha1.LabelNodeClass: "default",
	}
	if fmt.Sprint(created.Labels) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", created.Labels, want)
	}
	if created.Status.ProviderID != "proxmox://r1/20000" || created.Status.ImageID != image || created.Status.Capacity.Cpu().Value() != 1 {
		t.Errorf("got %+v", created.Status)
	}
	tokens, a := w.tokens(), created.Annotations
	if len(tokens) != 1 || tokens[0] != "bootstrap-token-"+a[v1alpha1.AnnotationToken] || a[v1alpha1.AnnotationPool] != "karpenter" ||
		a[v1alpha1.AnnotationNodeInPlaceHash] == "" || a[v1alpha1.Kind().HashVersionKey()] != v1alpha1.HashVersion {
		t.Errorf("got %v, %v", tokens, a)
	}
	m := w.machines()[0]
	told := w.read(m)
	if !strings.HasPrefix(told.Kubernetes.BootstrapToken, a[v1alpha1.AnnotationToken]+".") || told.Metadata.ProviderID != created.Status.ProviderID {
		t.Errorf("told %+v", told)
	}
	if m.Pool != "karpenter" || m.Options["tags"] != "go-proxmox+cloud-init;k8s" || !strings.HasSuffix(m.Options["scsi0"], "size=30G") {
		t.Errorf("got %+v", m)
	}
	// Another process finds it, and knows all but what was applied in place.
	w.restart()
	again := w.create(asked)
	if again.Status.ProviderID != created.Status.ProviderID || fmt.Sprint(again.Labels) != fmt.Sprint(created.Labels) || again.Status.ImageID != image ||
		again.Annotations[v1alpha1.AnnotationNodeInPlaceHash] != "" {
		t.Errorf("found %+v", again)
	}
}

// PVE-060, PVE-062: where machines go.
func TestPlacement(t *testing.T) {
	for reason, tc := range map[string]struct {
		change func(*v1alpha1.ProxmoxNodeClassSpec)
		asks   []karpv1.NodeSelectorRequirementWithMinValues
		want   string
	}{
		"the host with the fewest machines, in the first region": {want: "[pve1 pve2 pve1]"},
		"no host that is not wanted": {
			asks: []karpv1.NodeSelectorRequirementWithMinValues{{Key: label.Zone, Operator: karpv1.OperatorNotIn, Values: []string{"pve1"}}}, want: "[pve2 pve2 pve2]",
		},
		"the region that is wanted":             {asks: []karpv1.NodeSelectorRequirementWithMinValues{in(label.Region, other)}, want: "[pve3 pve3 pve3]"},
		"the region that the NodeClass has":     {change: func(s *v1alpha1.ProxmoxNodeClassSpec) { s.Region = other }, want: "[pve3 pve3 pve3]"},
		"a region that is not the NodeClass's":  {change: func(s *v1alpha1.ProxmoxNodeClassSpec) { s.Region = other }, asks: []karpv1.NodeSelectorRequirementWithMinValues{in(label.Region, "r1")}, want: "[]"},
		"a storage of the host, with the disks": {change: func(s *v1alpha1.ProxmoxNodeClassSpec) { s.BootDevice.Storage = "local-lvm" }, want: "[pve1 pve2 pve1]"},
	} {
		t.Run(reason, func(t *testing.T) {
			w := newWorld(t, nil)
			w.edit(func(nodeClass *v1alpha1.ProxmoxNodeClass) {
				if tc.change != nil {
					tc.change(&nodeClass.Spec)
				}
			})
			got := []string{}
			for i := range 3 {
				created, err := w.Create(t.Context(), claim(fmt.Sprint("n", i), tc.asks...))
				if err == nil {
					got = append(got, created.Labels[label.Zone])
				} else if !cloudprovider.IsInsufficientCapacityError(err) {
					t.Error(err)
				}
			}
			if fmt.Sprint(got) != tc.want {
				t.Errorf("got %v, want %s", got, tc.want)
			}
		})
	}
}

// PVE-062: with AvailabilityFirst hosts of a region are tried in any order.
func TestAvailabilityFirst(t *testing.T) {
	w := newWorld(t, nil)
	w.edit(func(nodeClass *v1alpha1.ProxmoxNodeClass) {
		nodeClass.Spec.PlacementStrategy = &v1alpha1.PlacementStrategy{ZoneBalance: v1alpha1.ZoneBalanceAvailabilityFirst}
	})
	w.shuffle = func(n int) []int {
		out := make([]int, n)
		for i := range out {
			out[i] = n - 1 - i
		}
		return out
	}
	w.restart()
	for i := range 2 {
		if zone := w.create(claim(fmt.Sprint("n", i))).Labels[label.Zone]; zone != "pve2" {
			t.Errorf("it is on %s", zone)
		}
	}
}

// PVE-111: the privileges that are listed suffice; without one of them the launch says so.
func TestPrivileges(t *testing.T) {
	privileges := []string{
		"Datastore.Allocate", "Datastore.AllocateSpace", "Datastore.AllocateTemplate", "Datastore.Audit", "Mapping.Audit", "Mapping.Use",
		"Sys.Audit", "Sys.AccessNetwork", "SDN.Audit", "SDN.Use", "VM.Audit", "VM.Allocate", "VM.Clone", "VM.PowerMgmt",
		"VM.Config.CDROM", "VM.Config.CPU", "VM.Config.Memory", "VM.Config.Disk", "VM.Config.Network", "VM.Config.HWType",
		"VM.Config.Cloudinit", "VM.Config.Options", "Pool.Audit", "Pool.Allocate",
	}
	as := func(granted []string) *world {
		w := newWorld(t, func(o *proxmox.Options) {
			for i := range o.Setup.Regions {
				o.Setup.Regions[i].Machines[0].Options["ipconfig0"] = "ip=10.10.0.0/16"
				o.Setup.Regions[i].Users = append(o.Setup.Regions[i].Users, proxmox.User{
					Name: "karpenter@pve", Grants: []proxmox.Grant{{Path: "/", Privileges: granted}}, Tokens: []proxmox.Token{{ID: "t", Secret: "22222222-2222-3333-4444-555555555555"}},
				})
			}
		})
		w.edit(func(nodeClass *v1alpha1.ProxmoxNodeClass) {
			nodeClass.Spec.SecurityGroups = []v1alpha1.SecurityGroup{{Name: "nodes"}}
			nodeClass.Spec.BootDevice.Storage = "local-lvm"
		})
		w.who = pve.Credentials{TokenID: "karpenter@pve!t", TokenSecret: "22222222-2222-3333-4444-555555555555"}
		w.restart()
		return w
	}
	w := as(privileges)
	created := w.create(claim("n1"))
	if list, err := w.List(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("listed %v, %v", list, err)
	}
	w.must(w.Delete(t.Context(), created))
	if len(w.machines()) > 0 {
		t.Error("the machine is there")
	}

	for _, missing := range []string{"VM.Clone", "VM.PowerMgmt", "Datastore.AllocateSpace"} {
		w := as(slices.DeleteFunc(slices.Clone(privileges), func(p string) bool { return p == missing }))
		_, err := w.Create(t.Context(), claim("n1"))
		if create, _ := cloudprovider.AsCreateError(err); create == nil || create.Reason != "ProxmoxUnauthorized" || !strings.Contains(create.Message, missing) {
			t.Errorf("without %s: %v", missing, err)
		}
	}
}

// many launches at the same time, and returns the NodeClaims and how many lacked capacity.
func (w *world) many(n int, asks ...karpv1.NodeSelectorRequirementWithMinValues) (created []*karpv1.NodeClaim, short int) {
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			got, err := w.Create(w.t.Context(), claim(fmt.Sprint("n", i), asks...))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				created = append(created, got)
			case cloudprovider.IsInsufficientCapacityError(err):
				short++
			default:
				w.t.Error(err)
			}
		})
		if i == n/2 {
			all.Go(func() { _ = w.inventory.Refresh(w.t.Context()) })
		}
	}
	all.Wait()
	return created, short
}

// PVE-203: concurrent launches have IDs and addresses of their own, and no host more than
// it has, also across a refresh.
func TestManyAtOnce(t *testing.T) {
	for _, pinned := range []bool{false, true} {
		w := newWorld(t, pool)
		w.static = pinned
		w.restart()
		w.lead()
		created, short := w.many(50, in(label.Region, simtest.Region), in(label.InstanceType, "c1.2VCPU-4GB"))
		if len(created) != 32 || short != 18 { // two hosts of 32 CPUs
			t.Errorf("pinned %t: %d machines, %d lacked capacity", pinned, len(created), short)
		}
		ids, addresses, cpus := map[string]bool{}, map[string]bool{}, map[string]int{}
		for _, c := range created {
			ids[c.Status.ProviderID] = true
		}
		for _, m := range w.machines() {
			addresses[m.Options["ipconfig0"]] = true
			cpus[m.Host] += 2
		}
		if len(ids) != 32 || len(addresses) != 32 || fmt.Sprint(cpus) != "map[pve1:32 pve2:32]" {
			t.Errorf("pinned %t: %d IDs, %d addresses, %v", pinned, len(ids), len(addresses), cpus)
		}
		if n := len(w.tokens()); n != 32 {
			t.Errorf("pinned %t: %d tokens", pinned, n)
		}
	}
}

// The last CPU goes to one of many.
func TestLastCPU(t *testing.T) {
	w := newWorld(t, func(o *proxmox.Options) { o.Setup.Regions[1].Hosts[0].Cores, o.Setup.Regions[1].Hosts[0].CPUs = 1, 1 })
	w.lead()
	created, short := w.many(10, in(label.Region, other), in(label.InstanceType, small))
	if len(created) != 1 || short != 9 || w.available(small) != "pve1 pve2" {
		t.Errorf("%d machines, %d lacked capacity, available on %s", len(created), short, w.available(small))
	}
	w.must(w.Delete(t.Context(), created[0]))
	w.Clock.Step(3 * time.Minute)
	if got := w.available(small); got != "pve1 pve2 pve3" {
		t.Errorf("after the machine has gone: %s", got)
	}
}

// PVE-066: a storage that is full keeps only machines away that have their disks there.
func TestFullStorage(t *testing.T) {
	w := newWorld(t, nil)
	on := func(storage string) string {
		w.edit(func(nodeClass *v1alpha1.ProxmoxNodeClass) { nodeClass.Spec.BootDevice.Storage = storage })
		return w.available(small)
	}
	w.Cloud.Faults().Add(fault.Rule{Call: "POST *clone", Within: &fault.Failure{Code: "x", Message: "no space left on device"}})
	on("local-lvm")
	if _, err := w.Create(t.Context(), claim("n1")); !cloudprovider.IsInsufficientCapacityError(err) {
		t.Fatalf("got %v", err)
	}
	w.Cloud.Faults().Clear()
	const all = "pve1 pve2 pve3"
	if got := []string{on("local-lvm"), on("local"), on(""), on("local-lvm")}; !slices.Equal(got, []string{"", all, all, ""}) {
		t.Errorf("available on %q", got)
	}
	w.Clock.Step(3 * time.Minute)
	if got := on("local-lvm"); got != all {
		t.Errorf("later: available on %q", got)
	}
}

// PVE-204, PVE-063: a failure at any step leaves nothing, and the next host is tried.
func TestStepFails(t *testing.T) {
	for _, call := range []string{"POST *clone", "PUT *resize", "POST *config", "GET *config", "GET *network", "GET *storage", "POST *upload", "POST *start", "GET /cluster/nextid"} {
		for kind, rule := range map[string]fault.Rule{
			"refused": {Error: &fault.Failure{Code: "x", Message: "no space left on device"}},
			"fails":   {Within: &fault.Failure{Code: "x", Message: "no space left on device"}},
		} {
			if kind == "fails" && (strings.HasPrefix(call, "GET")) {
				continue
			}
			t.Run(call+" "+kind, func(t *testing.T) {
				w := newWorld(t, pool)
				before := w.left()
				rule.Call, rule.Match = call, map[string]string{"region": simtest.Region}
				w.Cloud.Faults().Add(rule)
				_, err := w.Create(t.Context(), claim("n1", in(label.Region, simtest.Region)))
				if err == nil {
					t.Fatal("it did not fail")
				}
				w.Cloud.Faults().Clear()
				w.must(w.inventory.Refresh(t.Context()))
				if after := w.left(); after != before {
					t.Errorf("before:\n%s\nafter:\n%s", before, after)
				}
				if zone := w.create(claim("n2")).Labels[label.Zone]; zone == "" {
					t.Error("nothing is launched later")
				}
			})
		}
	}
}

// PVE-063: an API server that hangs while the token is taken back holds no launch for ever,
// also of a caller that has gone.
func TestRevokeIsBounded(t *testing.T) {
	w := newWorld(t, nil)
	var revoked, bounded bool
	w.onRevoke = func(ctx context.Context) {
		_, ends := ctx.Deadline()
		revoked, bounded = true, ends && ctx.Err() == nil
	}
	w.Cloud.Faults().Add(fault.Rule{Call: "POST *start", Error: &fault.Failure{Code: "x", Message: "no space left on device"}})
	if _, err := w.Create(t.Context(), claim("n1")); err == nil || !revoked || !bounded {
		t.Errorf("got %v; revoked: %t, in bounded time: %t", err, revoked, bounded)
	}
}

// PVE-066: one host fails, the next serves.
func TestNextHost(t *testing.T) {
	w := newWorld(t, nil)
	w.Cloud.Faults().Add(fault.Rule{Call: "POST *start", Match: map[string]string{"node": "pve1"}, Within: &fault.Failure{Code: "x", Message: "out of space"}})
	if zone := w.create(claim("n1")).Labels[label.Zone]; zone != "pve2" {
		t.Errorf("it is on %s", zone)
	}
	if got := w.available(small); got != "pve2 pve3" {
		t.Errorf("available on %s", got)
	}
}

// PVE-066: what a launch that failed is for.
func TestErrors(t *testing.T) {
	for reason, tc := range map[string]struct {
		rules  []fault.Rule
		change func(*v1alpha1.ProxmoxNodeClassSpec)
		class  cloudprovider.ErrorClass
		says   string
	}{
		"a pool that is not there": {
			change: func(s *v1alpha1.ProxmoxNodeClassSpec) { s.ResourcePool = "missing" }, class: cloudprovider.ClassCreateError, says: "ResourcePoolNotFound",
		},
		"a group that is not there": {
			change: func(s *v1alpha1.ProxmoxNodeClassSpec) { s.SecurityGroups = []v1alpha1.SecurityGroup{{Name: "web"}} },
			class:  cloudprovider.ClassCreateError, says: "SecurityGroupNotFound",
		},
		"capacity only": {
			rules: []fault.Rule{{Call: "POST *start", Within: &fault.Failure{Code: "x", Message: "Cannot allocate memory"}}},
			class: cloudprovider.ClassInsufficientCapacity, says: "",
		},
		"mixed": {
			rules: []fault.Rule{
				{Call: "POST *start", Match: map[string]string{"node": "pve1"}, Within: &fault.Failure{Code: "x", Message: "out of space"}},
				{Call: "POST *start", Within: &fault.Failure{Code: "x", Message: "a bug"}},
			},
			class: cloudprovider.ClassCreateError, says: "LaunchFailed",
		},
		"no privilege": {
			rules: []fault.Rule{{Call: "POST *clone", Error: &fault.Failure{Code: "x", Status: 403, Message: "Permission check failed (/vms/9000, VM.Clone)"}}},
			class: cloudprovider.ClassCreateError, says: "ProxmoxUnauthorized",
		},
		"a fault of the server": {
			rules: []fault.Rule{{Call: "POST *clone", Error: &fault.Failure{Code: "x", Status: 500, Message: "a bug"}}},
			class: cloudprovider.ClassOther,
		},
	} {
		t.Run(reason, func(t *testing.T) {
			w := newWorld(t, nil)
			w.edit(func(nodeClass *v1alpha1.ProxmoxNodeClass) {
				if tc.change != nil {
					tc.change(&nodeClass.Spec)
				}
			})
			w.Cloud.Faults().Add(tc.rules...)
			_, err := w.Create(t.Context(), claim("n1", in(label.InstanceType, small)))
			create, _ := cloudprovider.AsCreateError(err)
			if err == nil || cloudprovider.ClassOf(err) != tc.class || tc.says != "" && create.Reason != tc.says {
				t.Errorf("got %v", err)
			}
			if len(w.machines()) > 0 || len(w.tokens()) > 0 {
				t.Errorf("left: %v, %v", w.machines(), w.tokens())
			}
		})
	}
}

// PVE-061, PVE-204: an answer that is lost leads to one machine.
func TestLostAnswer(t *testing.T) {
	late := fault.Rule{Call: "POST *clone", Error: &fault.Failure{Code: "x", Status: 502}, Late: fault.Duration{Duration: 2 * time.Second}}
	for _, rule := range []fault.Rule{
		{Call: "POST *clone", Lost: true}, {Call: "POST *config", Lost: true}, {Call: "POST *start", Lost: true}, {Call: "PUT *resize", Lost: true}, late,
	} {
		t.Run(fmt.Sprint(rule.Call, " ", rule.Late), func(t *testing.T) {
			w := newWorld(t, nil)
			rule.Times = 1
			w.Cloud.Faults().Add(rule)
			nodeClaim := claim("n1")
			var created *karpv1.NodeClaim
			for range 20 { // as the core does
				var err error
				if created, err = w.Create(t.Context(), nodeClaim); err == nil {
					break
				}
				w.Clock.Step(5 * time.Second)
			}
			if got := w.machines(); len(got) != 1 || !got[0].Running || created == nil || created.Status.ProviderID == "" {
				t.Errorf("got %+v, %+v", created, got)
			}
		})
	}
}

// PVE-061, PVE-063: while a machine remains that could not be taken back, no other host is
// tried; the next call ends it, and has one made anew.
func TestRemains(t *testing.T) {
	w := newWorld(t, nil)
	w.lead()
	down := func(call string) fault.Rule {
		return fault.Rule{Call: call, Error: &fault.Failure{Code: "x", Status: 500, Message: "a bug"}}
	}
	w.Cloud.Faults().Add(down("POST *start"), down("DELETE *qemu/*"))
	nodeClaim := w.born("n1")
	_, err := w.Create(t.Context(), nodeClaim)
	if !errors.Is(err, launch.ErrRemains) || cloudprovider.ClassOf(err) != cloudprovider.ClassOther || len(w.machines()) != 1 {
		t.Errorf("got %v, %d machines", err, len(w.machines()))
	}
	if _, err := w.Create(t.Context(), nodeClaim); err == nil || len(w.machines()) != 1 {
		t.Errorf("got %v, %d machines", err, len(w.machines()))
	}
	w.Cloud.Faults().Clear()
	if created := w.create(nodeClaim); created.Status.ProviderID != "proxmox://r1/20001" {
		t.Errorf("got %s", created.Status.ProviderID)
	}
	if got := w.machines(); len(got) != 1 || !got[0].Running {
		t.Errorf("got %+v", got)
	}
}

// PVE-061: a process whose clock is behind that of the API server takes no NodeClaim of the
// process before for its own.
func TestClockBehind(t *testing.T) {
	w := newWorld(t, nil)
	nodeClaim := claim("n1")
	before := w.create(nodeClaim)
	w.restart()
	nodeClaim.CreationTimestamp = metav1.NewTime(w.Clock.Now().Add(clocks - time.Second))
	w.lead()
	after := w.create(nodeClaim)
	if after.Status.ProviderID != before.Status.ProviderID || len(w.machines()) != 1 {
		t.Errorf("%s, and then %s: %d machines", before.Status.ProviderID, after.Status.ProviderID, len(w.machines()))
	}
}

// PVE-061, PVE-205: a region that is silent matters only if the machine may be there.
func TestRemainsElsewhere(t *testing.T) {
	w := newWorld(t, nil)
	w.lead()
	for region, want := range map[string]bool{simtest.Region: true, other: false} {
		w.Cloud.Faults().Add(
			fault.Rule{Call: "POST *start", Error: &fault.Failure{Code: "x", Status: 500, Message: "a bug"}},
			fault.Rule{Call: "DELETE *qemu/*", Error: &fault.Failure{Code: "x", Status: 500, Message: "a bug"}},
		)
		nodeClaim := w.born("n-"+region, in(label.Region, region))
		if _, err := w.Create(t.Context(), nodeClaim); !errors.Is(err, launch.ErrRemains) {
			t.Fatal(err)
		}
		w.Cloud.Faults().Clear()
		w.must(w.Cloud.SetRegionDown(other, true))
		w.Clock.Step(10 * time.Second)
		if _, err := w.Create(t.Context(), nodeClaim); (err == nil) != want {
			t.Errorf("%s, and %s is silent: %v", region, other, err)
		}
		w.must(w.Cloud.SetRegionDown(other, false))
		w.must(w.inventory.Refresh(t.Context()))
	}
}

// CP-014, CP-015, PVE-060: reserved before spot before on demand, but for spot that costs
// more; then by price.
func TestCapacityTypes(t *testing.T) {
	shape := func(name, capacityType string, cpus int64) instancetype.Shape {
		s := instancetype.BuiltIn()[0]
		s.Name, s.CapacityType, s.Capacity = name, capacityType, maps.Clone(s.Capacity)
		s.Capacity[corev1.ResourceCPU] = *resource.NewQuantity(cpus, resource.DecimalSI)
		return s
	}
	all := []instancetype.Shape{
		shape("a.demand", label.OnDemand, 2), shape("a.spot", label.Spot, 2), shape("a.dear", label.Spot, 16), shape("a.reserved", label.Reserved, 8), shape("a.small", label.OnDemand, 1),
	}
	for want, of := range map[string][]instancetype.Shape{
		"a.reserved": all, "a.spot": {all[0], all[1], all[2]}, "a.demand": {all[0], all[2]}, "a.small": {all[4], all[0]}, "a.dear": {all[2]},
	} {
		w := newWorld(t, nil)
		w.shapes = of
		w.must(w.store.Refresh(t.Context()))
		if got := w.create(claim("n1")).Labels[label.InstanceType]; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	w := newWorld(t, nil)
	w.shapes = []instancetype.Shape{all[0], all[2]}
	w.must(w.store.Refresh(t.Context()))
	many := in(label.InstanceType, "a.demand", "a.dear")
	many.MinValues = new(2)
	if got := w.create(claim("n1", many)).Labels[label.InstanceType]; got != "a.dear" {
		t.Errorf("with minValues: got %s", got)
	}
}

// PVE-061: what an earlier process left is reused if it runs, waited for while it is being
// made, and else made anew.
func TestFound(t *testing.T) {
	const ours = "Karpenter managed instance, class=default, capacity-type=on-demand, nodepool=pool, cluster=testing, uid=uid-of-n1"
	place := func(w *world, running bool, description string) {
		w.must(w.Cloud.Place(other, proxmox.Machine{ID: 20007, Host: "pve3", Running: running, Options: map[string]string{"name": "n1", "description": description}}))
	}
	for reason, tc := range map[string]struct {
		place func(*world)
		want  string
	}{
		"it runs":             {func(w *world) { place(w, true, ours) }, "proxmox://r2/20007"},
		"it does not":         {func(w *world) { place(w, false, ours) }, "proxmox://r1/20000"},
		"another cluster's":   {func(w *world) { place(w, true, strings.ReplaceAll(ours, "testing", "x")) }, "proxmox://r1/20000"},
		"another NodeClaim's": {func(w *world) { place(w, true, ours+"0") }, "proxmox://r1/20000"},
	} {
		t.Run(reason, func(t *testing.T) {
			w := newWorld(t, nil)
			tc.place(w)
			if got := w.create(claim("n1")).Status.ProviderID; got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
	for reason, description := range map[string]string{"it is being cloned": ours, "it may be being cloned": ""} {
		t.Run(reason, func(t *testing.T) {
			w := newWorld(t, nil)
			w.lead()
			w.Clock.Step(10 * time.Second)
			// The other process has died while the task goes on.
			w.Begin(t, simtest.Region, "/nodes/pve1/qemu/9000/clone", url.Values{"newid": {"20000"}, "name": {"n1"}, "full": {"1"}, "description": {description}})
			for range 3 {
				if created, err := w.front.CloudProvider.Create(t.Context(), claim("n1")); err == nil || cloudprovider.ClassOf(err) != cloudprovider.ClassOther {
					t.Fatalf("got %v, %v", created, err)
				}
				w.Clock.Step(2 * time.Second)
			}
			w.Clock.Step(10 * time.Second)
			w.create(claim("n1"))
			if got := w.machines(); len(got) != 1 || !got[0].Running {
				t.Fatalf("got %+v", got)
			}
		})
	}
}

// PVE-061, PVE-104: a lock that outlives its task, since the host crashed while it cloned,
// keeps launches and collection for half an hour at most.
func TestStaleLock(t *testing.T) {
	const ours = "Karpenter managed instance, class=default, capacity-type=on-demand, nodepool=pool, cluster=testing, uid=uid-of-n2"
	w := newWorld(t, nil)
	w.lead()
	w.Clock.Step(10 * time.Second)
	w.Begin(t, simtest.Region, "/nodes/pve1/qemu/9000/clone", url.Values{"newid": {"20000"}, "full": {"1"}})
	w.must(w.Cloud.SetHostOffline(simtest.Region, "pve1", true))
	w.Clock.Step(time.Minute)
	w.Cloud.Settle()
	w.must(w.Cloud.SetHostOffline(simtest.Region, "pve1", false), w.inventory.Refresh(t.Context()))
	w.must(w.Cloud.Place(simtest.Region, proxmox.Machine{ID: 20007, Host: "pve2", Lock: "backup", Options: map[string]string{"name": "n2", "description": ours}}))
	spared := func() bool {
		list, err := w.List(t.Context())
		w.must(err)
		return slices.ContainsFunc(list, func(n *karpv1.NodeClaim) bool { return n.Name == "n2" && provider.Spared(n) })
	}
	if _, err := w.front.CloudProvider.Create(t.Context(), claim("n1")); err == nil || !spared() {
		t.Fatalf("at first: %v, spared: %t", err, spared())
	}
	w.Clock.Step(30 * time.Minute)
	w.create(claim("n1"))
	if spared() {
		t.Error("it is spared for ever")
	}
	if left, err := w.Cloud.Machines(simtest.Region); err != nil || !slices.ContainsFunc(left, func(m proxmox.Seen) bool { return m.ID == 20000 }) {
		t.Errorf("what is nobody's is gone: %+v, %v", left, err)
	}
}

// PVE-063: no other host is tried when little time is left.
func TestLittleTime(t *testing.T) {
	w := newWorld(t, func(o *proxmox.Options) { o.Times = map[string]time.Duration{"qmclone": 4 * time.Minute} })
	w.Cloud.Faults().Add(fault.Rule{Call: "POST *start", Within: &fault.Failure{Code: "x", Message: "out of space"}})
	if _, err := w.Create(t.Context(), claim("n1")); !cloudprovider.IsInsufficientCapacityError(err) || w.calls("POST /nodes/{node}/qemu/{vmid}/clone") != 1 {
		t.Errorf("got %v after %d clones", err, w.calls("POST /nodes/{node}/qemu/{vmid}/clone"))
	}
}

// PVE-062: machines that are on their way count, and once.
func TestCountsUnderway(t *testing.T) {
	w := newWorld(t, nil)
	w.create(claim("n0", in(label.Zone, "pve2")))
	var second, third *karpv1.NodeClaim
	w.onToken = func() { // n1 is cloned and not started
		w.onToken = func() {}
		second, third = w.create(claim("n2", in(label.Region, simtest.Region))), w.create(claim("n3", in(label.Region, simtest.Region)))
	}
	first := w.create(claim("n1", in(label.Zone, "pve1")))
	if got := first.Labels[label.Zone] + " " + second.Labels[label.Zone] + " " + third.Labels[label.Zone]; got != "pve1 pve1 pve2" {
		t.Errorf("got %s", got)
	}
}

// A template that is new since the last refresh is found.
func TestNewTemplate(t *testing.T) {
	w := newWorld(t, nil)
	all, err := w.Cloud.Machines(simtest.Region)
	w.must(err)
	options := maps.Clone(all[0].Options)
	options["scsi0"] = "ceph:base-9001-disk-0,size=3G"
	w.must(w.Cloud.Place(simtest.Region, proxmox.Machine{ID: 9001, Host: "pve1", Template: true, Options: options}))
	nodeClass := w.nodeClass()
	nodeClass.Status.SelectedZones = []string{"r1/pve2/9001"}
	w.must(w.api.Status().Update(t.Context(), nodeClass))
	if got := w.create(claim("n1")); !strings.HasPrefix(got.Status.ImageID, "9001-") || got.Labels[label.InstanceType] != small {
		t.Errorf("got %+v", got)
	}
	nodeClass.Status.SelectedZones = []string{"r1/pve1/9002"}
	w.must(w.api.Status().Update(t.Context(), nodeClass))
	if _, err := w.Create(t.Context(), claim("n2", in(label.InstanceType, small))); !cloudprovider.IsInsufficientCapacityError(err) {
		t.Errorf("without template: %v", err)
	}
}

// PVE-100: the capacity of a machine that has gone by itself is free once its NodeClaim is
// ended.
func TestDeleteGone(t *testing.T) {
	w := newWorld(t, nil)
	created := w.create(claim("n1"))
	at := capacity.Place{Region: created.Labels[label.Region], Host: created.Labels[label.Zone]}
	taken, _ := w.ledger.Free(at)
	gone := pve.Place{Host: at.Host, ID: w.machines()[0].ID}
	w.must(w.Client(at.Region).Stop(t.Context(), gone), w.Client(at.Region).Delete(t.Context(), gone))
	if err := w.Delete(t.Context(), created); !cloudprovider.IsNodeClaimNotFoundError(err) {
		t.Errorf("got %v", err)
	}
	if free, _ := w.ledger.Free(at); free.VCPUs != taken.VCPUs+1 {
		t.Errorf("%d CPUs are free, and were %d", free.VCPUs, taken.VCPUs)
	}
}

// CP-023: a caller that gives up loses nothing; the next call gets the machine.
func TestGivesUp(t *testing.T) {
	w := newWorld(t, nil)
	w.lead()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	nodeClaim := w.born("n1")
	if _, err := w.Create(gone, nodeClaim); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if created := w.create(nodeClaim); created.Status.ProviderID != "proxmox://r1/20000" || len(w.machines()) != 1 {
		t.Errorf("got %s of %d", created.Status.ProviderID, len(w.machines()))
	}
}

// PVE-013, PVE-205: a region that is silent takes no other with it.
func TestRegionDown(t *testing.T) {
	w := newWorld(t, nil)
	w.lead()
	there := w.create(w.born("there", in(label.Region, simtest.Region)))
	there.Spec = claim("there").Spec
	w.must(w.Cloud.SetRegionDown(simtest.Region, true))
	w.Clock.Step(10 * time.Second)
	// Nobody has noticed yet: the launch does.
	created := w.create(w.born("n1"))
	if created.Labels[label.Region] != other {
		t.Errorf("it is in %s", created.Labels[label.Region])
	}
	if again := w.create(w.born("n2")); again.Labels[label.Region] != other {
		t.Errorf("it is in %s", again.Labels[label.Region])
	}
	if got := w.available(small); got != "pve3" {
		t.Errorf("available on %s", got)
	}
	if err := w.inventory.Refresh(t.Context()); err == nil {
		t.Error("the silence is not told")
	}
	if reason, err := w.IsDrifted(t.Context(), there); reason != "" || err != nil {
		t.Errorf("drifted for %q, %v", reason, err)
	}
	if _, err := w.List(t.Context()); err == nil {
		t.Error("a list without a region")
	}
	for _, err := range []error{w.Delete(t.Context(), there), get(w, there)} {
		if err == nil || cloudprovider.IsNodeClaimNotFoundError(err) {
			t.Errorf("got %v", err)
		}
	}
	// A NodeClaim whose machine may be there is not launched elsewhere.
	if _, err := w.Create(t.Context(), claim("old")); err == nil || cloudprovider.ClassOf(err) != cloudprovider.ClassOther {
		t.Errorf("got %v", err)
	}
	w.must(w.Cloud.SetRegionDown(simtest.Region, false))
	w.must(w.inventory.Refresh(t.Context()))
	if got := w.available(small); got != "pve1 pve2 pve3" {
		t.Errorf("available on %s", got)
	}
	if list, err := w.List(t.Context()); err != nil || len(list) != 3 {
		t.Errorf("listed %d, %v", len(list), err)
	}
}

func get(w *world, nodeClaim *karpv1.NodeClaim) error {
	_, err := w.Get(w.t.Context(), nodeClaim.Status.ProviderID)
	return err
}

// PVE-013, PVE-101, PVE-102: a host that goes away, with a process that has not seen it before.
func TestHostAway(t *testing.T) {
	w := newWorld(t, nil)
	created := w.create(claim("n1", in(label.Zone, "pve2")))
	stored := claim("n1")
	stored.Labels = created.Labels
	w.must(w.api.Create(t.Context(), stored))
	stored.Status.ProviderID = created.Status.ProviderID
	w.must(w.api.Status().Update(t.Context(), stored))
	w.must(w.Cloud.SetHostOffline(simtest.Region, "pve2", true))
	for _, fresh := range []bool{false, true} {
		w.Clock.Step(time.Minute)
		if fresh {
			w.restart()
		} else {
			w.must(w.inventory.Refresh(t.Context()))
		}
		if got := w.available(small); got != "pve1 pve3" {
			t.Errorf("available on %s", got)
		}
		if err := w.Delete(t.Context(), created); err == nil || cloudprovider.IsNodeClaimNotFoundError(err) {
			t.Errorf("got %v", err)
		}
		if list, err := w.List(t.Context()); err != nil || len(list) != 1 || list[0].Status.ProviderID != created.Status.ProviderID {
			t.Errorf("listed %v, %v", list, err)
		}
		if fresh {
			if err := get(w, created); err == nil || cloudprovider.IsNodeClaimNotFoundError(err) {
				t.Errorf("got %v", err)
			}
		}
	}
	w.must(w.Cloud.SetHostOffline(simtest.Region, "pve2", false))
	w.Clock.Step(time.Minute)
	w.must(w.inventory.Refresh(t.Context()))
	w.must(w.Delete(t.Context(), created))
	if got := w.available(small); got != "pve1 pve2 pve3" || len(w.machines()) > 0 {
		t.Errorf("available on %s, %d machines", got, len(w.machines()))
	}
}

// PVE-047: a host in maintenance, and one that leaves the cluster's list.
func TestMaintenance(t *testing.T) {
	w := newWorld(t, nil)
	w.must(w.Cloud.SetHostMaintenance(simtest.Region, "pve1", true))
	w.must(w.inventory.Refresh(t.Context()))
	if got := w.available(small); got != "pve2 pve3" {
		t.Errorf("available on %s", got)
	}
}

// PVE-045, PVE-046: a type can be had where the NodeClass is selected and the host has room,
// by what it has left now; else it keeps its price.
func TestAvailable(t *testing.T) {
	w := newWorld(t, func(o *proxmox.Options) {
		for i, cpus := range map[int]int{0: 2, 1: 4} {
			o.Setup.Regions[0].Hosts[i].Cores, o.Setup.Regions[0].Hosts[i].CPUs = cpus, cpus
		}
		o.Setup.Regions[1].Hosts[0].MemoryMiB = 4 << 10 // a GiB of it is reserved
	})
	const two, three = "c1.2VCPU-4GB", "t1.1VCPU-3GB"
	if got := w.available(two) + "|" + w.available(three); got != "pve1 pve2|pve1 pve2 pve3" {
		t.Errorf("got %s", got)
	}
	created := w.create(claim("n1", in(label.Zone, "pve1")))
	if got := w.available(two) + "|" + w.available(three); got != "pve2|pve1 pve2 pve3" {
		t.Errorf("after a launch: %s", got)
	}
	w.must(w.Delete(t.Context(), created))
	if got := w.available(two); got != "pve1 pve2" {
		t.Errorf("after its end: %s", got)
	}
	nodeClass := w.nodeClass()
	nodeClass.Spec.Region = other // which nobody has resolved yet
	w.must(w.api.Update(t.Context(), nodeClass))
	if got := w.available(three); got != "pve3" {
		t.Errorf("by the spec: %s", got)
	}
	nodeClass.Spec.Region = ""
	w.must(w.api.Update(t.Context(), nodeClass))
	nodeClass.Status.SelectedZones = []string{"r1/pve2/9000"}
	w.must(w.api.Status().Update(t.Context(), nodeClass))
	if got := w.available(two); got != "pve2" {
		t.Errorf("selected: %s", got)
	}
	for _, it := range w.types() {
		if len(it.Offerings) != 3 || it.Offerings[0].Price <= 0 {
			t.Errorf("%s has offerings %v", it.Name, it.Offerings)
		}
	}
}

// PVE-106: what a broken node is.
func TestRepairPolicies(t *testing.T) {
	w := newWorld(t, nil)
	if got := fmt.Sprint(w.RepairPolicies()); got != "[{Ready False 15m0s} {Ready Unknown 15m0s}]" {
		t.Errorf("got %s", got)
	}
}

// PVE-103: machines of before clusters were recorded count by a NodeClaim or Node that has
// them, and none of them is collected.
func TestUnrecorded(t *testing.T) {
	w := newWorld(t, nil)
	w.must(w.Cloud.Place(simtest.Region, proxmox.Machine{ID: 20005, Host: "pve1", Running: true, Options: map[string]string{
		"name": "old", "description": "Karpenter managed instance, class=default, capacity-type=spot",
	}}))
	if list, err := w.List(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("listed %v, %v", list, err)
	}
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "old", Labels: map[string]string{label.Region: simtest.Region}}, Spec: corev1.NodeSpec{ProviderID: "proxmox:///20005"}}
	w.must(w.api.Create(t.Context(), node))
	w.Clock.Step(10 * time.Second)
	list, err := w.List(t.Context())
	if err != nil || len(list) != 1 || list[0].Labels[label.CapacityType] != "spot" {
		t.Fatalf("listed %v, %v", list, err)
	}
	// PVE-003: the region of an ID without one is the Node's.
	if _, err := w.Get(t.Context(), "proxmox:///20005"); err != nil {
		t.Error(err)
	}
	if _, err := w.Get(t.Context(), "proxmox:///20006"); err == nil || cloudprovider.IsNodeClaimNotFoundError(err) {
		t.Errorf("got %v", err)
	}
	if !provider.Spared(list[0]) {
		t.Error("it would be collected")
	}
	// PVE-211: taken over, it neither drifts nor is it out of reach.
	old := claim("old")
	old.Labels[label.Region], old.Labels[label.Zone] = simtest.Region, "pve1"
	old.Annotations = map[string]string{v1alpha1.Kind().HashKey(): "1", v1alpha1.Kind().HashVersionKey(): "v1"}
	old.Status.ProviderID, old.Status.ImageID = "proxmox:///20005", "9000-151445218505738649"
	if reason, err := w.IsDrifted(t.Context(), old); reason != "" || err != nil {
		t.Errorf("drifted for %q, %v", reason, err)
	}
	w.must(w.Delete(t.Context(), old))
	if all, err := w.Cloud.Machines(simtest.Region); err != nil || len(all) != 1 {
		t.Errorf("%d machines, %v", len(all), err)
	}
}

// PVE-100, PVE-206: a stranger that has the ID stays.
func TestStranger(t *testing.T) {
	w := newWorld(t, nil)
	created := w.create(claim("n1"))
	w.must(w.Delete(t.Context(), created))
	w.must(w.Cloud.Place(simtest.Region, proxmox.Machine{ID: 20000, Host: "pve1", Running: true, Options: map[string]string{
		"name": "n1", "description": "Karpenter managed instance, class=default, nodepool=pool, cluster=another, uid=u",
	}}))
	w.Clock.Step(10 * time.Second)
	for _, err := range []error{w.Delete(t.Context(), created), get(w, created)} {
		if !cloudprovider.IsNodeClaimNotFoundError(err) {
			t.Errorf("got %v", err)
		}
	}
	all, err := w.Cloud.Machines(simtest.Region)
	w.must(err)
	if !slices.ContainsFunc(all, func(m proxmox.Seen) bool { return m.ID == 20000 && m.Running }) {
		t.Error("the stranger is gone")
	}
}

// PVE-105: a template that is made anew drifts, one that cannot be seen does not.
func TestImageDrift(t *testing.T) {
	w := newWorld(t, nil)
	created := w.create(claim("n1"))
	created.Spec = claim("n1").Spec
	w.must(w.Client(simtest.Region).Configure(t.Context(), pve.Place{Host: "pve1", ID: 9000}, pve.Change{Set: pve.Options{"description": "Hash: 7"}}))
	w.must(w.inventory.Refresh(t.Context()))
	if reason, err := w.IsDrifted(t.Context(), created); reason != "ImageDrift" || err != nil {
		t.Errorf("drifted for %q, %v", reason, err)
	}
	if again := w.create(claim("n2")); again.Status.ImageID != "7" {
		t.Errorf("got %s", again.Status.ImageID)
	}
	// That the template of another host is what it was cloned from does not help.
	all, err := w.Cloud.Machines(simtest.Region)
	w.must(err)
	options := maps.Clone(all[0].Options)
	options["description"], options["scsi0"] = "Hash: 8", "ceph:base-9001-disk-0,size=3G"
	w.must(w.Cloud.Place(simtest.Region, proxmox.Machine{ID: 9001, Host: "pve2", Template: true, Options: options}), w.inventory.Refresh(t.Context()))
	nodeClass := w.nodeClass()
	nodeClass.Status.SelectedZones = []string{"r1/pve1/9000", "r1/pve2/9001"}
	w.must(w.api.Status().Update(t.Context(), nodeClass))
	created.Status.ImageID = "8"
	if reason, err := w.IsDrifted(t.Context(), created); reason != "ImageDrift" || err != nil {
		t.Errorf("drifted for %q, %v", reason, err)
	}
	nodeClass.Status.SelectedZones = nil
	w.must(w.api.Status().Update(t.Context(), nodeClass))
	if reason, err := w.IsDrifted(t.Context(), created); reason != "" || err != nil {
		t.Errorf("without zones: drifted for %q, %v", reason, err)
	}
}

// PVE-064: the ID of a machine that was deleted by hand is not used while a NodeClaim or a
// Node goes by it, also by a process that did not know the machine.
func TestHeldIDs(t *testing.T) {
	for holder, tc := range map[string]struct {
		holds    client.Object
		id, want string
	}{
		"a NodeClaim":           {claim("old"), "proxmox://r1/20000", "proxmox://r1/20001"},
		"a Node":                {nodeOf(""), "proxmox://r1/20000", "proxmox://r1/20001"},
		"a Node of before":      {nodeOf(simtest.Region), "proxmox:///20000", "proxmox://r1/20001"},
		"a Node elsewhere":      {nodeOf(other), "proxmox:///20000", "proxmox://r1/20000"},
		"one of another region": {nodeOf(""), "proxmox://r2/20000", "proxmox://r1/20000"},
	} {
		t.Run(holder, func(t *testing.T) {
			w := newWorld(t, nil)
			if node, ok := tc.holds.(*corev1.Node); ok {
				node.Spec.ProviderID = tc.id
			}
			w.must(w.api.Create(t.Context(), tc.holds))
			if nodeClaim, ok := tc.holds.(*karpv1.NodeClaim); ok {
				nodeClaim.Status.ProviderID = tc.id
				w.must(w.api.Status().Update(t.Context(), nodeClaim))
			}
			if got := w.create(claim("n1", in(label.Region, simtest.Region))).Status.ProviderID; got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// nodeOf is a Node that is labelled with a region; empty: with none.
func nodeOf(region string) *corev1.Node {
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "old"}}
	if region != "" {
		node.Labels = map[string]string{label.Region: region}
	}
	return node
}
