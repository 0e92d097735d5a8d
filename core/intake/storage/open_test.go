// SPDX-License-Identifier: Apache-2.0

package storage_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/intake/storage"
)

func with[T any](object T, changes ...func(T)) T {
	for _, change := range changes {
		change(object)
	}
	return object
}

// uidOf is the UID of claims that ask.
const uidOf types.UID = "uid"

// available is a volume that somebody made beforehand, of 10Gi for one node.
func available(name string, terms [][]expression, changes ...func(*corev1.PersistentVolume)) *corev1.PersistentVolume {
	pv := bound(name, terms...).Volume
	pv.Name = name
	pv.Spec.Capacity = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("10Gi")}
	pv.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}
	pv.Status.Phase = corev1.VolumeAvailable
	return with(pv, changes...)
}

// asking is a claim of 5Gi to a class that makes no volumes, with those there are.
func asking(name string, volumes []*corev1.PersistentVolume, changes ...func(*storage.Claim)) storage.Claim {
	c := unbound(name)
	c.Class.Name, c.Class.Provisioner = "prepared", "kubernetes.io/no-provisioner"
	c.Object.UID = uidOf
	c.Object.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}
	c.Object.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("5Gi")}
	c.Candidates = volumes
	for _, change := range changes {
		change(&c)
	}
	return c
}

func inZones(names ...string) [][]expression {
	var out [][]expression
	for _, name := range names {
		out = append(out, zones(name))
	}
	return out
}

// SCH-083: which of the volumes that are there do for a claim.
func TestVolumesThatAreThere(t *testing.T) {
	type pv = *corev1.PersistentVolume
	block := corev1.PersistentVolumeBlock
	at := func(zone string, changes ...func(pv)) pv { return available("pv-"+zone, inZones(zone), changes...) }
	sized := func(size string) func(pv) {
		return func(v pv) { v.Spec.Capacity[corev1.ResourceStorage] = resource.MustParse(size) }
	}
	kept := func(name string, uid types.UID) func(pv) {
		return func(v pv) {
			v.Spec.ClaimRef = &corev1.ObjectReference{Namespace: "ns", Name: name}
			v.Spec.ClaimRef.UID = uid
		}
	}
	made := func(zone ...string) func(*storage.Claim) {
		return func(c *storage.Claim) {
			c.Class.Provisioner = "csi.example.com"
			if len(zone) > 0 {
				c.Class.AllowedTopologies = unbound("c", zones(zone...)).Class.AllowedTopologies
			}
		}
	}
	for _, tc := range []struct {
		why    string
		claims []storage.Claim
		want   []string // empty: refused
	}{
		{"each zone that has one, the smallest first", []storage.Claim{asking("c", []pv{at("a", sized("20Gi")), at("b")})}, []string{"zone In [b]", "zone In [a]"}},
		{"not one that is too small", []storage.Claim{asking("c", []pv{at("a", sized("1Gi")), at("b")})}, []string{"zone In [b]"}},
		{"nor one of another access mode", []storage.Claim{asking("c", []pv{at("a", func(v pv) { v.Spec.AccessModes = nil }), at("b")})}, []string{"zone In [b]"}},
		{"nor one of another volume mode", []storage.Claim{asking("c", []pv{at("a", func(v pv) { v.Spec.VolumeMode = &block }), at("b")})}, []string{"zone In [b]"}},
		{"nor one that is not available", []storage.Claim{asking("c", []pv{at("a", func(v pv) { v.Status.Phase = corev1.VolumeReleased }), at("b")})}, []string{"zone In [b]"}},
		{"nor one that is going", []storage.Claim{asking("c", []pv{at("a", func(v pv) { v.DeletionTimestamp = &metav1.Time{} }), at("b")})}, []string{"zone In [b]"}},
		{"nor one that the selector leaves out", []storage.Claim{asking("c", []pv{at("a"), at("b", func(v pv) { v.Labels = map[string]string{"fast": "true"} })},
			func(c *storage.Claim) {
				c.Object.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"fast": "true"}}
			})}, []string{"zone In [b]"}},
		{"nor one that is kept for another claim", []storage.Claim{asking("c", []pv{at("a", kept("other", uidOf)), at("b")})}, []string{"zone In [b]"}},
		{"nor one that is kept for a claim of the name that was", []storage.Claim{asking("c", []pv{at("a", kept("c", "another")), at("b")})}, []string{"zone In [b]"}},
		{"one that is kept for it is the only one", []storage.Claim{asking("c", []pv{at("a", kept("c", uidOf)), at("b")})}, []string{"zone In [a]"}},
		{"one that any node can reach", []storage.Claim{asking("c", []pv{at("a"), available("any", nil)})}, nil},
		{"one of a host", []storage.Claim{asking("c", []pv{available("l", [][]expression{{in(label.Hostname, "h")}})})}, []string{"kubernetes.io/hostname In [h]"}},
		{"none", []storage.Claim{asking("c", nil)}, []string{"refused"}},
		{"none that any node can reach", []storage.Claim{asking("c", []pv{available("x", [][]expression{nil})})}, []string{"refused"}},
		{"two claims need two volumes", []storage.Claim{
			asking("c", []pv{at("a"), at("b"), available("second", inZones("b"))}), asking("d", []pv{at("a"), at("b"), available("second", inZones("b"))}),
		}, []string{"zone In [b]"}},
		{"two claims and one volume", []storage.Claim{asking("c", []pv{at("a")}), asking("d", []pv{at("a")})}, []string{"conflict"}},
		{"the small claim takes the small volume", []storage.Claim{
			asking("c", []pv{at("a"), available("second", inZones("a"), sized("5Gi"))}, func(c *storage.Claim) {
				c.Object.Spec.Resources.Requests[corev1.ResourceStorage] = resource.MustParse("8Gi")
			}), asking("d", []pv{at("a"), available("second", inZones("a"), sized("5Gi"))}),
		}, []string{"zone In [a]"}},
		{"a class that makes volumes anywhere", []storage.Claim{asking("c", []pv{at("a")}, made())}, nil},
		{"a class that makes volumes elsewhere", []storage.Claim{asking("c", []pv{at("a")}, made("b"))}, []string{"zone In [a]", "zone In [b]"}},
		{"the second is made where there is but one", []storage.Claim{asking("c", []pv{at("a")}), asking("d", []pv{at("a")}, made())}, []string{"zone In [a]"}},
	} {
		t.Run("SCH-083 "+tc.why, func(t *testing.T) {
			v, err := rules().Volumes(tc.claims)
			got := outline(v)
			if err != nil {
				got = []string{"refused"}
				if !strings.HasPrefix(err.Error(), "PersistentVolumeClaim ns/c: ") {
					t.Errorf("the claim is not named: %v", err)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// SCH-083: a volume for which the scheduler has chosen a node is made there.
func TestSelectedNode(t *testing.T) {
	c := unbound("c", zones("a"))
	c.Object.Annotations = map[string]string{"volume.kubernetes.io/selected-node": "n"}
	if _, err := rules().Volumes([]storage.Claim{c}); err == nil || !strings.Contains(err.Error(), `node "n", which does not exist`) {
		t.Errorf("got %v", err)
	}
	c.Selected = &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n", Labels: map[string]string{corev1.LabelHostname: "host"}}}
	v, err := rules().Volumes([]storage.Claim{c})
	if diff := cmp.Diff([]string{"kubernetes.io/hostname In [host], zone In [a]"}, outline(v)); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	c.Tracked = true // and has no room
	c.Object.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("5Gi")}
	if _, err := rules().Volumes([]storage.Claim{c}); err == nil || !strings.Contains(err.Error(), "has no room") {
		t.Errorf("got %v", err)
	}
}

// SCH-083: a driver that tells how much room it has makes volumes there only.
func TestRoom(t *testing.T) {
	quantity := func(s string) *resource.Quantity { q := resource.MustParse(s); return &q }
	room := func(zone, capacity string) *storagev1.CSIStorageCapacity {
		return &storagev1.CSIStorageCapacity{
			Capacity:     quantity(capacity),
			NodeTopology: &metav1.LabelSelector{MatchLabels: map[string]string{"topology.csi.example.com/zone": zone}},
		}
	}
	for _, tc := range []struct {
		why  string
		room []*storagev1.CSIStorageCapacity
		ask  string
		want []string
	}{
		{"where it has enough", []*storagev1.CSIStorageCapacity{room("a", "1Gi"), room("b", "5Gi")}, "5Gi", []string{"zone In [b]"}},
		{"nowhere", nil, "5Gi", []string{"refused"}},
		{"too little everywhere", []*storagev1.CSIStorageCapacity{room("a", "1Gi")}, "5Gi", []string{"refused"}},
		{"only where the class allows volumes", []*storagev1.CSIStorageCapacity{room("c", "9Gi")}, "5Gi", []string{"refused"}},
		{"the largest volume counts, if it is told", []*storagev1.CSIStorageCapacity{
			with(room("a", "9Gi"), func(r *storagev1.CSIStorageCapacity) { r.MaximumVolumeSize = quantity("1Gi") }), room("b", "5Gi"),
		}, "5Gi", []string{"zone In [b]"}},
		{"no room that no node can reach", []*storagev1.CSIStorageCapacity{
			with(room("a", "9Gi"), func(r *storagev1.CSIStorageCapacity) { r.NodeTopology = nil }),
		}, "5Gi", []string{"refused"}},
		{"a claim that asks for nothing needs none", nil, "", []string{"zone In [a b]"}},
	} {
		t.Run("SCH-083 "+tc.why, func(t *testing.T) {
			c := unbound("c", zones("a", "b"))
			c.Tracked, c.Room = true, tc.room
			if tc.ask != "" {
				c.Object.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(tc.ask)}
			}
			v, err := rules().Volumes([]storage.Claim{c})
			got := outline(v)
			if err != nil {
				got = []string{"refused"}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%v: %s", err, diff)
			}
		})
	}
}

// SCH-081: of the pods of a round, one gets a claim that is for one pod.
func TestUsers(t *testing.T) {
	users := storage.Users{}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "first"}}
	one, many := bound("one"), bound("many")
	one.Object.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOncePod}
	users.Add(pod, []storage.Claim{one, many})
	next := []storage.Claim{one, many}
	users.Mark(next)
	if next[0].User != "ns/first" || next[1].User != "" {
		t.Errorf("got users %q and %q", next[0].User, next[1].User)
	}
	if err := rules().Validate(next, exists); err == nil || !strings.Contains(err.Error(), "PersistentVolumeClaim ns/one") {
		t.Errorf("got %v", err)
	}
}
