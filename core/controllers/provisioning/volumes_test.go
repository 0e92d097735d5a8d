// SPDX-License-Identifier: Apache-2.0

package provisioning_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/cluster/volume"
	"karpenter.sh/core/engine/attach"
)

const driver = "csi.example.com"

// storageClass makes volumes in a zone once their pod has a node.
func storageClass(name string, zones ...string) *storagev1.StorageClass {
	mode := storagev1.VolumeBindingWaitForFirstConsumer
	class := &storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: name}, Provisioner: driver, VolumeBindingMode: &mode}
	if len(zones) > 0 {
		class.AllowedTopologies = []corev1.TopologySelectorTerm{{MatchLabelExpressions: []corev1.TopologySelectorLabelRequirement{
			{Key: corev1.LabelTopologyZone, Values: zones},
		}}}
	}
	return class
}

func volumeClaim(name, class string) *corev1.PersistentVolumeClaim {
	return &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name},
		Spec:       corev1.PersistentVolumeClaimSpec{StorageClassName: &class},
	}
}

func using(claims ...string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		for _, name := range claims {
			p.Spec.Volumes = append(p.Spec.Volumes, corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
				PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name},
			}})
		}
	}
}

// zonesOf are the zones of each NodeClaim.
func (w *world) zonesOf() []string {
	var out []string
	for _, nc := range w.nodeClaims() {
		zones := "any"
		for _, r := range nc.Spec.Requirements {
			if r.Key == corev1.LabelTopologyZone {
				zones = strings.Join(r.Values, ",")
			}
		}
		out = append(out, zones)
	}
	slices.Sort(out)
	return out
}

// SCH-083, SCH-191: the node comes up where the volume can be.
func TestNodeClaimIsWhereTheVolumeIs(t *testing.T) {
	zone := otherZone(fake.DefaultInstanceTypes())
	w := newWorld(t, readyPool("default"), storageClass("zonal", zone), volumeClaim("data", "zonal"), pendingPod("a", "1", using("data")))
	w.must(w.round())
	if got := w.zonesOf(); !slices.Equal(got, []string{zone}) {
		t.Errorf("got NodeClaims in %q, want one in %q", got, zone)
	}
}

// SCH-029, SCH-030 row 7, SCH-081: a pod whose volumes are not in order is told
// so with their names, together with all else that is wrong with it; the others
// are served.
func TestVolumesOfOnePodRejectOnlyIt(t *testing.T) {
	w := newWorld(t, readyPool("default"), volumeClaim("data", "none"),
		pendingPod("good", "1"),
		pendingPod("missing", "1", using("gone")),
		pendingPod("classless", "1", using("data"), func(p *corev1.Pod) {
			p.Spec.NodeSelector = map[string]string{corev1.LabelHostname: "n"}
		}))
	w.must(w.round())
	if n := len(w.nodeClaims()); n != 1 {
		t.Errorf("got %d NodeClaims, want that of the good pod", n)
	}
	told := map[string]string{}
	for _, e := range w.recorder.Of("FailedScheduling") {
		told[e.Object.GetName()] = e.Message
	}
	for pod, parts := range map[string][]string{
		"missing":   {"ignoring pod", "PersistentVolumeClaim default/gone"},
		"classless": {"ignoring pod", "PersistentVolumeClaim default/data", `StorageClass "none"`, corev1.LabelHostname},
	} {
		for _, part := range parts {
			if !strings.Contains(told[pod], part) {
				t.Errorf("pod %s was told %q, without %q", pod, told[pod], part)
			}
		}
	}
	if len(told) != 2 {
		t.Errorf("told %v", told)
	}
}

// SCH-087: what cannot be read costs only the pod, unless the round is over.
func TestUnreadableVolumes(t *testing.T) {
	for _, tc := range []struct {
		why    string
		err    error
		aborts bool
		claims int
	}{
		{"a read that fails", errors.New("no route"), false, 1},
		{"the deadline", context.DeadlineExceeded, true, 0},
		{"the end of the process", context.Canceled, true, 0},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t, readyPool("default"), storageClass("fast"), volumeClaim("data", "fast"),
				pendingPod("good", "1"), pendingPod("bad", "1", using("data")))
			w.blind = func(o client.Object) error {
				if _, ok := o.(*storagev1.StorageClass); ok {
					return tc.err
				}
				return nil
			}
			if err := w.round(); (err != nil) != tc.aborts || tc.aborts && !errors.Is(err, tc.err) {
				t.Errorf("got error %v", err)
			}
			if n := len(w.nodeClaims()); n != tc.claims {
				t.Errorf("got %d NodeClaims, want %d", n, tc.claims)
			}
			told := w.recorder.Of("FailedScheduling")
			if !tc.aborts && (len(told) != 1 || !strings.Contains(told[0].Message, "no route")) {
				t.Errorf("told %v", told)
			}
		})
	}
}

// SCH-085: volumes that exclude each other are named.
func TestConflictingVolumesAreNamed(t *testing.T) {
	w := newWorld(t, readyPool("default"), storageClass("a", "zone-a"), storageClass("b", "zone-b"),
		volumeClaim("left", "a"), volumeClaim("right", "b"), pendingPod("p", "1", using("left", "right")))
	w.must(w.round())
	told := w.recorder.Of("FailedScheduling")
	if len(w.nodeClaims()) > 0 || len(told) != 1 || !strings.Contains(told[0].Message, "default/left, default/right") {
		t.Errorf("got %d NodeClaims, told %v", len(w.nodeClaims()), told)
	}
}

// SCH-030, SCH-086: the pods of a node on its way out keep their volumes, which
// are not validated again.
func TestPodsOfLeavingNodesKeepTheirVolumes(t *testing.T) {
	zone := otherZone(fake.DefaultInstanceTypes())
	class := storageClass("zonal", zone)
	class.VolumeBindingMode = nil // an unbound claim of such a class is invalid
	w := newWorld(t, readyPool("default"), class, volumeClaim("data", "zonal"))
	now := metav1.Now()
	w.cluster.UpdateNode(&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "leaving", DeletionTimestamp: &now}, Spec: corev1.NodeSpec{ProviderID: "x://leaving"}})
	pod := pendingPod("moves", "1", on("leaving"), using("data"))
	w.must(w.client.Create(t.Context(), pod))
	w.cluster.UpdatePod(pod, volume.Resolution{})
	w.must(w.round())
	if got := w.zonesOf(); !slices.Equal(got, []string{zone}) {
		t.Errorf("got NodeClaims in %q, want one in %q", got, zone)
	}
}

// SCH-089: a node that attaches no more takes only pods whose claims are there.
func TestAttachLimits(t *testing.T) {
	for _, tc := range []struct {
		why   string
		limit int32
		uses  string
		want  int // NodeClaims
	}{
		{"room for one more", 2, "own", 0},
		{"no room", 1, "own", 1},
		{"no room, but the claim is there", 1, "shared", 0},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t, readyPool("default"), storageClass("fast"), volumeClaim("own", "fast"), volumeClaim("shared", "fast"),
				pendingPod("a", "1", using(tc.uses)))
			w.cluster.UpdateNode(&corev1.Node{
				ObjectMeta: metav1.ObjectMeta{Name: "n"}, Spec: corev1.NodeSpec{ProviderID: "x://n"},
				Status: corev1.NodeStatus{Allocatable: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("8"), corev1.ResourcePods: resource.MustParse("10")}},
			})
			w.cluster.UpdateCSINode(&storagev1.CSINode{ObjectMeta: metav1.ObjectMeta{Name: "n"}, Spec: storagev1.CSINodeSpec{
				Drivers: []storagev1.CSINodeDriver{{Name: driver, Allocatable: &storagev1.VolumeNodeResources{Count: &tc.limit}}},
			}})
			w.cluster.UpdatePod(pendingPod("other", "1", on("n"), using("shared")), volume.Resolution{
				Attachments: []attach.Attachment{{Driver: driver, Claim: "default/shared"}},
			})
			w.must(w.round())
			if n := len(w.nodeClaims()); n != tc.want {
				t.Errorf("got %d NodeClaims, want %d", n, tc.want)
			}
		})
	}
}
