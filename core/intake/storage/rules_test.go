// SPDX-License-Identifier: Apache-2.0

package storage_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/intake"
	"karpenter.sh/core/intake/storage"
)

// outline is the alternatives in words.
func outline(v intake.Volumes) []string {
	var out []string
	for _, rs := range v.Alternatives {
		var words []string
		for r := range rs.Each() {
			words = append(words, r.String())
		}
		out = append(out, strings.ReplaceAll(strings.Join(words, ", "), label.Zone, "zone"))
	}
	if v.Conflict {
		out = append(out, "conflict")
	}
	return out
}

func TestAlternatives(t *testing.T) {
	host := in(label.Hostname, "h")
	local := corev1.PersistentVolumeSource{Local: &corev1.LocalVolumeSource{Path: "/"}}
	hostPath := corev1.PersistentVolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}
	withMatchFields := bound("c", zones("a"), zones("b"))
	withMatchFields.Volume.Spec.NodeAffinity.Required.NodeSelectorTerms[0].MatchFields = []expression{in("metadata.name", "n")}
	withoutRequired := bound("c", zones("a"))
	withoutRequired.Volume.Spec.NodeAffinity.Required = nil
	classless := unbound("c")
	classless.Object.Spec.StorageClassName, classless.Class = nil, nil
	for _, tc := range []struct {
		why    string
		claims []storage.Claim
		want   []string
	}{
		{"SCH-083 no volumes", nil, nil},
		{"SCH-083 bound, no node affinity", []storage.Claim{bound("c")}, nil},
		{"SCH-083 bound, nothing required", []storage.Claim{withoutRequired}, nil},
		{"SCH-083 bound, one alternative for each term", []storage.Claim{bound("c", zones("a", "b"), []expression{in("rack", "1"), host})},
			[]string{"zone In [a b]", "kubernetes.io/hostname In [h], rack In [1]"}},
		{"SCH-083 bound, any operator", []storage.Claim{bound("c", []expression{
			{Key: "x", Operator: corev1.NodeSelectorOpNotIn, Values: []string{"1"}},
			{Key: "y", Operator: corev1.NodeSelectorOpGt, Values: []string{"3"}},
		})}, []string{"x NotIn [1], y Exists >=4"}},
		{"SCH-083 bound, a term that names nodes is skipped", []storage.Claim{withMatchFields}, []string{"zone In [b]"}},
		{"SCH-083 bound, a term without expressions is skipped", []storage.Claim{bound("c", nil, zones("b"))}, []string{"zone In [b]"}},
		{"SCH-083 not bound, no topologies", []storage.Claim{unbound("c")}, nil},
		{"SCH-083 not bound, one alternative for each topology", []storage.Claim{unbound("c", zones("b"), append(zones("a"), in("rack", "1", "2")))},
			[]string{"zone In [b]", "rack In [1 2], zone In [a]"}},
		{"SCH-083 not bound, a topology without expressions is skipped", []storage.Claim{unbound("c", nil, zones("b"))}, []string{"zone In [b]"}},
		{"SCH-083 not bound and no class", []storage.Claim{classless}, nil},
		{"API-076, API-077 aliases of keys and values", []storage.Claim{bound("c",
			[]expression{in("failure-domain.beta.kubernetes.io/zone", "a")}, []expression{in("topology.csi.example.com/zone", "")})},
			[]string{"zone In [a]", "zone In [0]"}},
		{"SCH-084 local: the host matters", []storage.Claim{on(bound("c", append(zones("a"), host)), local)}, []string{"kubernetes.io/hostname In [h], zone In [a]"}},
		{"SCH-084 hostPath: the host matters", []storage.Claim{on(bound("c", []expression{host}), hostPath)}, []string{"kubernetes.io/hostname In [h]"}},
		{"SCH-084 others: the host matters", []storage.Claim{bound("c", []expression{host})}, []string{"kubernetes.io/hostname In [h]"}},
		{"SCH-085 several: a product in the order of volumes", []storage.Claim{
			unbound("a", []expression{in("x", "1")}, []expression{in("x", "2")}), unbound("b", []expression{in("y", "1")}, []expression{in("y", "2")})},
			[]string{"x In [1], y In [1]", "x In [1], y In [2]", "x In [2], y In [1]", "x In [2], y In [2]"}},
		{"SCH-085 several: inconsistent ones are discarded", []storage.Claim{bound("a", zones("a"), zones("b")), bound("b", zones("b"), zones("c"))}, []string{"zone In [b]"}},
		{"SCH-085 several: equal ones are merged", []storage.Claim{
			bound("a", zones("a", "b"), zones("a", "c")), bound("b", zones("a"))}, []string{"zone In [a]"}},
		{"SCH-085 several: without topology they do not matter", []storage.Claim{bound("a"), bound("b", zones("b")), unbound("c")}, []string{"zone In [b]"}},
		{"SCH-085 several: all are inconsistent", []storage.Claim{bound("a", zones("a")), bound("b", zones("b"))}, []string{"conflict"}},
		{"SCH-085 one: it contradicts itself", []storage.Claim{bound("a", append(zones("a"), zones("b")...))}, []string{"conflict"}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			v, err := rules().Volumes(tc.claims)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, outline(v)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// SCH-087: what is missing or cannot be understood is named.
func TestUnknowable(t *testing.T) {
	gone, volumeless, classless := bound("c"), bound("c"), unbound("c")
	gone.Object, gone.Volume, volumeless.Volume, classless.Class = nil, nil, nil, nil
	for _, tc := range []struct {
		why   string
		claim storage.Claim
		want  string
	}{
		{"no claim", gone, "PersistentVolumeClaim ns/c: it does not exist"},
		{"no volume", volumeless, `PersistentVolumeClaim ns/c: its PersistentVolume "pv-c" does not exist`},
		{"no class", classless, `PersistentVolumeClaim ns/c: its StorageClass "class-c" does not exist`},
		{"an unreadable term", bound("c", []expression{{Key: "k", Operator: corev1.NodeSelectorOpGt, Values: []string{"x"}}}),
			`PersistentVolumeClaim ns/c: reading the node affinity of PersistentVolume "pv-c": `},
		{"a volume that no node can reach", bound("c", nil), `PersistentVolumeClaim ns/c: the node affinity of PersistentVolume "pv-c" admits no node`},
		{"a class that allows no topology", unbound("c", nil), `PersistentVolumeClaim ns/c: the allowed topologies of StorageClass "class-c" admit no node`},
	} {
		t.Run(tc.why, func(t *testing.T) {
			if _, err := rules().Volumes([]storage.Claim{tc.claim}); err == nil || !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// SCH-085: the product is bounded, lest one pod hold up all others.
func TestTooManyAlternatives(t *testing.T) {
	var claims []storage.Claim
	for i := range 20 {
		key := fmt.Sprintf("k%d", i)
		claims = append(claims, unbound(key, []expression{in(key, "1")}, []expression{in(key, "2")}))
	}
	if _, err := rules().Volumes(claims); err == nil || !strings.Contains(err.Error(), "more than 1000") {
		t.Errorf("got %v", err)
	}
	if v, err := rules().Volumes(claims[:9]); err != nil || len(v.Alternatives) != 512 {
		t.Errorf("got %d alternatives, %v", len(v.Alternatives), err)
	}
}

// SCH-088: which driver attaches a claim.
func TestDrivers(t *testing.T) {
	type source = corev1.PersistentVolumeSource
	provisioned := func(by string) storage.Claim {
		c := unbound("c")
		c.Class.Provisioner = by
		return c
	}
	classless := unbound("c")
	classless.Object.Spec.StorageClassName, classless.Class = nil, nil
	for _, tc := range []struct {
		why   string
		claim storage.Claim
		want  string
	}{
		{"bound, CSI", bound("c"), "csi.example.com"},
		{"bound, AWS EBS", on(bound("c"), source{AWSElasticBlockStore: &corev1.AWSElasticBlockStoreVolumeSource{}}), "ebs.csi.aws.com"},
		{"bound, GCE PD", on(bound("c"), source{GCEPersistentDisk: &corev1.GCEPersistentDiskVolumeSource{}}), "pd.csi.storage.gke.io"},
		{"bound, Azure disk", on(bound("c"), source{AzureDisk: &corev1.AzureDiskVolumeSource{}}), "disk.csi.azure.com"},
		{"bound, Azure file", on(bound("c"), source{AzureFile: &corev1.AzureFilePersistentVolumeSource{}}), "file.csi.azure.com"},
		{"bound, Cinder", on(bound("c"), source{Cinder: &corev1.CinderPersistentVolumeSource{}}), "cinder.csi.openstack.org"},
		{"bound, vSphere", on(bound("c"), source{VsphereVolume: &corev1.VsphereVirtualDiskVolumeSource{}}), "csi.vsphere.vmware.com"},
		{"bound, Portworx", on(bound("c"), source{PortworxVolume: &corev1.PortworxVolumeSource{}}), "pxd.portworx.com"},
		{"bound, nothing attaches it", on(bound("c"), source{NFS: &corev1.NFSVolumeSource{}}), ""},
		{"bound, local", on(bound("c"), source{Local: &corev1.LocalVolumeSource{}}), ""},
		{"not bound, AWS EBS", provisioned("kubernetes.io/aws-ebs"), "ebs.csi.aws.com"},
		{"not bound, GCE PD", provisioned("kubernetes.io/gce-pd"), "pd.csi.storage.gke.io"},
		{"not bound, Azure disk", provisioned("kubernetes.io/azure-disk"), "disk.csi.azure.com"},
		{"not bound, Azure file", provisioned("kubernetes.io/azure-file"), "file.csi.azure.com"},
		{"not bound, Cinder", provisioned("kubernetes.io/cinder"), "cinder.csi.openstack.org"},
		{"not bound, vSphere", provisioned("kubernetes.io/vsphere-volume"), "csi.vsphere.vmware.com"},
		{"not bound, Portworx", provisioned("kubernetes.io/portworx-volume"), "pxd.portworx.com"},
		{"not bound, any other", provisioned("example.com/own"), "example.com/own"},
		{"not bound, no class", classless, ""},
	} {
		t.Run(tc.why, func(t *testing.T) {
			v, err := rules().Volumes([]storage.Claim{tc.claim})
			if err != nil || len(v.Attachments) != 1 {
				t.Fatalf("got %v, %v", v, err)
			}
			if a := v.Attachments[0]; a.Driver != tc.want || a.Claim != "ns/c" {
				t.Errorf("got %+v", a)
			}
		})
	}
}

// SCH-080: which volumes of a pod have a claim.
func TestClaimName(t *testing.T) {
	pod := &corev1.Pod{}
	pod.Name = "pod"
	for _, tc := range []struct {
		why    string
		source corev1.VolumeSource
		want   string
	}{
		{"SCH-080 a claim by name", corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data"}}, "data"},
		{"SCH-080 a claim made for the pod", corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{}}, "pod-v"},
		{"SCH-080 any other", corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}, ""},
	} {
		t.Run(tc.why, func(t *testing.T) {
			if got, ok := storage.ClaimName(pod, &corev1.Volume{Name: "v", VolumeSource: tc.source}); got != tc.want || ok != (tc.want != "") {
				t.Errorf("got %q", got)
			}
		})
	}
}
