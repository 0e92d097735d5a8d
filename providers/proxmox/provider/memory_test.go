// SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"fmt"
	"maps"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/observed"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/instancetype"
	"karpenter.sh/providers/proxmox/internal/simtest"
	"karpenter.sh/providers/proxmox/provider"
	"karpenter.sh/providers/proxmox/pve"
	"karpenter.sh/test/cloudsim/proxmox"
)

const c2, c4 = "c1.2VCPU-4GB", "c1.4VCPU-8GB"

// node registers the node of a NodeClaim with so much memory, and has it observed.
func (w *world) node(nodeClaim *karpv1.NodeClaim, memory string) error {
	w.t.Helper()
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: nodeClaim.Name, Labels: map[string]string{karpv1.NodeRegisteredLabelKey: "true"}}}
	node.Spec.ProviderID = nodeClaim.Status.ProviderID
	node.Status.Capacity = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse(memory)}
	c := observed.New(observed.Options{
		Client: w.api, Kinds: cloudprovider.NodeClassKinds{schema.GroupKind(v1alpha1.Kind())},
		Observe: w.CloudProvider.(*provider.Provider).Observe,
	})
	_, err := c.Reconcile(w.t.Context(), node)
	return err
}

// written is a NodeClaim whose launch is written down.
func (w *world) written(name, instanceType string, more ...karpv1.NodeSelectorRequirementWithMinValues) *karpv1.NodeClaim {
	w.t.Helper()
	asked := claim(name, append(more, in(label.InstanceType, instanceType))...)
	created := w.create(asked)
	asked.Labels, asked.Status = created.Labels, created.Status
	w.must(w.api.Create(w.t.Context(), asked))
	return asked
}

// memory is that of a type, in MiB: what a node has, and what its pods get.
func (w *world) memory(typeName string) string {
	w.t.Helper()
	for _, it := range w.types() {
		if it.Name == typeName {
			allocatable := it.Allocatable()
			return fmt.Sprint(it.Capacity.Memory().Value()>>20, " ", allocatable.Memory().Value()>>20)
		}
	}
	w.t.Fatalf("there is no type %s", typeName)
	return ""
}

func (w *world) expectMemory(step, typeName, want string) {
	w.t.Helper()
	if got := w.memory(typeName); got != want {
		w.t.Errorf("%s: %s has %s, want %s", step, typeName, got, want)
	}
}

// PVE-043, CP-049: nodes with less memory than was estimated make the type smaller, for
// pods too, and no other type.
func TestObservedMemory(t *testing.T) {
	w := newWorld(t, nil)
	w.expectMemory("estimate", c2, "3788 3240")
	w.expectMemory("estimate", c4, "7577 7029")
	first := w.written("n1", c2)
	w.must(w.node(first, "3700Mi"))
	w.expectMemory("observed", c2, "3700 3152")
	w.expectMemory("another type", c4, "7577 7029")
	w.must(w.node(first, "3750Mi"))
	w.expectMemory("more", c2, "3700 3152")
	if again := w.written("n2", c2); again.Status.Capacity.Memory().Value()>>20 != 3700 {
		t.Errorf("launched with %s", again.Status.Capacity.Memory())
	}
	w.Clock.Step(observed.TTL)
	w.expectMemory("after 60 days", c2, "3788 3240")
}

// PVE-043: a template that is made anew has observations of its own; of two the least
// counts, and what is not known yet is estimated.
func TestObservedMemoryOfTemplates(t *testing.T) {
	w := newWorld(t, nil)
	zones := func(zones ...string) {
		nodeClass := w.nodeClass()
		nodeClass.Status.SelectedZones = zones
		w.must(w.api.Status().Update(t.Context(), nodeClass))
	}
	zones("r1/pve1/9000")
	w.must(w.node(w.written("n1", c2), "3900Mi"))
	w.expectMemory("one template", c2, "3900 3352")

	all, err := w.Cloud.Machines(simtest.Region)
	w.must(err)
	options := maps.Clone(all[0].Options)
	options["description"], options["scsi0"] = "Hash: 8", "ceph:base-9001-disk-0,size=3G"
	zones("r1/pve1/9000", "r1/pve2/9001")
	w.expectMemory("one that is not known", c2, "3788 3240")
	w.must(w.Cloud.Place(simtest.Region, proxmox.Machine{ID: 9001, Host: "pve2", Template: true, Options: options}), w.inventory.Refresh(t.Context()))
	w.expectMemory("one that nobody booted", c2, "3788 3240")
	w.must(w.node(w.written("n2", c2, in(label.Zone, "pve2")), "3850Mi"))
	w.expectMemory("both", c2, "3850 3302")
	zones("r1/pve1/9000")
	w.expectMemory("the first again", c2, "3900 3352")
	w.must(
		w.Client(simtest.Region).Configure(t.Context(), pve.Place{Host: "pve1", ID: 9000}, pve.Change{Set: pve.Options{"description": "Hash: 7"}}),
		w.inventory.Refresh(t.Context()),
	)
	w.expectMemory("made anew", c2, "3788 3240")
	zones()
	w.expectMemory("none", c2, "3788 3240")
}

// PVE-043: only a machine with the memory that the type has now is an observation.
func TestObservedMemoryOfOthers(t *testing.T) {
	w := newWorld(t, nil)
	created := w.written("n1", c2)
	change := func(memory string) {
		t.Helper()
		for i, s := range w.shapes {
			if s.Name == c2 {
				w.shapes = append([]instancetype.Shape{}, w.shapes...)
				w.shapes[i].Capacity = maps.Clone(s.Capacity)
				w.shapes[i].Capacity[corev1.ResourceMemory] = resource.MustParse(memory)
			}
		}
		w.must(w.store.Refresh(t.Context()))
	}
	change("5Gi")
	w.must(w.node(created, "3700Mi"))
	w.expectMemory("another size now", c2, "4736 4188")
	change("4Gi")
	w.expectMemory("the old size", c2, "3788 3240")
	w.must(w.node(created, "3700Mi"))
	w.expectMemory("the same size", c2, "3700 3152")
	change("5Gi")
	w.expectMemory("the other size", c2, "4736 4188")
}

// PVE-043: machines that are gone, and types that are, tell nothing and are not asked for
// again; a region that cannot be read is.
func TestUnobservable(t *testing.T) {
	w := newWorld(t, nil)
	created := w.written("n1", c2)
	for _, change := range []func(*karpv1.NodeClaim){
		func(c *karpv1.NodeClaim) { c.Status.ProviderID = "proxmox://r1/4711" },
		func(c *karpv1.NodeClaim) { c.Status.ProviderID = "proxmox://elsewhere/20000" },
		func(c *karpv1.NodeClaim) { c.Status.ProviderID = "other:///1" },
		func(c *karpv1.NodeClaim) { c.Labels[label.InstanceType] = "gone" },
	} {
		changed := created.DeepCopy()
		change(changed)
		w.must(w.CloudProvider.(*provider.Provider).Observe(t.Context(), changed, resource.MustParse("3700Mi")))
	}
	w.expectMemory("nothing", c2, "3788 3240")
	w.Clock.Step(10 * time.Minute)
	w.must(w.Cloud.SetRegionDown(simtest.Region, true))
	if err := w.node(created, "3700Mi"); err == nil {
		t.Error("a region that cannot be read is no error")
	}
}
