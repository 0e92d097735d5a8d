// SPDX-License-Identifier: Apache-2.0

package provisioning_test

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/cloudprovider/fake"
)

func storage(amount string) corev1.ResourceList {
	return corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(amount)}
}

// preparedVolume is one of the class "prepared", whose volumes nobody makes on
// demand.
func preparedVolume(name string, at ...corev1.NodeSelectorRequirement) *corev1.PersistentVolume {
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.PersistentVolumeSpec{
			StorageClassName: "prepared", Capacity: storage("10Gi"),
			PersistentVolumeSource: corev1.PersistentVolumeSource{Local: &corev1.LocalVolumeSource{Path: "/"}},
			NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{
				NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: at}},
			}},
		},
		Status: corev1.PersistentVolumeStatus{Phase: corev1.VolumeAvailable},
	}
}

func at(key string, values ...string) corev1.NodeSelectorRequirement {
	return corev1.NodeSelectorRequirement{Key: key, Operator: corev1.NodeSelectorOpIn, Values: values}
}

// wanting is the claim "data" of a class, changed.
func wanting(class string, change ...func(*corev1.PersistentVolumeClaim)) *corev1.PersistentVolumeClaim {
	c := volumeClaim("data", class)
	c.Spec.Resources.Requests = storage("5Gi")
	for _, f := range change {
		f(c)
	}
	return c
}

// SCH-081, SCH-083, SCH-084: what the scheduler knows of volumes that are not
// bound, or that cannot be used now, decides where a node comes up, or that none
// does and why; and once the obstacle is gone the pod is served, once.
func TestWhatTheSchedulerKnowsOfVolumes(t *testing.T) {
	zone, yes := otherZone(fake.DefaultInstanceTypes()), true
	prepared := storageClass("prepared")
	prepared.Provisioner = "kubernetes.io/no-provisioner"
	room := &storagev1.CSIStorageCapacity{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "room"}, StorageClassName: "fast",
		NodeTopology: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelTopologyZone: zone}},
	}
	room.Capacity = resource.NewQuantity(10<<30, resource.BinarySI)
	user := pendingPod("user", "1", on("n"), using("data"))
	selected := wanting("fast", func(c *corev1.PersistentVolumeClaim) {
		c.Annotations = map[string]string{"volume.kubernetes.io/selected-node": "gone"}
	})
	exclusive := wanting("fast", func(c *corev1.PersistentVolumeClaim) {
		c.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOncePod}
	})
	local := wanting("prepared", func(c *corev1.PersistentVolumeClaim) {
		c.Annotations, c.Spec.VolumeName = map[string]string{"pv.kubernetes.io/bind-completed": "yes"}, "local"
	})
	driverThatTells := &storagev1.CSIDriver{ObjectMeta: metav1.ObjectMeta{Name: driver}, Spec: storagev1.CSIDriverSpec{StorageCapacity: &yes}}
	for _, tc := range []struct {
		why     string
		objects []client.Object
		told    string // and no node; empty: nothing
		then    func(*world)
		zones   []string // of the NodeClaims in the end
	}{
		{"the volumes that are there are in one zone", []client.Object{prepared, wanting("prepared"), preparedVolume("there", at(corev1.LabelTopologyZone, zone))},
			"", nil, []string{zone}},
		{"none is there, until somebody makes one", []client.Object{prepared, wanting("prepared")}, `no PersistentVolume of its StorageClass "prepared"`,
			func(w *world) {
				w.must(w.client.Create(t.Context(), preparedVolume("late", at(corev1.LabelTopologyZone, zone))))
			}, []string{zone}},
		{"the one that was there is another's by now", []client.Object{prepared, wanting("prepared"), preparedVolume("there", at(corev1.LabelTopologyZone, zone))}, "",
			func(w *world) {
				w.must(w.client.Create(t.Context(), volumeClaim("other", "prepared")))
				w.must(w.client.Update(t.Context(), changedVolume(w, "there", func(pv *corev1.PersistentVolume) {
					pv.Spec.ClaimRef = &corev1.ObjectReference{Namespace: "default", Name: "other"}
				})))
			}, []string{zone}},
		{"a node was chosen that is gone, until the choice is taken back", []client.Object{storageClass("fast", zone), selected},
			`its volume is to be made for node "gone", which does not exist`,
			func(w *world) { w.must(w.client.Update(t.Context(), wanting("fast"))) }, []string{zone}},
		{"the driver has no room, until it has", []client.Object{storageClass("fast"), wanting("fast"), driverThatTells}, "has no room for 5Gi",
			func(w *world) { w.must(w.client.Create(t.Context(), room)) }, []string{zone}},
		{"another pod uses it, until that is gone", []client.Object{storageClass("fast", zone), exclusive, user}, "pod default/user does",
			func(w *world) { w.must(w.client.Delete(t.Context(), user)) }, []string{zone}},
		{"the host of the volume is gone", []client.Object{prepared, local, preparedVolume("local", at(corev1.LabelHostname, "gone"))},
			`"local" can only be reached from host gone, which does not exist`, nil, nil},
	} {
		t.Run(tc.why, func(t *testing.T) {
			objects := []client.Object{readyPool("default"), pendingPod("p", "1", using("data"))}
			for _, o := range tc.objects {
				objects = append(objects, o.DeepCopyObject().(client.Object))
			}
			w := newWorld(t, objects...)
			w.must(w.round())
			told := w.recorder.Of("FailedScheduling")
			if tc.told != "" && (len(w.nodeClaims()) > 0 || len(told) != 1 ||
				!strings.Contains(told[0].Message, "PersistentVolumeClaim default/data") || !strings.Contains(told[0].Message, tc.told)) {
				t.Errorf("got NodeClaims in %q, told %v", w.zonesOf(), told)
			}
			for range 2 { // nothing is bought twice
				if tc.then != nil {
					tc.then(w)
					tc.then = nil
				}
				w.must(w.round())
			}
			if got := w.zonesOf(); !slices.Equal(got, tc.zones) {
				t.Errorf("in the end NodeClaims in %q, want %q", got, tc.zones)
			}
		})
	}
}

func changedVolume(w *world, name string, change func(*corev1.PersistentVolume)) *corev1.PersistentVolume {
	pv := &corev1.PersistentVolume{}
	w.must(w.client.Get(w.t.Context(), client.ObjectKey{Name: name}, pv))
	change(pv)
	return pv
}

// SCH-083: a node that was chosen for the volume, and exists, is the only one; none
// is bought beside it.
func TestChosenNodeOnly(t *testing.T) {
	w := newWorld(t, readyPool("default"), storageClass("fast"), pendingPod("p", "1", using("data")),
		wanting("fast", func(c *corev1.PersistentVolumeClaim) {
			c.Annotations = map[string]string{"volume.kubernetes.io/selected-node": "n"}
		}), &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n"}})
	w.must(w.round())
	if n := len(w.nodeClaims()); n != 0 {
		t.Errorf("got %d NodeClaims", n)
	}
	if told := w.recorder.Of("FailedScheduling"); len(told) != 1 {
		t.Errorf("told %v", told)
	}
}

// SCH-081: of two pods that wait for a claim of one pod at a time, one gets a node.
func TestOnePodAtATime(t *testing.T) {
	w := newWorld(t, readyPool("default"), storageClass("fast"), pendingPod("a", "1", using("data")), pendingPod("b", "1", using("data")),
		wanting("fast", func(c *corev1.PersistentVolumeClaim) {
			c.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOncePod}
		}))
	w.must(w.round())
	w.must(w.round()) // the first waits for its NodeClaim
	told := w.recorder.Of("FailedScheduling")
	if len(w.nodeClaims()) != 1 || len(told) == 0 || !strings.Contains(told[0].Message, "PersistentVolumeClaim default/data") {
		t.Errorf("got %d NodeClaims, told %v", len(w.nodeClaims()), told)
	}
	if got := w.nodeClaims()[0].Spec.Resources.Requests.Cpu(); got.String() != "1" {
		t.Errorf("the NodeClaim requests cpu %s", got)
	}
}
