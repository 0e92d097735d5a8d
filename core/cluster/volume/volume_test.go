// SPDX-License-Identifier: Apache-2.0

package volume_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"karpenter.sh/core/cluster/volume"
	"karpenter.sh/core/engine/attach"
)

func claim(name, class, bound string) *corev1.PersistentVolumeClaim {
	pvc := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name}}
	pvc.Spec.VolumeName = bound
	if class != "-" {
		pvc.Spec.StorageClassName = &class
	}
	return pvc
}

func pv(source corev1.PersistentVolumeSource) *corev1.PersistentVolume {
	return &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: "pv"}, Spec: corev1.PersistentVolumeSpec{PersistentVolumeSource: source}}
}

func class(name, provisioner string) *storagev1.StorageClass {
	return &storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: name}, Provisioner: provisioner}
}

func pod(volumes ...corev1.Volume) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "pod"}, Spec: corev1.PodSpec{Volumes: volumes}}
}

func named(name string) corev1.Volume {
	return corev1.Volume{Name: "v", VolumeSource: corev1.VolumeSource{
		PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name},
	}}
}

func TestResolve(t *testing.T) {
	type source = corev1.PersistentVolumeSource
	for _, tc := range []struct {
		reason     string
		objects    []client.Object
		volumes    []corev1.Volume
		want       map[string]string // driver by claim
		settled    bool
		unresolved int
	}{
		{"LIF-037: other volumes do not matter", nil, []corev1.Volume{{Name: "v"}}, nil, true, 0},
		{"LIF-038: bound, CSI", []client.Object{claim("c", "", "pv"), pv(source{CSI: &corev1.CSIPersistentVolumeSource{Driver: "d"}})},
			[]corev1.Volume{named("c")}, map[string]string{"ns/c": "d"}, true, 0},
		{"LIF-038: bound, AWS EBS in-tree", []client.Object{claim("c", "", "pv"), pv(source{AWSElasticBlockStore: &corev1.AWSElasticBlockStoreVolumeSource{}})},
			[]corev1.Volume{named("c")}, map[string]string{"ns/c": "ebs.csi.aws.com"}, true, 0},
		{"SCH-088: bound, another in-tree kind", []client.Object{claim("c", "", "pv"), pv(source{GCEPersistentDisk: &corev1.GCEPersistentDiskVolumeSource{}})},
			[]corev1.Volume{named("c")}, map[string]string{"ns/c": "pd.csi.storage.gke.io"}, true, 0},
		{"LIF-038: bound, nothing to attach", []client.Object{claim("c", "", "pv"), pv(source{NFS: &corev1.NFSVolumeSource{}})},
			[]corev1.Volume{named("c")}, nil, true, 0},
		{"LIF-038: bound, the volume is missing", []client.Object{claim("c", "", "pv")}, []corev1.Volume{named("c")}, nil, false, 1},
		{"LIF-038: unbound", []client.Object{claim("c", "fast", ""), class("fast", "d")},
			[]corev1.Volume{named("c")}, map[string]string{"ns/c": "d"}, false, 0},
		{"LIF-038: unbound, in-tree name", []client.Object{claim("c", "fast", ""), class("fast", "kubernetes.io/aws-ebs")},
			[]corev1.Volume{named("c")}, map[string]string{"ns/c": "ebs.csi.aws.com"}, false, 0},
		{"LIF-038: unbound, no class", []client.Object{claim("c", "-", "")}, []corev1.Volume{named("c")}, nil, false, 0},
		{"LIF-038: unbound, empty class", []client.Object{claim("c", "", "")}, []corev1.Volume{named("c")}, nil, false, 0},
		{"LIF-038: unbound, the class is missing", []client.Object{claim("c", "fast", "")}, []corev1.Volume{named("c")}, nil, false, 1},
		{"LIF-038: the claim is missing, the others count", []client.Object{claim("c", "fast", ""), class("fast", "d")},
			[]corev1.Volume{named("missing"), named("c")}, map[string]string{"ns/c": "d"}, false, 1},
		{"LIF-037, SCH-080: an ephemeral volume", []client.Object{claim("pod-v", "fast", ""), class("fast", "d")},
			[]corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{}}}},
			map[string]string{"ns/pod-v": "d"}, false, 0},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			r := volume.NewResolver(fake.NewClientBuilder().WithObjects(tc.objects...).Build())
			got := r.Resolve(context.Background(), pod(tc.volumes...))
			var drivers map[string]string
			for _, a := range got.Attachments {
				if drivers == nil {
					drivers = map[string]string{}
				}
				drivers[a.Claim] = a.Driver
			}
			if diff := cmp.Diff(tc.want, drivers); diff != "" {
				t.Error(diff)
			}
			if got.Settled != tc.settled || len(got.Unresolved) != tc.unresolved {
				t.Errorf("settled %t, unresolved %v", got.Settled, got.Unresolved)
			}
		})
	}
}

// SCH-088
func TestInTreeProvisioners(t *testing.T) {
	for provisioner, driver := range map[string]string{
		"kubernetes.io/aws-ebs":         "ebs.csi.aws.com",
		"kubernetes.io/gce-pd":          "pd.csi.storage.gke.io",
		"kubernetes.io/azure-disk":      "disk.csi.azure.com",
		"kubernetes.io/azure-file":      "file.csi.azure.com",
		"kubernetes.io/cinder":          "cinder.csi.openstack.org",
		"kubernetes.io/vsphere-volume":  "csi.vsphere.vmware.com",
		"kubernetes.io/portworx-volume": "pxd.portworx.com",
		"example.com/own":               "example.com/own",
	} {
		r := volume.NewResolver(fake.NewClientBuilder().WithObjects(claim("c", "fast", ""), class("fast", provisioner)).Build())
		got := r.Resolve(context.Background(), pod(named("c"))).Attachments
		if len(got) != 1 || got[0].Driver != driver {
			t.Errorf("%s: got %v, want %s", provisioner, got, driver)
		}
	}
}

// LIF-039
func TestLimitsOf(t *testing.T) {
	count := func(n int32) *storagev1.VolumeNodeResources { return &storagev1.VolumeNodeResources{Count: &n} }
	node := &storagev1.CSINode{Spec: storagev1.CSINodeSpec{Drivers: []storagev1.CSINodeDriver{
		{Name: "two", Allocatable: count(2)}, {Name: "none"}, {Name: "uncounted", Allocatable: &storagev1.VolumeNodeResources{}},
	}}}
	if diff := cmp.Diff(attach.Limits{"two": 2}, volume.LimitsOf(node)); diff != "" {
		t.Error(diff)
	}
	if limits := volume.LimitsOf(nil); limits != nil {
		t.Errorf("no CSINode: got %v", limits)
	}
}

// SCH-087: what does not exist is a fact, what cannot be read is an error.
func TestClaims(t *testing.T) {
	ephemeral := corev1.Volume{Name: "scratch", VolumeSource: corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{}}}
	objects := []client.Object{
		claim("bound", "gone", "pv"), pv(corev1.PersistentVolumeSource{}), claim("unbound", "fast", ""), class("fast", "d"),
		claim("lost", "", "nowhere"), claim("pod-scratch", "none", ""),
	}
	b := fake.NewClientBuilder().WithObjects(objects...)
	claims, err := volume.NewReader(b.Build()).Claims(t.Context(),
		pod(named("bound"), corev1.Volume{Name: "empty"}, named("unbound"), named("lost"), ephemeral, named("missing")))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range claims {
		got = append(got, fmt.Sprintf("%s: claim %t volume %t class %t", c.Key.Name, c.Object != nil, c.Volume != nil, c.Class != nil))
	}
	want := []string{
		"bound: claim true volume true class false", // SCH-082: the class is not looked at
		"unbound: claim true volume false class true",
		"lost: claim true volume false class false",
		"pod-scratch: claim true volume false class false",
		"missing: claim false volume false class false",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	broken := fake.NewClientBuilder().WithObjects(objects...).WithInterceptorFuncs(interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if _, ok := o.(*corev1.PersistentVolume); ok {
				return context.DeadlineExceeded
			}
			return c.Get(ctx, key, o, opts...)
		},
	}).Build()
	if _, err := volume.NewReader(broken).Claims(t.Context(), pod(named("bound"))); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
