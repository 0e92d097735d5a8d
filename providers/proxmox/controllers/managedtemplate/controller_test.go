// SPDX-License-Identifier: Apache-2.0

package managedtemplate_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/awslabs/operatorpkg/status"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"karpenter.sh/core/events/eventstest"
	"karpenter.sh/core/testkit/strictapi"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/controllers/managedtemplate"
	"karpenter.sh/providers/proxmox/controllers/templateimage"
	"karpenter.sh/providers/proxmox/internal/simtest"
	"karpenter.sh/providers/proxmox/launch"
	"karpenter.sh/providers/proxmox/making"
	"karpenter.sh/providers/proxmox/pve"
	"karpenter.sh/test/cloudsim/fault"
	"karpenter.sh/test/cloudsim/proxmox"
)

const (
	first  = "https://images.example.com/node.qcow2"
	second = "https://images.example.com/next.qcow2"
	third  = "https://images.example.com/last.qcow2"
)

// world is both controllers of templates, with an API in memory.
type world struct {
	t testing.TB
	*simtest.World
	api    client.WithWatch
	maker  *making.Maker
	status *managedtemplate.Controller
	images *templateimage.Controller
	told   eventstest.Recorder
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, World: simtest.Start(t, func(o *proxmox.Options) {
		o.Setup.Regions[0].Images[second], o.Setup.Regions[0].Images[third] = proxmox.Image{GiB: 4}, proxmox.Image{GiB: 4}
		o.Setup.Regions[0].Storages = append(o.Setup.Regions[0].Storages, proxmox.Storage{Name: "spare", Type: "nfs", Shared: true, Content: []string{"import"}, GiB: 1})
		o.Setup.Regions = append(o.Setup.Regions, proxmox.DefaultSetup("r2").Regions...)
	})}
	scheme := runtime.NewScheme()
	w.must(v1alpha1.AddToScheme(scheme))
	w.api = strictapi.Client(t, fake.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(&v1alpha1.ProxmoxTemplate{}).Build())
	w.maker = making.New(making.Options{
		Clients: map[string]*pve.Client{simtest.Region: w.Client(simtest.Region), "r2": w.Client("r2")}, IDs: launch.NewIDs(making.LowestID, w.Clock), Cluster: "k",
	})
	w.status = managedtemplate.New(managedtemplate.Options{Client: w.api, Live: w.api, Maker: w.maker, Events: &w.told, Clock: w.Clock})
	w.images = templateimage.New(templateimage.Options{Client: w.api, Live: w.api, Maker: w.maker})
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) expect(what string, got any, want string) {
	w.t.Helper()
	if text := fmt.Sprint(got); text != want {
		w.t.Errorf("%s: got %s, want %s", what, text, want)
	}
}

func (w *world) create(name, url string) {
	w.t.Helper()
	w.must(w.api.Create(w.t.Context(), &v1alpha1.ProxmoxTemplate{
		ObjectMeta: metav1.ObjectMeta{Name: name, Generation: 1},
		Spec: v1alpha1.ProxmoxTemplateSpec{
			Region:      simtest.Region,
			SourceImage: &v1alpha1.SourceImage{URL: url}, StorageIDs: []string{"local", "local-lvm"}, Network: []v1alpha1.Network{{Bridge: "vmbr0"}},
		},
	}))
}

func (w *world) get(name string) *v1alpha1.ProxmoxTemplate {
	w.t.Helper()
	out := &v1alpha1.ProxmoxTemplate{}
	w.must(w.api.Get(w.t.Context(), client.ObjectKey{Name: name}, out))
	return out
}

func (w *world) change(name string, change func(*v1alpha1.ProxmoxTemplate)) {
	w.t.Helper()
	t := w.get(name)
	change(t)
	t.Generation++
	w.must(w.api.Update(w.t.Context(), t))
}

// pass has both controllers look at a template, images last.
func (w *world) pass(name string) (reconcile.Result, error) {
	w.t.Helper()
	result, err := w.status.Reconcile(w.t.Context(), w.get(name))
	t := &v1alpha1.ProxmoxTemplate{}
	if w.api.Get(w.t.Context(), client.ObjectKey{Name: name}, t) == nil {
		_, _ = w.images.Reconcile(w.t.Context(), t) // the status tells
	}
	return result, err
}

// ready is the condition in short.
func (w *world) ready(name string) string {
	w.t.Helper()
	for _, c := range w.get(name).Status.Conditions {
		if c.Type == "Ready" {
			return string(c.Status)
		}
	}
	return "none"
}

func (w *world) volumes() []string {
	w.t.Helper()
	all, err := w.Cloud.Volumes(simtest.Region)
	w.must(err)
	return slices.DeleteFunc(all, func(id string) bool { return !strings.Contains(id, ":import/") })
}

func (w *world) machines(name string) int {
	w.t.Helper()
	all, err := w.Cloud.Machines(simtest.Region)
	w.must(err)
	n := 0
	for _, m := range all {
		if m.Options["name"] == name {
			n++
		}
	}
	return n
}

// settle passes until nothing is to be done soon.
func (w *world) settle(name string) {
	w.t.Helper()
	for range 10 {
		if result, err := w.pass(name); err == nil && result.RequeueAfter == 5*time.Minute {
			return
		}
	}
	w.t.Fatalf("it does not settle: %+v", w.get(name).Status)
}

// PVE-022, PVE-025, PVE-028 to PVE-030, PVE-114: a template from its first pass to its end.
func TestLife(t *testing.T) {
	w := newWorld(t)
	w.create("t", first)
	_, err := w.pass("t")
	w.must(err)
	w.expect("at first", w.ready("t"), "Unknown")
	w.expect("no hash yet", w.get("t").Annotations["karpenter.proxmox.sinextra.dev/proxmoxtemplate-hash"], "")
	w.expect("the finalizer", w.get("t").Finalizers, "[karpenter.proxmox.sinextra.dev/termination]")
	w.settle("t")
	w.expect("ready", w.ready("t"), "True")
	w.expect("zones", w.get("t").Status.Zones, "[r1/pve1/1000 r1/pve2/1001]")
	w.expect("count", w.get("t").Status.Resources.Zones, "2")
	w.expect("image", w.get("t").Status.ImageID, (&v1alpha1.SourceImage{URL: first}).ImageID())
	hash, err := w.get("t").Hash()
	w.must(err)
	w.expect("hash", w.get("t").Annotations["karpenter.proxmox.sinextra.dev/proxmoxtemplate-hash"], hash)

	w.change("t", func(t *v1alpha1.ProxmoxTemplate) { t.Spec.Tags = []string{"x"} })
	w.Cloud.Faults().Add(fault.Rule{Call: "POST *config", Times: 1, Within: &fault.Failure{Code: "x", Message: "broken"}})
	before := w.get("t").Annotations["karpenter.proxmox.sinextra.dev/proxmoxtemplateinplaceupdate-hash"]
	if _, err := w.pass("t"); err == nil {
		t.Error("a machine could not be updated, and nobody is told")
	}
	w.expect("not all have it", w.get("t").Annotations["karpenter.proxmox.sinextra.dev/proxmoxtemplateinplaceupdate-hash"], before)
	w.settle("t")
	if w.get("t").Annotations["karpenter.proxmox.sinextra.dev/proxmoxtemplateinplaceupdate-hash"] == before {
		t.Error("it is not annotated")
	}
	w.expect("the same machines", w.get("t").Status.Zones, "[r1/pve1/1000 r1/pve2/1001]")

	w.change("t", func(t *v1alpha1.ProxmoxTemplate) { t.Spec.SourceImage.URL = second })
	_, err = w.pass("t")
	w.must(err)
	w.expect("the old one is cloned meanwhile", w.ready("t"), "True")
	w.expect("both images", len(w.volumes()), "4")
	w.settle("t")
	w.expect("machines", w.machines("t"), "2")
	w.expect("images", len(w.volumes()), "2")
	w.expect("image", w.get("t").Status.ImageID, (&v1alpha1.SourceImage{URL: second}).ImageID())

	w.must(w.api.Delete(t.Context(), w.get("t"), client.Preconditions{UID: new(w.get("t").UID)}))
	w.must(w.Cloud.SetHostOffline(simtest.Region, "pve2", true))
	if _, err := w.pass("t"); err == nil {
		t.Error("a machine cannot be reached, and nobody is told")
	}
	w.expect("not ready", w.ready("t"), "False")
	w.must(w.Cloud.SetHostOffline(simtest.Region, "pve2", false))
	end := w.maker.Begin("t")
	_, err = w.pass("t")
	w.must(err)
	w.expect("it waits while an image is fetched", w.get("t").Finalizers, "[karpenter.proxmox.sinextra.dev/termination]")
	end()
	_, err = w.pass("t")
	w.must(err)
	if err := w.api.Get(t.Context(), client.ObjectKey{Name: "t"}, &v1alpha1.ProxmoxTemplate{}); !apierrors.IsNotFound(err) {
		t.Errorf("it is still there: %v", err)
	}
	w.expect("nothing is left", fmt.Sprint(w.machines("t"), w.volumes()), "0 []")
}

// PVE-030: the machines of a successor are not taken for those of a template that has ended.
func TestSuccessor(t *testing.T) {
	w := newWorld(t)
	w.create("t", first)
	_, err := w.pass("t")
	w.must(err)
	w.must(w.api.Delete(t.Context(), w.get("t"), client.Preconditions{UID: new(w.get("t").UID)}))
	late := w.get("t")
	_, err = w.pass("t")
	w.must(err)
	w.create("t", first)
	w.settle("t")
	_, err = w.status.Reconcile(t.Context(), late)
	w.must(err)
	w.expect("nothing is lost", fmt.Sprint(w.machines("t"), len(w.volumes())), "2 2")
}

// PVE-029: an image that another template uses stays.
func TestSharedImage(t *testing.T) {
	w := newWorld(t)
	w.create("t", first)
	w.create("u", first)
	w.settle("t")
	w.settle("u")
	w.change("t", func(t *v1alpha1.ProxmoxTemplate) { t.Spec.SourceImage.URL = second })
	w.settle("t")
	w.expect("images", len(w.volumes()), "4")
	for _, name := range []string{"t", "u"} {
		w.change(name, func(t *v1alpha1.ProxmoxTemplate) { t.Spec.SourceImage.URL = second })
		w.settle(name)
	}
	w.expect("images", len(w.volumes()), "2")
	for _, name := range []string{"t", "u"} {
		w.must(w.api.Delete(t.Context(), w.get(name), client.Preconditions{UID: new(w.get(name).UID)}))
	}
	_, err := w.pass("t")
	w.must(err)
	w.expect("they do not wait for each other", len(w.volumes()), "0")
	_, err = w.pass("u")
	w.must(err)
}

// PVE-021, PVE-027: a region that is no longer wanted has nothing left of the template, once
// what takes its place is there.
func TestRegionChanges(t *testing.T) {
	w := newWorld(t)
	w.create("t", first)
	w.settle("t")
	w.change("t", func(t *v1alpha1.ProxmoxTemplate) { t.Spec.Region = "elsewhere" })
	for range 2 {
		_, err := w.pass("t")
		w.must(err)
	}
	w.expect("nobody knows the region", w.ready("t"), "True")
	w.expect("zones", w.get("t").Status.Zones, "[r1/pve1/1000 r1/pve2/1001]")
	w.expect("machines", w.machines("t"), "2")
	w.change("t", func(t *v1alpha1.ProxmoxTemplate) { t.Spec.Region = "r2" })
	_, err := w.status.Reconcile(t.Context(), w.get("t"))
	w.must(err)
	w.expect("its image is on its way", w.get("t").Status.Zones, "[r1/pve1/1000 r1/pve2/1001]")
	w.settle("t")
	w.expect("zones", w.get("t").Status.Zones, "[r2/pve1/1000 r2/pve2/1001]")
	w.expect("nothing is left", fmt.Sprint(w.machines("t"), w.volumes()), "0 []")
}

// PVE-025, PVE-082: what means nothing is refused, and makes nothing.
func TestRefused(t *testing.T) {
	w := newWorld(t)
	w.create("t", first)
	w.change("t", func(t *v1alpha1.ProxmoxTemplate) { t.Spec.Network[0].Address4 = "10.1.0.7/24" })
	_, err := w.pass("t")
	w.must(err)
	c := w.get("t").Status.Conditions
	if w.ready("t") != "False" || !slices.ContainsFunc(c, func(c status.Condition) bool { return c.Reason == managedtemplate.ReasonValidation }) {
		t.Errorf("got %+v", c)
	}
	w.expect("nothing is made", fmt.Sprint(w.machines("t"), w.volumes()), "0 []")
}
