// SPDX-License-Identifier: Apache-2.0

package managedtemplate_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/imagerecord"
	"karpenter.sh/providers/proxmox/internal/simtest"
	"karpenter.sh/providers/proxmox/signals"
	"karpenter.sh/test/cloudsim/fault"
)

// id is that of the image of a URL.
func id(url string) string { return (&v1alpha1.SourceImage{URL: url}).ImageID() }

// record is what a template tells of its images.
func (w *world) record(name string) string {
	w.t.Helper()
	return w.get(name).Annotations[v1alpha1.AnnotationTemplateImages]
}

// recorded is the annotation of a template that has images in a region.
func (w *world) recorded(name, region string, urls ...string) string {
	w.t.Helper()
	record := imagerecord.Record{}
	for _, url := range urls {
		record = record.With(id(url), []string{region})
	}
	t, err := record.On(w.get(name))
	w.must(err)
	return t.Annotations[v1alpha1.AnnotationTemplateImages]
}

// fetch has only the controller of images look at a template.
func (w *world) fetch(name string) {
	w.t.Helper()
	_, err := w.images.Reconcile(w.t.Context(), w.get(name))
	w.must(err)
}

// change of the image.
func to(url string) func(*v1alpha1.ProxmoxTemplate) {
	return func(t *v1alpha1.ProxmoxTemplate) { t.Spec.SourceImage.URL = url }
}

// PVE-029: an image that was replaced before anything was made from it goes as well, though
// not while something is fetched.
func TestReplacedUnused(t *testing.T) {
	w := newWorld(t)
	w.create("t", first)
	w.settle("t")
	w.expect("recorded", w.record("t"), w.recorded("t", "r1", first))
	w.change("t", to(second))
	w.fetch("t")
	w.change("t", to(third))
	w.fetch("t")
	w.expect("all are there", len(w.volumes()), "6")
	end := w.maker.Begin("t")
	for range 2 {
		result, err := w.pass("t")
		w.must(err)
		if result.RequeueAfter > 10*time.Second {
			t.Errorf("nobody comes back before %s", result.RequeueAfter)
		}
	}
	w.expect("something is fetched", len(w.volumes()), "6")
	end()
	late := w.get("t") // a pass on an old reading must not forget what has come to be wanted since
	w.change("t", to(second))
	if _, err := w.status.Reconcile(t.Context(), late); err != nil || !strings.Contains(w.record("t"), id(second)) {
		t.Errorf("got %s, %v", w.record("t"), err)
	}
	w.expect("nor delete it", len(w.volumes()), "6")
	w.change("t", to(third))
	w.settle("t")
	w.expect("the last one stays", len(w.volumes()), "2")
	w.expect("recorded", w.record("t"), w.recorded("t", "r1", third))
	w.expect("image", w.get("t").Status.ImageID, id(third))
}

// PVE-029, PVE-030: so does one that came to a region which was withdrawn before anything
// was made there, with the template or without.
func TestWithdrawnUnused(t *testing.T) {
	w := newWorld(t)
	for _, ends := range []bool{false, true} {
		name := fmt.Sprint("t", ends)
		w.create(name, first)
		_, err := w.pass(name)
		w.must(err)
		w.expect("it came", len(w.volumes()), "2")
		w.change(name, func(t *v1alpha1.ProxmoxTemplate) { t.Spec.Region = "r2" })
		if ends {
			w.change(name, to(second))
			w.must(w.api.Delete(t.Context(), w.get(name), client.Preconditions{UID: new(w.get(name).UID)}))
			_, err := w.pass(name)
			w.must(err)
		} else {
			w.settle(name)
			w.expect("recorded", w.record(name), w.recorded(name, "r2", first))
			w.must(w.api.Delete(t.Context(), w.get(name), client.Preconditions{UID: new(w.get(name).UID)}))
			_, err := w.pass(name)
			w.must(err)
		}
		w.expect("nothing is left", w.volumes(), "[]")
	}
}

// PVE-029: an image that another template uses is not forgotten.
func TestUsedElsewhere(t *testing.T) {
	w := newWorld(t)
	w.create("t", first)
	w.create("u", first)
	w.settle("t")
	w.settle("u")
	w.change("t", to(second))
	w.settle("t")
	w.expect("it stays", len(w.volumes()), "4")
	if !strings.Contains(w.record("t"), id(first)) {
		t.Errorf("it is forgotten: %s", w.record("t"))
	}
	w.change("u", to(second))
	_, err := w.status.Reconcile(t.Context(), w.get("u"))
	w.must(err)
	w.settle("t")
	w.expect("recorded", w.record("t"), w.recorded("t", "r1", second))
}

// PVE-029, PVE-030: a record that makes no sense is told, and nothing is lost by it.
func TestRecordOfUsers(t *testing.T) {
	for _, text := range []string{
		`{`, `["x"]`, `{"uid":%q,"images":{"r1":["debian-12.qcow2"]}}`, `{"uid":%q,"images":{"r1":["ubuntu-24.04-server.qcow2"]}}`,
		`{"uid":%q,"images":{"r1":["fedora-42.1.raw"]}}`, `{"uid":%q,"images":{"r1":[null]}}`, `{"uid":%q,"images":{"r1":5}}`,
	} {
		w := newWorld(t)
		w.create("t", first)
		text = strings.Replace(text, "%q", strconv.Quote(string(w.get("t").UID)), 1)
		w.settle("t")
		w.change("t", func(t *v1alpha1.ProxmoxTemplate) {
			t.Annotations[v1alpha1.AnnotationTemplateImages] = text
			to(second)(t)
		})
		told := func() {
			t.Helper()
			if c := fmt.Sprint(w.get("t").Status.Conditions); !strings.Contains(c, v1alpha1.AnnotationTemplateImages) {
				t.Errorf("%s: nobody tells: %s", text, c)
			}
			w.expect("the record stays", w.record("t"), text)
		}
		for range 3 {
			result, err := w.pass("t")
			w.must(err)
			w.expect("nobody hurries", result.RequeueAfter, "1m0s")
		}
		told()
		w.expect("it can still be cloned", w.ready("t"), "True")
		w.expect("nothing is fetched", len(w.volumes()), "2")
		w.must(w.api.Delete(t.Context(), w.get("t"), client.Preconditions{UID: new(w.get("t").UID)}))
		_, err := w.pass("t")
		w.must(err)
		if err := w.api.Get(t.Context(), client.ObjectKey{Name: "t"}, &v1alpha1.ProxmoxTemplate{}); !apierrors.IsNotFound(err) {
			t.Errorf("%s: it is still there: %v", text, err)
		}
		w.expect("nothing is left", fmt.Sprint(w.machines("t"), w.volumes()), "0 []")
		w.expect("told", w.told.Reasons(), "["+signals.TemplateImagesForgotten+"]")
	}
}

// PVE-022, PVE-029: a policy that refuses the record keeps nobody from being told of the rest.
func TestRecordRefused(t *testing.T) {
	w := newWorld(t)
	w.create("t", first)
	w.settle("t")
	w.change("t", to(second))
	w.fetch("t")
	w.status.Client = interceptor.NewClient(w.api, interceptor.Funcs{
		Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
			if data, err := p.Data(o); err != nil || strings.Contains(string(data), "proxmoxtemplate-images") {
				return apierrors.NewForbidden(schema.GroupResource{}, o.GetName(), errors.New("a policy"))
			}
			return c.Patch(ctx, o, p, opts...)
		},
	})
	if _, err := w.status.Reconcile(t.Context(), w.get("t")); err == nil || !strings.Contains(err.Error(), "a policy") {
		t.Errorf("got %v", err)
	}
	now := w.get("t")
	w.expect("zones", now.Status.Zones, "[r1/pve1/1002 r1/pve2/1003]")
	w.expect("only the status is sure to tell of it", now.Status.ImageID, id(first))
	if c := fmt.Sprint(now.Status.Conditions); w.ready("t") != "True" || !strings.Contains(c, "a policy") {
		t.Errorf("got %s", c)
	}
}

// PVE-029: what the original of a copy recorded is not deleted with the copy.
func TestCopiedRecord(t *testing.T) {
	w := newWorld(t)
	w.create("t", first)
	w.settle("t")
	text := w.record("t")
	w.create("u", second)
	w.change("u", func(u *v1alpha1.ProxmoxTemplate) {
		u.Annotations = map[string]string{v1alpha1.AnnotationTemplateImages: text}
	})
	w.must(w.api.Delete(t.Context(), w.get("t"), client.Preconditions{UID: new(w.get("t").UID)})) // "t" stands for one of another Kubernetes cluster: nothing here uses its image
	w.settle("u")
	w.expect("all are there", len(w.volumes()), "4")
	w.expect("recorded", w.record("u"), w.recorded("u", "r1", second))
}

// PVE-029: two writers of the record do not undo each other.
func TestRecordOfTwoWriters(t *testing.T) {
	w := newWorld(t)
	w.create("t", first)
	w.settle("t")
	w.change("t", to(second))
	w.settle("t")
	w.annotate("t", w.recorded("t", "r1", first, second))
	late := w.get("t")
	w.annotate("t", w.recorded("t", "r1", first, second, third))
	result, err := w.status.Reconcile(t.Context(), late)
	w.must(err)
	w.expect("a conflict", result.RequeueAfter, "100ms")
	w.expect("what was recorded meanwhile stays", w.record("t"), w.recorded("t", "r1", first, second, third))
}

// annotate is a writer of the record.
func (w *world) annotate(name, record string) {
	w.t.Helper()
	t := w.get(name)
	t.Annotations[v1alpha1.AnnotationTemplateImages] = record
	w.must(w.api.Update(w.t.Context(), t))
}

// PVE-022, PVE-029: a spare image that cannot be deleted keeps nobody from cloning, nor the
// status from naming the image of now, and goes later.
func TestImageCannotBeDeleted(t *testing.T) {
	w := newWorld(t)
	w.create("t", first)
	w.settle("t")
	for _, leaves := range []func(*v1alpha1.ProxmoxTemplate){to(second), func(t *v1alpha1.ProxmoxTemplate) {
		t.Spec.Region = "r2"
		to(first)(t)
	}} {
		w.Cloud.Faults().Add(fault.Rule{Call: "DELETE *content*", Within: &fault.Failure{Code: "x", Message: "locked"}})
		w.change("t", leaves)
		told := false
		for range 5 {
			_, err := w.pass("t")
			told = told || err != nil && strings.Contains(err.Error(), "locked")
			w.expect("it can be cloned", w.ready("t"), "True")
		}
		if !told {
			t.Error("nobody is told")
		}
		now := w.get("t")
		w.expect("image", now.Status.ImageID, now.Spec.SourceImage.ImageID())
		if c := fmt.Sprint(now.Status.Conditions); !strings.Contains(c, "Image should be updated") {
			t.Errorf("got %s", c)
		}
		w.Cloud.Faults().Clear()
		w.settle("t")
		w.expect("recorded", w.record("t"), w.recorded("t", w.get("t").Spec.Region, now.Spec.SourceImage.URL))
	}
	w.expect("nothing is left", w.volumes(), "[]")
}

// PVE-029: a storage for images that never comes back keeps no image in the status.
func TestStorageAway(t *testing.T) {
	w := newWorld(t)
	w.create("t", first)
	w.settle("t")
	w.must(w.Cloud.SetStorageInactive(simtest.Region, "spare", true))
	w.change("t", func(t *v1alpha1.ProxmoxTemplate) {
		delete(t.Annotations, v1alpha1.AnnotationTemplateImages) // only the status tells of the first image
		to(second)(t)
	})
	w.settle("t")
	w.expect("image", w.get("t").Status.ImageID, id(second))
	w.expect("recorded", w.record("t"), w.recorded("t", "r1", first, second))
}

// PVE-029: an image in a region that was withdrawn is left to another template that uses it
// there, and to nobody else: an outage of that region does not concern this one any more.
func TestWithdrawnShared(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"t", "u", "v"} {
		w.create(name, first)
		w.settle(name)
	}
	for _, name := range []string{"v", "t"} {
		w.change(name, func(t *v1alpha1.ProxmoxTemplate) { t.Spec.Region = "r2" })
		w.settle(name)
		w.expect("it stays", len(w.volumes()), "2")
		w.expect("recorded", w.record(name), w.recorded(name, "r2", first))
	}
	w.must(w.Cloud.SetRegionDown(simtest.Region, true))
	w.settle("t")
	w.must(w.api.Delete(t.Context(), w.get("t"), client.Preconditions{UID: new(w.get("t").UID)}))
	_, err := w.pass("t")
	w.must(err)
	if err := w.api.Get(t.Context(), client.ObjectKey{Name: "t"}, &v1alpha1.ProxmoxTemplate{}); !apierrors.IsNotFound(err) {
		t.Errorf("it is still there: %v", err)
	}
	w.must(w.Cloud.SetRegionDown(simtest.Region, false))
	w.change("u", func(t *v1alpha1.ProxmoxTemplate) { t.Spec.Region = "elsewhere" })
	w.create("t", first)
	w.settle("t")
	w.change("t", to(second))
	w.settle("t")
	w.expect("what is of a region that nobody knows may come back", len(w.volumes()), "4")
	w.change("u", func(t *v1alpha1.ProxmoxTemplate) { t.Spec.Region = "r2" })
	w.settle("u")
	w.settle("t")
	w.expect("nobody uses it there", len(w.volumes()), "2")
}
