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

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cluster/volume"
	"karpenter.sh/core/engine/attach"
	"karpenter.sh/core/reconcile/index"
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

// indexed is a client with the indexes of the cache.
func indexed(objects ...client.Object) *fake.ClientBuilder {
	b := fake.NewClientBuilder().WithObjects(objects...)
	for _, f := range index.Fields() {
		if _, ours := f.Object.(*v1.NodeClaim); !ours {
			b = b.WithIndex(f.Object, f.Name, f.Extract)
		}
	}
	return b
}

// SCH-083: what else decides about a claim is read with it.
func TestBeside(t *testing.T) {
	yes := true
	asking := func(change ...func(*corev1.PersistentVolumeClaim)) *corev1.PersistentVolumeClaim {
		c := claim("c", "fast", "")
		for _, f := range change {
			f(c)
		}
		return c
	}
	volumeOf := func(name, class string, phase corev1.PersistentVolumePhase) *corev1.PersistentVolume {
		v := pv(corev1.PersistentVolumeSource{})
		v.Name, v.Spec.StorageClassName, v.Status.Phase = name, class, phase
		return v
	}
	roomOf := func(name, class string) *storagev1.CSIStorageCapacity {
		return &storagev1.CSIStorageCapacity{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name}, StorageClassName: class}
	}
	driver := func(tracks *bool) *storagev1.CSIDriver {
		return &storagev1.CSIDriver{ObjectMeta: metav1.ObjectMeta{Name: "d"}, Spec: storagev1.CSIDriverSpec{StorageCapacity: tracks}}
	}
	exclusive := func(c *corev1.PersistentVolumeClaim) {
		c.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOncePod}
	}
	selected := func(c *corev1.PersistentVolumeClaim) {
		c.Annotations = map[string]string{"volume.kubernetes.io/selected-node": "n"}
	}
	other := func(node string, phase corev1.PodPhase) *corev1.Pod {
		p := pod(named("c"))
		p.Name, p.UID, p.Spec.NodeName, p.Status.Phase = "other", "other", node, phase
		return p
	}
	for _, tc := range []struct {
		reason  string
		objects []client.Object
		want    string
	}{
		{"volumes of its class that are not bound", []client.Object{
			asking(), volumeOf("y", "fast", corev1.VolumeAvailable), volumeOf("x", "fast", corev1.VolumeReleased),
			volumeOf("z", "fast", corev1.VolumeBound), volumeOf("w", "slow", corev1.VolumeAvailable),
		}, "[x y] tracked false [] selected false user "},
		{"room that its driver tells of", []client.Object{asking(), driver(&yes), roomOf("r", "fast"), roomOf("s", "slow")}, "[] tracked true [r] selected false user "},
		{"no room, if the driver tells nothing", []client.Object{asking(), driver(nil), roomOf("r", "fast")}, "[] tracked false [] selected false user "},
		{"the node that was chosen", []client.Object{asking(selected), &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n"}}}, "[] tracked false [] selected true user "},
		{"which may be gone", []client.Object{asking(selected)}, "[] tracked false [] selected false user "},
		{"who uses it, if it is for one pod", []client.Object{asking(exclusive), other("n", corev1.PodRunning)}, "[] tracked false [] selected false user ns/other"},
		{"not who will", []client.Object{asking(exclusive), other("", corev1.PodPending)}, "[] tracked false [] selected false user "},
		{"nor who did", []client.Object{asking(exclusive), other("n", corev1.PodSucceeded)}, "[] tracked false [] selected false user "},
		{"nor of a claim that many may use", []client.Object{asking(), other("n", corev1.PodRunning)}, "[] tracked false [] selected false user "},
	} {
		t.Run("SCH-081, SCH-083: "+tc.reason, func(t *testing.T) {
			reader := volume.NewReader(indexed(append(tc.objects, class("fast", "d"))...).Build())
			claims, err := reader.Pass().Claims(t.Context(), pod(named("c")))
			if err != nil || len(claims) != 1 {
				t.Fatal(claims, err)
			}
			c := claims[0]
			var volumes, room []string
			for _, v := range c.Candidates {
				volumes = append(volumes, v.Name)
			}
			for _, r := range c.Room {
				room = append(room, r.Name)
			}
			got := fmt.Sprintf("%v tracked %t %v selected %t user %s", volumes, c.Tracked, room, c.Selected != nil, c.User)
			if got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
	t.Run("SCH-081: an ephemeral volume must have been made for its pod", func(t *testing.T) {
		p := pod(corev1.Volume{Name: "v", VolumeSource: corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{}}})
		p.UID = "pod"
		own, foreign := claim("pod-v", "fast", ""), claim("pod-v", "fast", "")
		own.OwnerReferences = []metav1.OwnerReference{{Kind: "Pod", Name: "pod", UID: "pod", Controller: &yes}}
		for object, want := range map[*corev1.PersistentVolumeClaim]bool{own: false, foreign: true} {
			claims, err := volume.NewReader(indexed(object).Build()).Pass().Claims(t.Context(), p)
			if err != nil || claims[0].Foreign != want {
				t.Errorf("got %v, %v", claims, err)
			}
		}
	})
}

// SCH-087: what does not exist is a fact, what cannot be read is an error.
func TestClaims(t *testing.T) {
	ephemeral := corev1.Volume{Name: "scratch", VolumeSource: corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{}}}
	objects := []client.Object{
		claim("bound", "gone", "pv"), pv(corev1.PersistentVolumeSource{}), claim("unbound", "fast", ""), class("fast", "d"),
		claim("lost", "", "nowhere"), claim("pod-scratch", "none", ""),
	}
	claims, err := volume.NewReader(indexed(objects...).Build()).Pass().Claims(t.Context(),
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

	broken := indexed(objects...).WithInterceptorFuncs(interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if _, ok := o.(*corev1.PersistentVolume); ok {
				return context.DeadlineExceeded
			}
			return c.Get(ctx, key, o, opts...)
		},
	}).Build()
	if _, err := volume.NewReader(broken).Pass().Claims(t.Context(), pod(named("bound"))); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
