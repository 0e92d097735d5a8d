// SPDX-License-Identifier: Apache-2.0

package templateimage_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/controllers/templateimage"
	"karpenter.sh/providers/proxmox/internal/simtest"
	"karpenter.sh/providers/proxmox/launch"
	"karpenter.sh/providers/proxmox/making"
	"karpenter.sh/providers/proxmox/pve"
	"karpenter.sh/test/cloudsim/fault"
)

func held(change func(*v1alpha1.ProxmoxTemplate)) *v1alpha1.ProxmoxTemplate {
	t := &v1alpha1.ProxmoxTemplate{ObjectMeta: metav1.ObjectMeta{Name: "t", Finalizers: []string{v1alpha1.Finalizer}}}
	t.Spec = v1alpha1.ProxmoxTemplateSpec{
		SourceImage: &v1alpha1.SourceImage{URL: "https://images.example.com/node.qcow2"}, StorageIDs: []string{"local", "local-lvm"},
		Network: []v1alpha1.Network{{Bridge: "vmbr0"}},
	}
	if change != nil {
		change(t)
	}
	return t
}

// PVE-025, PVE-030: an image comes to the hosts that need it, unless nobody would remove it.
func TestReconcile(t *testing.T) {
	deleted := func(t *v1alpha1.ProxmoxTemplate) { t.DeletionTimestamp = &metav1.Time{Time: time.Unix(0, 0)} }
	free := func(t *v1alpha1.ProxmoxTemplate) { t.Finalizers = nil }
	invalid := func(t *v1alpha1.ProxmoxTemplate) { t.Spec.Network[0].Address4 = "10.0.0.1/24" }
	for _, row := range []struct {
		reason       string
		cached, live *v1alpha1.ProxmoxTemplate // live nil: it is gone
		fault        fault.Rule
		images       int
		fails        bool
	}{
		{"on both hosts", held(nil), held(nil), fault.Rule{}, 2, false},
		{"one host fails", held(nil), held(nil), fault.Rule{Call: "POST *download-url", Times: 1, Within: &fault.Failure{Code: "x", Message: "404"}}, 1, true},
		{"it is new", held(free), held(free), fault.Rule{}, 0, false},
		{"it is being deleted", held(nil), held(deleted), fault.Rule{}, 0, false},
		{"it has gone meanwhile", held(nil), nil, fault.Rule{}, 0, false},
		{"it means nothing", held(invalid), held(invalid), fault.Rule{}, 0, false},
	} {
		t.Run(row.reason, func(t *testing.T) {
			w := simtest.Start(t, nil)
			if row.fault.Call != "" {
				w.Cloud.Faults().Add(row.fault)
			}
			scheme := runtime.NewScheme()
			if err := v1alpha1.AddToScheme(scheme); err != nil {
				t.Fatal(err)
			}
			builder := fake.NewClientBuilder().WithScheme(scheme)
			if row.live != nil {
				builder = builder.WithObjects(row.live)
			}
			maker := making.New(making.Options{
				Clients: map[string]*pve.Client{simtest.Region: w.Client(simtest.Region)}, IDs: launch.NewIDs(making.LowestID, w.Clock), Cluster: "k",
			})
			var live client.Client = builder.Build()
			_, err := templateimage.New(templateimage.Options{Client: live, Live: live, Maker: maker}).Reconcile(t.Context(), row.cached)
			volumes, volumesErr := w.Cloud.Volumes(simtest.Region)
			if volumesErr != nil {
				t.Fatal(volumesErr)
			}
			images := slices.DeleteFunc(volumes, func(id string) bool { return !strings.Contains(id, ":import/") })
			if len(images) != row.images || (err != nil) != row.fails || maker.Busy("t") {
				t.Errorf("got %v, %v", images, err)
			}
		})
	}
}
