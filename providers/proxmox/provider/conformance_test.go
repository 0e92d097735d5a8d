// SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/conformance"
	"karpenter.sh/core/cloudprovider/kit/collect"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/statichash"
	"karpenter.sh/core/testkit/strictapi"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/instancetype"
	"karpenter.sh/providers/proxmox/internal/simtest"
	"karpenter.sh/providers/proxmox/provider"
	"karpenter.sh/providers/proxmox/pve"
	"karpenter.sh/test/cloudsim/fault"
	"karpenter.sh/test/cloudsim/proxmox"
)

// CP-301, CP-303, CP-304, CP-305, CP-306, CP-307, CP-308, CP-311, CP-312, CP-313, CP-314,
// CP-316, CP-318, CP-322, CP-323, CP-324, CP-325, CP-326, CP-327, CP-328, CP-329, CP-330,
// CP-331, CP-332, CP-333, CP-334, CP-335, CP-336, CP-337, CP-338, CP-339, CP-341, CP-342, CP-347, CP-348,
// CP-349
func TestConformance(t *testing.T) {
	conformance.Run(t, conformance.Harness{
		Start: func(t testing.TB) conformance.Cloud { return (&cloud{newWorld(t, nil)}).describe() },
		Lacks: map[conformance.Capability]string{
			"Overlays":     "CP-077: the layer of overlays is not there yet",
			"Overrides":    "PVE-045: all offerings of a type are for the same machine",
			"Truncation":   "PVE-063: a launch tries types one after another, and any number of them",
			"Templates":    "PVE-025: templates are made by their controller, not by a launch",
			"Batching":     "PVE-063: each machine is made by itself",
			"Ending":       "PVE-020: nothing is owned for a NodeClass that could fail to be deleted",
			"Tags":         "PVE-065: the description says whose a machine is, and tags are the user's",
			"Reservations": "PVE-045: reserved is a label, and without bounds",
			"Interruption": "PVE-045: nothing interrupts machines",
			"Prices":       "PVE-045: prices follow from the shape",
		},
		Differs: map[string]string{
			"CP-322":             "PVE-100: Delete waits until the machine is gone",
			"CP-326/terminating": "PVE-100: Delete waits until the machine is gone",
		},
	})
}

// cloud is a world as the suite drives it.
type cloud struct{ *world }

func (c *cloud) describe() conformance.Cloud {
	return conformance.Cloud{
		Provider:  c.front,
		NodeClass: karpv1.NodeClassReference{Group: v1alpha1.Group, Kind: v1alpha1.NodeClassKind, Name: "default"},
		Machines: &conformance.Machines{
			Count:             func() int { return len(c.machines()) },
			CloudCalls:        func() int { return c.calls("") },
			Launches:          func() int { return c.calls("POST /nodes/{node}/qemu/{vmid}/clone") },
			Terminations:      func() int { return c.calls("DELETE /nodes/{node}/qemu/{vmid}") },
			ForeignID:         "proxmox://8b4c2f0a-0d5f-4c51-9a5e-0000000090a0",
			FinishTermination: func(testing.TB) {},
			AddForeign:        c.addForeign,
			FillPages:         c.fillPages,
			Restart:           func(testing.TB) { c.restart() },
		},
		NodeClasses: &conformance.NodeClasses{
			Remove:       func(t testing.TB) { c.must(c.api.Delete(t.Context(), c.nodeClass())) },
			Terminate:    c.terminate,
			BreakLookup:  func(testing.TB) { c.noLookup.Store(true) },
			SetReady:     func(_ testing.TB, is metav1.ConditionStatus, message string) { c.setReady(is, message) },
			EventReasons: c.events.Reasons,
		},
		Faults: &conformance.Faults{
			Break: func(testing.TB) {
				c.must(c.Cloud.SetRegionDown(simtest.Region, true), c.Cloud.SetRegionDown(other, true))
			},
			FailLaunches: c.failLaunches,
			Mend:         func(testing.TB) { c.Cloud.Faults().Clear() },
		},
		Stock: &conformance.Stock{
			SellOut: c.sellOut, Restock: func(testing.TB) { c.Cloud.Faults().Clear() }, UnavailableFor: 3 * time.Minute,
			Step: func(d time.Duration) { c.Clock.Step(d) },
		},
		Catalogue: &conformance.Catalogue{RemoveType: c.removeType},
		Edits:     &conformance.Edits{Edit: c.exclude, Resolve: func(testing.TB) { c.resolve() }},
		Hash:      c.hashes(),
		Drift:     c.drift(),
		Scopes: &conformance.Scopes{Faults: []conformance.ScopedFault{
			{Name: "storage full", Provoke: c.fillStorage, Covers: onPVE1},
			{Name: "no addresses", Provoke: c.takeAddresses, Covers: onPVE1},
		}},
		Boot:       &conformance.Boot{Node: c.boot},
		Collection: c.collection(),
		Secrets: &conformance.Secrets{
			Values: []string{simtest.TokenSecret, hidden},
			Output: func() string { return fmt.Sprint(c.events.Events()) },
		},
		Accounts: &conformance.Accounts{OtherID: "proxmox://elsewhere/20000"},
	}
}

// addForeign adds machines of nobody, of another cluster, and of one that is not told.
func (c *cloud) addForeign(testing.TB) {
	for i, description := range []string{
		"a web server", "Karpenter managed instance, class=default, nodepool=pool, cluster=another, uid=u", "Karpenter managed instance, class=default",
	} {
		c.must(c.Cloud.Place(simtest.Region, proxmox.Machine{ID: 300 + i, Host: "pve1", Running: true, Options: map[string]string{
			"name": fmt.Sprint("foreign-", i), "description": description,
		}}))
	}
	c.Clock.Step(10 * time.Second) // the last list is forgotten
}

// fillPages takes one of two regions away.
func (c *cloud) fillPages(t testing.TB) {
	if _, err := c.Create(t.Context(), claim("paged")); err != nil {
		t.Fatal(err)
	}
	c.must(c.Cloud.SetRegionDown(other, true))
	c.Clock.Step(10 * time.Second)
}

func (c *cloud) terminate(t testing.TB) {
	nodeClass := c.nodeClass()
	nodeClass.Finalizers = []string{"example.com/held"}
	c.must(c.api.Update(t.Context(), nodeClass))
	c.must(c.api.Delete(t.Context(), nodeClass))
}

// failLaunches makes clones fail. There is no throttling: a proxy before the API has.
func (c *cloud) failLaunches(_ testing.TB, how conformance.Fault) {
	failure := fault.Failure{Code: "fault", Message: "internal error", Status: 500}
	if how == conformance.Throttled {
		failure.Status = 503
	}
	c.Cloud.Faults().Add(fault.Rule{Call: "POST *clone", Error: &failure})
}

// sellOut lets no machine start on the host of an offering: somebody else has its memory.
func (c *cloud) sellOut(_ testing.TB, _ *cloudprovider.InstanceType, o *cloudprovider.Offering) {
	c.Cloud.Faults().Add(fault.Rule{
		Call: "POST *start", Match: map[string]string{"node": o.Zone()}, Within: &fault.Failure{Code: "x", Message: "start failed: Cannot allocate memory"},
	})
}

func (c *cloud) removeType(t testing.TB, name string) {
	c.shapes = slices.DeleteFunc(slices.Clone(c.shapes), func(s instancetype.Shape) bool { return s.Name == name })
	c.must(c.store.Refresh(t.Context()))
}

// exclude restricts the NodeClass to one region.
func (c *cloud) exclude(t testing.TB) string {
	nodeClass := c.nodeClass()
	nodeClass.Spec.Region = simtest.Region
	nodeClass.Generation++
	c.must(c.api.Update(t.Context(), nodeClass))
	return "pve3"
}

// onPVE1 holds for all offerings of the first host.
func onPVE1(_ *cloudprovider.InstanceType, o *cloudprovider.Offering) bool { return o.Zone() == "pve1" }

func (c *cloud) fillStorage(_ testing.TB, _ *cloudprovider.InstanceType, o *cloudprovider.Offering) {
	c.Cloud.Faults().Add(fault.Rule{
		Call: "PUT *resize", Match: map[string]string{"node": o.Zone()}, Within: &fault.Failure{Code: "x", Message: "no space left on device"},
	})
}

// takeAddresses gives machines a network that has no address.
func (c *cloud) takeAddresses(t testing.TB, _ *cloudprovider.InstanceType, _ *cloudprovider.Offering) {
	c.template(t, pve.Options{"ipconfig0": "ip=10.99.0.0/31"})
}

// template changes the template of the first region, as its owner would.
func (c *cloud) template(t testing.TB, set pve.Options) {
	c.must(c.Client(simtest.Region).Configure(t.Context(), pve.Place{Host: "pve1", ID: 9000}, pve.Change{Set: set}))
	c.must(c.inventory.Refresh(t.Context()))
}

func (c *cloud) hashes() *conformance.Hash {
	edit := func(name string, drifts bool, change func(*v1alpha1.ProxmoxNodeClassSpec)) conformance.HashEdit {
		return conformance.HashEdit{Name: name, Drifts: drifts, Apply: func(testing.TB) {
			c.edit(func(nodeClass *v1alpha1.ProxmoxNodeClass) { change(&nodeClass.Spec) })
		}}
	}
	type spec = v1alpha1.ProxmoxNodeClassSpec
	return &conformance.Hash{
		HashKey: v1alpha1.Kind().HashKey(), VersionKey: v1alpha1.Kind().HashVersionKey(),
		Stamped: func(testing.TB) map[string]string { return c.nodeClass().Annotations },
		Edits: []conformance.HashEdit{
			edit("a size in another spelling", false, func(s *spec) { s.BootDevice.Size = "32212254720" }),
			edit("an unset field", false, func(s *spec) { s.PlacementStrategy = &v1alpha1.PlacementStrategy{} }),
			edit("tags, which reach machines that run", false, func(s *spec) { s.Tags = []string{"b", "a"} }),
			edit("their order", false, func(s *spec) { slices.Reverse(s.Tags) }),
			edit("securityGroups", false, func(s *spec) { s.SecurityGroups = []v1alpha1.SecurityGroup{{Name: "nodes"}} }),
			edit("resourcePool", false, func(s *spec) { s.ResourcePool = "" }),
			edit("metadataOptions", false, func(s *spec) { s.MetadataOptions = nil }),
			edit("bootDevice.size", true, func(s *spec) { s.BootDevice.Size = "40Gi" }),
			edit("bootDevice.storage", true, func(s *spec) { s.BootDevice.Storage = "local-lvm" }),
			edit("zoneBalance", true, func(s *spec) { s.PlacementStrategy.ZoneBalance = v1alpha1.ZoneBalanceAvailabilityFirst }),
			edit("kubeletConfiguration", true, func(s *spec) { s.KubeletConfiguration = &v1alpha1.KubeletConfiguration{MaxPods: new(int32(20))} }),
			edit("instanceTemplateRef", true, func(s *spec) { s.InstanceTemplateRef.Name = "another" }),
			edit("region", true, func(s *spec) { s.Region = simtest.Region }),
		},
		Upgrade: c.upgrade,
	}
}

// upgrade runs the hash controller of the next version.
func (c *cloud) upgrade(t testing.TB, claims ...*karpv1.NodeClaim) []*karpv1.NodeClaim {
	for _, nodeClaim := range claims {
		c.put(nodeClaim)
	}
	c.hash.Version = "next"
	controller := statichash.New(statichash.Options[*v1alpha1.ProxmoxNodeClass]{
		Client: strictapi.Client(t, c.api), Scheme: c.hash, Fresh: func() *v1alpha1.ProxmoxNodeClass { return &v1alpha1.ProxmoxNodeClass{} },
	})
	_, err := controller.Reconcile(t.Context(), c.nodeClass())
	c.must(err)
	var stored []*karpv1.NodeClaim
	for _, nodeClaim := range claims {
		now := &karpv1.NodeClaim{}
		c.must(c.api.Get(t.Context(), client.ObjectKeyFromObject(nodeClaim), now))
		stored = append(stored, now)
	}
	return stored
}

func (c *cloud) drift() *conformance.Drift {
	sized := func(size string) func(testing.TB, *karpv1.NodeClaim) {
		return func(testing.TB, *karpv1.NodeClaim) {
			c.edit(func(nodeClass *v1alpha1.ProxmoxNodeClass) { nodeClass.Spec.BootDevice.Size = size })
		}
	}
	made := func(meta string) func(testing.TB, *karpv1.NodeClaim) {
		return func(t testing.TB, _ *karpv1.NodeClaim) { c.template(t, pve.Options{"description": meta}) }
	}
	return &conformance.Drift{
		Cases: []conformance.DriftCase{
			{Reason: statichash.Drift, Provoke: sized("50Gi"), Revert: sized("30Gi")},
			{
				Reason:  provider.DriftImage,
				Needs:   func(testing.TB) []karpv1.NodeSelectorRequirementWithMinValues { return nil },
				Provoke: made("Hash: 1"), Revert: made("none"),
			},
		},
		Unresolve: func(testing.TB) {
			c.must(c.Cloud.SetRegionDown(simtest.Region, true), c.Cloud.SetRegionDown(other, true))
			c.process()
			_ = c.inventory.Refresh(context.Background()) // nobody answers
		},
	}
}

// put stores a NodeClaim as the core does.
func (c *cloud) put(nodeClaim *karpv1.NodeClaim) {
	c.t.Helper()
	stored := nodeClaim.DeepCopy()
	c.must(c.api.Create(context.Background(), stored))
	stored.Status = nodeClaim.Status
	for i := range stored.Status.Conditions {
		stored.Status.Conditions[i].LastTransitionTime = metav1.NewTime(c.Clock.Now())
	}
	c.must(c.api.Status().Update(context.Background(), stored))
}

func (c *cloud) collection() *conformance.Collection {
	return &conformance.Collection{
		Store: func(_ testing.TB, nodeClaim *karpv1.NodeClaim) { c.put(nodeClaim) },
		Join: func(t testing.TB, nodeClaim *karpv1.NodeClaim) {
			c.must(c.api.Create(t.Context(), &corev1.Node{
				ObjectMeta: metav1.ObjectMeta{Name: nodeClaim.Name, UID: "uid-of-node-of-" + nodeClaim.UID},
				Spec:       corev1.NodeSpec{ProviderID: nodeClaim.Status.ProviderID},
			}))
		},
		Nodes: func(t testing.TB) int {
			var list corev1.NodeList
			c.must(c.api.List(t.Context(), &list))
			return meta.LenList(&list)
		},
		Grace:   grace,
		Collect: func(t testing.TB) { c.round(t, func() {}) },
		During:  c.round,
	}
}

// grace is how old an orphan must be (PVE-104).
const grace = 5 * time.Minute

// lister lets something happen after the machines were listed.
type lister struct {
	cloudprovider.CloudProvider
	happens func()
}

func (l lister) List(ctx context.Context) ([]*karpv1.NodeClaim, error) {
	machines, err := l.CloudProvider.List(ctx)
	l.happens()
	return machines, err
}

// round collects machines by the rule of PVE-104.
func (c *cloud) round(t testing.TB, happens func()) {
	strict := strictapi.Client(t, c.api)
	controller := collect.New(collect.Options{
		Client: strict, Live: strict, Machines: lister{c.front, happens}, Clock: c.Clock,
		Rule: collect.Rule{Grace: grace, Spares: provider.Spared, Tie: collect.Tie{
			Machine:   func(m *karpv1.NodeClaim) string { return string(m.UID) },
			NodeClaim: func(nodeClaim *karpv1.NodeClaim) string { return string(nodeClaim.UID) },
		}},
		Schedule: collect.Schedule{First: time.Minute, Then: 2 * time.Minute},
	})
	_, err := controller.Reconcile(t.Context())
	c.must(err)
}
