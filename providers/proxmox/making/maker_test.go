// SPDX-License-Identifier: Apache-2.0

package making_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/internal/simtest"
	"karpenter.sh/providers/proxmox/launch"
	"karpenter.sh/providers/proxmox/making"
	"karpenter.sh/providers/proxmox/placement"
	"karpenter.sh/providers/proxmox/pve"
	"karpenter.sh/test/cloudsim/fault"
	"karpenter.sh/test/cloudsim/proxmox"
)

const image = "https://images.example.com/node.qcow2"

// world is a maker in the default region.
type world struct {
	t testing.TB
	*simtest.World
	maker *making.Maker
	order making.Order
	// entries are those of the last outcome.
	entries []placement.Entry
}

func newWorld(t testing.TB, change func(*proxmox.Options)) *world {
	w := &world{t: t, World: simtest.Start(t, func(o *proxmox.Options) {
		o.Setup.Regions[0].Images["https://images.example.com/next.qcow2"] = proxmox.Image{GiB: 4}
		if change != nil {
			change(o)
		}
	})}
	w.maker = making.New(making.Options{
		Clients: map[string]*pve.Client{simtest.Region: w.Client(simtest.Region)}, IDs: launch.NewIDs(making.LowestID, w.Clock), Cluster: "k",
	})
	w.order = making.Order{Name: "t", Spec: v1alpha1.ProxmoxTemplateSpec{
		SourceImage: &v1alpha1.SourceImage{URL: image}, StorageIDs: []string{"local", "local-lvm"}, Network: []v1alpha1.Network{{Bridge: "vmbr0"}},
	}}
	w.rehash()
	return w
}

// rehash is what the controllers do after a change of the spec.
func (w *world) rehash() {
	w.t.Helper()
	hash, err := (&v1alpha1.ProxmoxTemplate{Spec: w.order.Spec}).Hash()
	w.must(err)
	w.order.Hash = hash
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) fetch() {
	w.t.Helper()
	w.must(w.maker.FetchImages(w.t.Context(), simtest.Region, w.order))
}

func (w *world) ensure() (making.Outcome, error) {
	w.t.Helper()
	out, err := w.maker.Ensure(w.t.Context(), simtest.Region, w.order, w.entries)
	w.entries = out.Entries
	return out, err
}

// machines are those of the name "t": ID, host, and T for templates.
func (w *world) machines() []string {
	w.t.Helper()
	all, err := w.Cloud.Machines(simtest.Region)
	w.must(err)
	var out []string
	for _, m := range all {
		if m.Options["name"] == "t" {
			out = append(out, fmt.Sprintf("%d@%s%s", m.ID, m.Host, map[bool]string{true: "T"}[m.Template]))
		}
	}
	return out
}

// images are the downloaded ones.
func (w *world) images() []string {
	w.t.Helper()
	all, err := w.Cloud.Volumes(simtest.Region)
	w.must(err)
	return slices.DeleteFunc(all, func(id string) bool { return !strings.Contains(id, ":import/") })
}

func (w *world) expect(what string, got any, want string) {
	w.t.Helper()
	if text := fmt.Sprint(got); text != want {
		w.t.Errorf("%s: got %s, want %s", what, text, want)
	}
}

// PVE-024, PVE-025, PVE-027: a template is made on each host, replaced, and nothing is left
// of it.
func TestLife(t *testing.T) {
	w := newWorld(t, nil)
	out, err := w.ensure()
	w.must(err)
	w.expect("without images", out.Waiting, "[{pve1 <nil>} {pve2 <nil>}]")
	w.fetch()
	out, err = w.ensure()
	w.must(err)
	w.expect("made", w.machines(), "[1000@pve1T 1001@pve2T]")
	w.expect("entries", placement.Texts(out.Entries), "[r1/pve1/1000 r1/pve2/1001]")
	w.expect("settled", out.Settled, "true")
	w.fetch()
	out, err = w.ensure()
	w.must(err)
	w.expect("again", w.machines(), "[1000@pve1T 1001@pve2T]")

	w.order.Spec.SourceImage.URL = "https://images.example.com/next.qcow2"
	w.rehash()
	w.Cloud.Faults().Add(fault.Rule{Call: "POST *qemu", Times: 2, Within: &fault.Failure{Code: "x", Message: "no space left on device"}})
	w.fetch()
	out, err = w.ensure()
	if err == nil || out.Settled {
		t.Fatal("it is made on a full storage")
	}
	w.expect("the old ones stay", w.machines(), "[1000@pve1T 1001@pve2T]")
	w.expect("and are cloned", placement.Texts(out.Entries), "[r1/pve1/1000 r1/pve2/1001]")
	out, err = w.ensure()
	w.must(err)
	w.expect("replaced", len(w.machines()), "2")
	w.expect("entries", len(out.Entries), "2")
	w.expect("images", len(w.images()), "4")
	w.must(w.maker.RemoveImages(t.Context(), simtest.Region, []string{(&v1alpha1.SourceImage{URL: image}).ImageID()}))
	w.expect("the old images go", len(w.images()), "2")

	w.must(w.maker.Remove(t.Context(), simtest.Region, "t", w.entries))
	w.must(w.maker.RemoveImages(t.Context(), simtest.Region, []string{w.order.Spec.SourceImage.ImageID()}))
	w.must(w.maker.Remove(t.Context(), simtest.Region, "t", w.entries))
	w.expect("nothing is left", append(w.machines(), w.images()...), "[]")
}

// PVE-209: with disks on shared storage one machine serves all hosts.
func TestShared(t *testing.T) {
	w := newWorld(t, nil)
	w.order.Spec.StorageIDs = []string{"local", "ceph"}
	w.rehash()
	w.fetch()
	out, err := w.ensure()
	w.must(err)
	w.expect("made", w.machines(), "[1000@pve1T]")
	w.expect("entries", placement.Texts(out.Entries), "[r1/pve1/1000 r1/pve2/1000]")

	w.must(w.Cloud.SetHostOffline(simtest.Region, "pve1", true))
	w.fetch()
	out, err = w.ensure()
	w.must(err)
	w.expect("another one while its host cannot be reached", placement.Texts(out.Entries), "[r1/pve1/1000 r1/pve2/1001]")
	w.must(w.Cloud.SetHostOffline(simtest.Region, "pve1", false))
	out, err = w.ensure()
	w.must(err)
	w.expect("one again", w.machines(), "[1000@pve1T]")
	w.expect("entries", placement.Texts(out.Entries), "[r1/pve1/1000 r1/pve2/1000]")
}

// PVE-013: what was known stays while a host or all of a region cannot be reached.
func TestAway(t *testing.T) {
	w := newWorld(t, nil)
	w.fetch()
	_, err := w.ensure()
	w.must(err)
	w.must(w.Cloud.SetHostOffline(simtest.Region, "pve2", true))
	out, err := w.ensure()
	w.must(err)
	w.expect("a host is offline", placement.Texts(out.Entries), "[r1/pve1/1000 r1/pve2/1001]")
	if err := w.maker.Remove(t.Context(), simtest.Region, "t", w.entries); err == nil {
		t.Error("all is removed although a host cannot be reached")
	}
	w.must(w.Cloud.SetRegionDown(simtest.Region, true))
	if out, err = w.ensure(); err == nil {
		t.Error("a region that is down is read")
	}
	w.expect("the region is down", placement.Texts(out.Entries), "[r1/pve1/1000 r1/pve2/1001]")
}

// PVE-029: whoever has images removed learns that nobody could look somewhere.
func TestImageAway(t *testing.T) {
	w := newWorld(t, nil)
	w.fetch()
	w.must(w.Cloud.SetHostOffline(simtest.Region, "pve2", true))
	ids := []string{w.order.Spec.SourceImage.ImageID()}
	if err := w.maker.RemoveImages(t.Context(), simtest.Region, ids); !errors.Is(err, making.ErrAway) {
		t.Errorf("got %v", err)
	}
	w.expect("the other one goes", len(w.images()), "1")
	w.must(w.Cloud.SetHostOffline(simtest.Region, "pve2", false))
	w.must(w.maker.RemoveImages(t.Context(), simtest.Region, ids))
	w.expect("it goes later", len(w.images()), "0")
}

// PVE-027, PVE-208: machines of others with the name survive.
func TestForeign(t *testing.T) {
	w := newWorld(t, func(o *proxmox.Options) {
		r := &o.Setup.Regions[0]
		other := func(id int, description string) proxmox.Machine {
			return proxmox.Machine{ID: id, Host: "pve1", Template: true, Options: map[string]string{"name": "t", "description": description, "scsi0": fmt.Sprintf("ceph:base-%d-disk-0,size=3G", id)}}
		}
		r.Machines = append(r.Machines, other(500, "mine"), other(501, "Hash: 1 Cluster: other"))
	})
	w.fetch()
	out, err := w.ensure()
	w.must(err)
	w.expect("conflict", out.Conflict, "500")
	w.must(w.maker.Remove(t.Context(), simtest.Region, "t", w.entries))
	w.expect("they survive", w.machines(), "[500@pve1T 501@pve1T]")
	w.must(w.Cloud.SetHostOffline(simtest.Region, "pve1", true))
	w.must(w.maker.Remove(t.Context(), simtest.Region, "t", w.entries)) // PVE-030: nobody waits for them
}

// PVE-030: a machine that was left half-made on a host that went away is waited for.
func TestHalfMade(t *testing.T) {
	w := newWorld(t, nil)
	w.must(w.Cloud.SetHostOffline(simtest.Region, "pve2", true))
	w.fetch()
	broken := &fault.Failure{Code: "x", Message: "broken"}
	w.Cloud.Faults().Add(fault.Rule{Call: "POST *template", Times: 1, Within: broken})
	w.Cloud.Faults().Add(fault.Rule{Call: "DELETE *qemu*", Times: 1, Within: broken})
	if out, err := w.ensure(); err == nil || len(out.Entries) > 0 {
		t.Errorf("it is made: %v", out)
	}
	w.expect("half-made", w.machines(), "[1000@pve1]")
	w.must(w.Cloud.SetHostOffline(simtest.Region, "pve1", true))
	if err := w.maker.Remove(t.Context(), simtest.Region, "t", w.entries); !errors.Is(err, making.ErrUnseen) {
		t.Errorf("nobody waits for it: %v", err)
	}
	w.must(w.Cloud.SetHostOffline(simtest.Region, "pve1", false))
	w.must(w.maker.Remove(t.Context(), simtest.Region, "t", w.entries))
	w.expect("nothing is left", w.machines(), "[]")
}

// PVE-027, PVE-211: a template that another installation has made, without a cluster, is
// taken over.
func TestAdoption(t *testing.T) {
	w := newWorld(t, nil)
	w.order.Spec.StorageIDs = []string{"local", "ceph"}
	w.rehash()
	w.must(w.Cloud.Place(simtest.Region, proxmox.Machine{ID: 700, Host: "pve2", Template: true, Options: map[string]string{
		"name": "t", "description": "Karpenter, Hash: " + w.order.Hash, "scsi0": "ceph:base-700-disk-0,size=3G", "net0": "virtio=BC:24:11:00:90:01,bridge=vmbr0",
	}}))
	w.fetch()
	out, err := w.ensure()
	w.must(err)
	w.expect("entries", placement.Texts(out.Entries), "[r1/pve1/700 r1/pve2/700]")
	w.expect("nothing is downloaded", w.images(), "[]")
	w.expect("settled", out.Settled, "true")
}

// PVE-028: what can be changed in machines is, and others are not marked as current.
func TestUpdate(t *testing.T) {
	w := newWorld(t, nil)
	w.fetch()
	_, err := w.ensure()
	w.must(err)
	w.order.Spec.Tags, w.order.Spec.Description = []string{"b", "a"}, "Mine."
	w.must(w.maker.Update(t.Context(), simtest.Region, w.order))
	w.expect("tags", w.option("tags"), "[a;b a;b]")
	w.order.Spec.Tags = nil
	w.must(w.maker.Update(t.Context(), simtest.Region, w.order))
	w.expect("no tags", w.option("tags"), "[ ]")

	before := w.option("description")
	w.order.Hash, w.order.Spec.Description = "1", "Other."
	w.must(w.maker.Update(t.Context(), simtest.Region, w.order))
	w.expect("outdated ones", w.option("description"), fmt.Sprint(before))
}

func (w *world) option(name string) []string {
	w.t.Helper()
	all, err := w.Cloud.Machines(simtest.Region)
	w.must(err)
	var out []string
	for _, m := range all {
		if m.Options["name"] == "t" {
			out = append(out, m.Options[name])
		}
	}
	return out
}

// PVE-025: why an image is not there is told until it is.
func TestNoImage(t *testing.T) {
	w := newWorld(t, nil)
	w.Cloud.Faults().Add(fault.Rule{Call: "POST *download-url", Times: 1, Within: &fault.Failure{Code: "x", Message: "checksum mismatch"}})
	if err := w.maker.FetchImages(t.Context(), simtest.Region, w.order); err == nil {
		t.Fatal("the image is fetched")
	}
	out, err := w.ensure()
	w.must(err)
	if len(out.Waiting) != 1 || out.Waiting[0].Err == nil || !strings.Contains(out.Waiting[0].Err.Error(), "checksum mismatch") {
		t.Errorf("got %+v", out.Waiting)
	}
	w.fetch()
	out, err = w.ensure()
	w.must(err)
	w.expect("made", len(w.machines()), "2")
}

// PVE-025: two templates with one image download it once on each host.
func TestOneImage(t *testing.T) {
	w := newWorld(t, nil)
	other := w.order
	other.Name = "u"
	errs := make(chan error)
	for _, o := range []making.Order{w.order, other} {
		go func() { errs <- w.maker.FetchImages(t.Context(), simtest.Region, o) }()
	}
	for range 2 {
		w.must(<-errs)
	}
	w.expect("images", len(w.images()), "2")
}
