// SPDX-License-Identifier: Apache-2.0

package storage_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/intake/storage"
)

// SCH-081, SCH-082: what a claim must be for its pod to be served, and what is
// told if it is not.
func TestValidate(t *testing.T) {
	now := metav1.Now()
	empty, none := "", "nowhere"
	changed := func(c storage.Claim, change func(*storage.Claim)) storage.Claim {
		change(&c)
		return c
	}
	for _, tc := range []struct {
		why   string
		claim storage.Claim
		want  string // what the error says of the claim ns/c; empty: valid
	}{
		{"SCH-081 the claim does not exist", changed(bound("c"), func(c *storage.Claim) { c.Object, c.Volume = nil, nil }), "it does not exist"},
		{"SCH-081 the claim is being deleted", changed(bound("c"), func(c *storage.Claim) { c.Object.DeletionTimestamp = &now }), "it is being deleted"},
		{"SCH-081 the claim is lost, and with it its volume", changed(bound("c"), func(c *storage.Claim) {
			c.Object.Status.Phase, c.Volume = corev1.ClaimLost, nil
		}), "its volume is lost"},
		{"SCH-081 bound to a volume", bound("c"), ""},
		{"SCH-081 bound to a volume that does not exist", changed(bound("c"), func(c *storage.Claim) { c.Volume = nil }), `its PersistentVolume "pv-c" does not exist`},
		{"SCH-081 bound to a volume that is being deleted", changed(bound("c"), func(c *storage.Claim) { c.Volume.DeletionTimestamp = &now }), `its PersistentVolume "pv-c" is being deleted`},
		{"SCH-081 the binding is not complete", changed(bound("c"), func(c *storage.Claim) { c.Object.Annotations = nil }), `its binding to PersistentVolume "pv-c" is not complete`},
		{"SCH-081 any value completes the binding", changed(bound("c"), func(c *storage.Claim) {
			c.Object.Annotations["pv.kubernetes.io/bind-completed"] = ""
		}), ""},
		{"SCH-081 bound to a volume of an unsupported driver", on(bound("c"), corev1.PersistentVolumeSource{
			CSI: &corev1.CSIPersistentVolumeSource{Driver: "old.csi.example.com"},
		}), `the provider does not support driver "old.csi.example.com"`},
		{"SCH-082 bound, with an empty class", changed(bound("c"), func(c *storage.Claim) { c.Object.Spec.StorageClassName = &empty }), ""},
		{"SCH-082 bound, with a class that does not exist", changed(bound("c"), func(c *storage.Claim) { c.Object.Spec.StorageClassName = &none }), ""},
		{"SCH-081 not bound", unbound("c"), ""},
		{"SCH-081 not bound, in a topology", unbound("c", zones("a")), ""},
		{"SCH-081 not bound, without a class", changed(unbound("c"), func(c *storage.Claim) { c.Object.Spec.StorageClassName, c.Class = nil, nil }), "it is not bound and has no StorageClass"},
		{"SCH-081 not bound, with an empty class", changed(unbound("c"), func(c *storage.Claim) { c.Object.Spec.StorageClassName, c.Class = &empty, nil }), "it is not bound and has no StorageClass"},
		{"SCH-081 not bound, the class does not exist", changed(unbound("c"), func(c *storage.Claim) { c.Class = nil }), `its StorageClass "class-c" does not exist`},
		{"SCH-081 not bound, although it should be", changed(unbound("c"), func(c *storage.Claim) {
			mode := storagev1.VolumeBindingImmediate
			c.Class.VolumeBindingMode = &mode
		}), `its StorageClass "class-c" binds immediately`},
		{"SCH-081 immediate is the default", changed(unbound("c"), func(c *storage.Claim) { c.Class.VolumeBindingMode = nil }), "binds immediately"},
		{"SCH-081 an unsupported topology key", unbound("c", zones("a"), []expression{in("example.com/rack", "r")}), `its StorageClass "class-c" restricts "example.com/rack"`},
		{"SCH-081 an alias of an unsupported topology key", unbound("c", []expression{in("csi.example.com/rack", "r")}), `its StorageClass "class-c" restricts "csi.example.com/rack"`},
		{"SCH-084 a volume of a host that exists", bound("c", []expression{in(label.Hostname, "gone", "here")}), ""},
		{"SCH-084 a volume of a host that is gone, and of another", bound("c", []expression{in(label.Hostname, "gone")}, []expression{in(label.Hostname, "here")}), ""},
		{"SCH-084 a volume of a host that is gone", bound("c", []expression{in(label.Hostname, "gone")}), `its PersistentVolume "pv-c" can only be reached from host gone, which does not exist`},
		{"SCH-083 a volume that no node can reach", bound("c", nil), `the node affinity of PersistentVolume "pv-c" admits no node`},
		{"SCH-081 not bound, its volume is to be made for a node that is gone", changed(unbound("c"), func(c *storage.Claim) {
			c.Object.Annotations = map[string]string{"volume.kubernetes.io/selected-node": "gone"}
		}), `its volume is to be made for node "gone", which does not exist`},
		{"SCH-081 in use by another pod, and exclusive", changed(bound("c"), func(c *storage.Claim) { c.User = "ns/other" }), "pod ns/other does"},
		{"SCH-081 not made for the pod", changed(bound("c"), func(c *storage.Claim) { c.Foreign = true }), "it was not made for the pod"},
		{"SCH-081 not bound, an unsupported driver", changed(unbound("c"), func(c *storage.Claim) { c.Class.Provisioner = "old.csi.example.com" }), `the provider does not support driver "old.csi.example.com"`},
	} {
		t.Run(tc.why, func(t *testing.T) {
			err := rules().Validate([]storage.Claim{bound("first"), tc.claim}, exists)
			switch {
			case tc.want == "" && err != nil:
				t.Errorf("got %v", err)
			case tc.want != "" && (err == nil || !strings.HasPrefix(err.Error(), "PersistentVolumeClaim ns/c: ") || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}

// exists says which hosts there are.
func exists(host string) bool { return host == "here" }

// SCH-081: the first claim that fails is told.
func TestFirstFailureIsTold(t *testing.T) {
	a, b := bound("a"), bound("b")
	a.Volume, b.Object = nil, nil
	if err := rules().Validate([]storage.Claim{unbound("c"), a, b}, exists); err == nil || !strings.Contains(err.Error(), "ns/a") || strings.Contains(err.Error(), "ns/b") {
		t.Errorf("got %v", err)
	}
}
