// SPDX-License-Identifier: Apache-2.0

package volume_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"karpenter.sh/core/cluster/volume"
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

func TestLimits(t *testing.T) {
	count := func(n int32) *storagev1.VolumeNodeResources { return &storagev1.VolumeNodeResources{Count: &n} }
	limits := volume.LimitsOf(&storagev1.CSINode{Spec: storagev1.CSINodeSpec{Drivers: []storagev1.CSINodeDriver{
		{Name: "two", Allocatable: count(2)}, {Name: "none"}, {Name: "uncounted", Allocatable: &storagev1.VolumeNodeResources{}},
	}}})
	used := volume.Usage{}
	used.Add([]volume.Attachment{{Driver: "two", Claim: "a"}, {Driver: "none", Claim: "a"}})
	two := func(claims ...string) (out []volume.Attachment) {
		for _, c := range claims {
			out = append(out, volume.Attachment{Driver: "two", Claim: c})
		}
		return out
	}
	for _, tc := range []struct {
		reason string
		limits volume.Limits
		added  []volume.Attachment
		want   string
	}{
		{"LIF-039: room for one more", limits, two("b"), ""},
		{"LIF-039: not for two", limits, two("b", "c"), "two"},
		{"LIF-037, SCH-089: a claim that is there counts once", limits, two("a", "b"), ""},
		{"LIF-037: a claim that is added twice counts once", limits, two("b", "b"), ""},
		{"LIF-039: no allocatable is unlimited", limits, []volume.Attachment{{Driver: "none", Claim: "b"}}, ""},
		{"LIF-039: no count is unlimited", limits, []volume.Attachment{{Driver: "uncounted", Claim: "b"}}, ""},
		{"LIF-039: no CSINode is unlimited", volume.LimitsOf(nil), two("b", "c", "d"), ""},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if got, exceeded := tc.limits.Exceeded(used, tc.added); got != tc.want || exceeded != (tc.want != "") {
				t.Errorf("exceeded %q, want %q", got, tc.want)
			}
		})
	}
}
