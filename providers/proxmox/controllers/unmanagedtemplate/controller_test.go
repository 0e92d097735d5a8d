// SPDX-License-Identifier: Apache-2.0

package unmanagedtemplate_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"karpenter.sh/core/testkit/strictapi"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/controllers/unmanagedtemplate"
	"karpenter.sh/providers/proxmox/internal/simtest"
	"karpenter.sh/providers/proxmox/pve"
	"karpenter.sh/test/cloudsim/proxmox"
)

// world is the controller with a template object "t", in the default region.
type world struct {
	t testing.TB
	*simtest.World
	api client.WithWatch
	c   *unmanagedtemplate.Controller
}

func newWorld(t testing.TB, spec v1alpha1.ProxmoxUnmanagedTemplateSpec) *world {
	w := &world{t: t, World: simtest.Start(t, nil)}
	scheme := runtime.NewScheme()
	w.must(v1alpha1.AddToScheme(scheme))
	w.api = strictapi.Client(t, fake.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(&v1alpha1.ProxmoxUnmanagedTemplate{}).Build())
	w.must(w.api.Create(t.Context(), &v1alpha1.ProxmoxUnmanagedTemplate{ObjectMeta: metav1.ObjectMeta{Name: "t", Generation: 1}, Spec: spec}))
	w.c = unmanagedtemplate.New(unmanagedtemplate.Options{
		Client: w.api, Clients: map[string]*pve.Client{simtest.Region: w.Client(simtest.Region)}, Clock: w.Clock,
	})
	return w
}

func (w *world) must(errs ...error) {
	w.t.Helper()
	if err := errors.Join(errs...); err != nil {
		w.t.Fatal(err)
	}
}

// pass has the controller look, and returns what it writes in short.
func (w *world) pass() (string, error) {
	w.t.Helper()
	t := &v1alpha1.ProxmoxUnmanagedTemplate{}
	w.must(w.api.Get(w.t.Context(), client.ObjectKey{Name: "t"}, t))
	_, err := w.c.Reconcile(w.t.Context(), t)
	w.must(w.api.Get(w.t.Context(), client.ObjectKey{Name: "t"}, t))
	for _, c := range t.Status.Conditions {
		if c.Type == v1alpha1.ConditionMachineTemplateReady {
			return fmt.Sprint(c.Status, " ", c.Reason, " ", t.Status.Zones, " ", t.Status.ImageID), err
		}
	}
	return "none", err
}

func (w *world) expect(reason, want string, fails bool) {
	w.t.Helper()
	got, err := w.pass()
	if got != want || fails != (err != nil) {
		w.t.Errorf("%s: got %s, %v, want %s", reason, got, err, want)
	}
}

const found = "True ProxmoxVirtualMachineTemplateReady [r1/pve1/9000 r1/pve2/9000] 9000-151445218505738649"

// PVE-013, PVE-031 to PVE-033: what is found, and what stays while nobody can look.
func TestFinds(t *testing.T) {
	w := newWorld(t, v1alpha1.ProxmoxUnmanagedTemplateSpec{TemplateName: "node"})
	w.expect("by name", found, false)
	stored := &v1alpha1.ProxmoxUnmanagedTemplate{}
	w.must(w.api.Get(t.Context(), client.ObjectKey{Name: "t"}, stored))
	if stored.Annotations[v1alpha1.AnnotationTemplateHash] == "" || stored.Status.Resources.Zones != 2 {
		t.Errorf("got %+v", stored)
	}
	w.must(w.Cloud.SetRegionDown(simtest.Region, true))
	w.expect("the region is down", found, true)
	w.must(w.Cloud.SetRegionDown(simtest.Region, false))
	w.must(w.Cloud.SetHostOffline(simtest.Region, "pve1", true))
	got, err := w.pass()
	if err != nil || !strings.HasPrefix(got, "True ProxmoxVirtualMachineTemplateReady [r1/pve1/9000") {
		t.Errorf("its host is offline: got %s, %v", got, err)
	}
	w.must(w.Cloud.SetHostOffline(simtest.Region, "pve1", false))
	c := w.Client(simtest.Region)
	w.must(c.Delete(t.Context(), pve.Place{Host: "pve1", ID: 9000}))
	w.expect("it is gone", "False TemplatesNotFound [] ", false)
}

// PVE-114: the hash is that of what was searched when something was found, not that of a
// search in vain whose zones are those of before.
func TestStampsWhatWasFound(t *testing.T) {
	w := newWorld(t, v1alpha1.ProxmoxUnmanagedTemplateSpec{TemplateName: "node"})
	w.expect("by name", found, false)
	stored := &v1alpha1.ProxmoxUnmanagedTemplate{}
	hash := func() string {
		w.must(w.api.Get(t.Context(), client.ObjectKey{Name: "t"}, stored))
		return stored.Annotations[v1alpha1.AnnotationTemplateHash]
	}
	before := hash()
	stored.Spec.TemplateName = "another"
	w.must(w.api.Update(t.Context(), stored), w.Cloud.SetRegionDown(simtest.Region, true))
	w.expect("nobody can look", found, true)
	if now := hash(); now != before {
		t.Errorf("stamped with %s for the zones of %s", now, before)
	}
	w.must(w.Cloud.SetRegionDown(simtest.Region, false), w.Client(simtest.Region).Configure(t.Context(), pve.Place{Host: "pve1", ID: 9000}, pve.Change{Set: pve.Options{"name": "another"}}))
	if got, err := w.pass(); err != nil || !strings.HasPrefix(got, "True ") || hash() == before {
		t.Errorf("found again: got %s, %v, stamped %s", got, err, hash())
	}
}

// PVE-031, PVE-082: by tags; one that all machines would share an address with is skipped.
func TestSkips(t *testing.T) {
	w := newWorld(t, v1alpha1.ProxmoxUnmanagedTemplateSpec{Tags: []string{"a", "b"}})
	w.expect("none has them", "False TemplatesNotFound [] ", false)
	w.must(w.Cloud.Place(simtest.Region, proxmox.Machine{ID: 500, Host: "pve2", Template: true, Options: map[string]string{
		"name": "x", "tags": "a;b;c", "scsi0": "local-lvm:base-500-disk-0,size=3G", "net0": "virtio=BC:24:11:00:90:01,bridge=vmbr0", "ipconfig0": "ip=10.1.0.7/24",
		"meta": "creation-qemu=9.2.0,ctime=1",
	}}))
	w.expect("an address of its own", "False TemplatesNotFound [] ", false)
	w.must(w.Client(simtest.Region).Configure(t.Context(), pve.Place{Host: "pve2", ID: 500}, pve.Change{Set: pve.Options{"ipconfig0": "ip=10.1.0.0/24"}}))
	got, err := w.pass()
	if err != nil || !strings.HasPrefix(got, "True ProxmoxVirtualMachineTemplateReady [r1/pve2/500] 500-") {
		t.Errorf("a network: got %s, %v", got, err)
	}
}

// PVE-031: a spec that means nothing changes nothing.
func TestRefused(t *testing.T) {
	w := newWorld(t, v1alpha1.ProxmoxUnmanagedTemplateSpec{})
	w.expect("neither name nor tags", "False TemplateValidation [] ", false)
}

// PVE-031: nobody can look in a region that is not configured, and what was known stays.
func TestNoRegion(t *testing.T) {
	w := newWorld(t, v1alpha1.ProxmoxUnmanagedTemplateSpec{TemplateName: "node"})
	w.expect("by name", found, false)
	stored := &v1alpha1.ProxmoxUnmanagedTemplate{}
	w.must(w.api.Get(t.Context(), client.ObjectKey{Name: "t"}, stored))
	stored.Spec.Region = "elsewhere"
	w.must(w.api.Update(t.Context(), stored))
	w.expect("elsewhere", "Unknown NodeTemplateClassResolutionError [r1/pve1/9000 r1/pve2/9000] 9000-151445218505738649", false)
}
