// SPDX-License-Identifier: Apache-2.0

package userdata_test

import (
	"encoding/base64"
	"errors"
	"flag"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/kit/bootstrap"
	"karpenter.sh/core/cloudprovider/kit/kubelet"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/userdata"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := file(t, name+".golden")
	if got != want {
		t.Errorf("%s is\n%s\nwant\n%s", name, got, want)
	}
}

// file reads one of testdata.
func file(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// decoded renders, and undoes base64.
func decoded(t require, in userdata.Input) string {
	t.Helper()
	text, err := userdata.Render(in)
	if err != nil {
		t.Fatal(err)
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func cluster() userdata.Cluster {
	return userdata.Cluster{
		Name: "invented", Endpoint: "https://0123456789ABCDEF.gr7.us-east-1.eks.example.com", CABundle: "aW52ZW50ZWQ=",
		ServiceCIDR: "10.100.0.0/16", DNSIP: "10.100.0.10",
	}
}

func clusterIPv6() userdata.Cluster {
	c := cluster()
	c.ServiceCIDR, c.DNSIP = "fd30:1c53:5f8a::/108", "fd30:1c53:5f8a::a"
	return c
}

// registration is that of a NodeClaim with labels and taints of all sorts.
func registration() bootstrap.Registration {
	claim := &karpv1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{
		"example.com/team": "a", "karpenter.sh/nodepool": "default", "empty": "",
		"node-restriction.kubernetes.io/x": "y", "kubernetes.io/arch": "amd64", "x.k8s.io/a": "b", "topology.k8s.aws/zone-id": "use1-az1",
	}}}
	claim.Spec.Taints = []corev1.Taint{{Key: "example.com/gpu", Value: "yes", Effect: corev1.TaintEffectNoSchedule}}
	claim.Spec.StartupTaints = []corev1.Taint{
		{Key: "example.com/gpu", Value: "yes", Effect: corev1.TaintEffectNoExecute},
		{Key: "cilium.io/not-ready", Effect: corev1.TaintEffectNoExecute},
	}
	return userdata.RegistrationOf(claim, "spot")
}

// all are the fields that every family takes (AWS-022).
const all = `{
	"clusterDNS": ["10.0.100.10"], "maxPods": 42, "podsPerCore": 20,
	"systemReserved": {"cpu": "100m", "memory": "200Mi"},
	"kubeReserved": {"memory": "500Mi", "pid": "1000"},
	"evictionHard": {"memory.available": "5%"},
	"evictionSoft": {"memory.available": "10%", "nodefs.available": "15%"},
	"evictionSoftGracePeriod": {"memory.available": "1m30s", "nodefs.available": "2m"},
	"evictionMaxPodGracePeriod": 60,
	"imageGCHighThresholdPercent": 80, "imageGCLowThresholdPercent": 70,
	"cpuCFSQuota": false}`

// pods is how many the type may have by itself.
const pods = 58

// configured is what follows for a machine of a family and a configuration in JSON
// (AWS-208, AWS-209).
func configured(t *testing.T, family, text string) (kubelet.Settings, kubelet.Configuration) {
	t.Helper()
	machine := kubelet.Machine{MilliCPU: 4000, Memory: 16 << 30, EphemeralStorage: 20 << 30, Pods: pods}
	if family != v1.AMIFamilyBottlerocket && !v1.IsWindows(family) {
		machine.ReservePods = ptr.To[int64](pods)
	}
	user, errs := kubelet.Reader{Path: field.NewPath("spec", "kubelet"), Expressions: true}.Read([]byte(text))
	if len(errs) > 0 {
		t.Fatal(errs.ToAggregate())
	}
	threshold := func(text string) kubelet.Threshold {
		out, err := kubelet.ParseThreshold(text)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	settings, err := kubelet.Plan(
		machine,
		kubelet.Rules{
			CPU:              kubelet.Formula{Unit: 1, Fixed: 80},
			Memory:           kubelet.Formula{Unit: 1 << 20, Fixed: 255, PerPod: 11},
			EphemeralStorage: kubelet.Formula{Unit: 1 << 30, Fixed: 1},
			EvictionHard:     map[string]kubelet.Threshold{kubelet.NodeFSAvailable: threshold("10%"), kubelet.MemoryAvailable: threshold("100Mi")},
		}, user)
	if err != nil {
		t.Fatal(err)
	}
	return settings, user
}

// input is a machine of a family whose NodeClass says nothing of the kubelet.
func input(t *testing.T, family string) userdata.Input {
	t.Helper()
	settings, user := configured(t, family, "")
	return userdata.Input{Family: family, Cluster: cluster(), Registration: registration(), Kubelet: settings, Configuration: user}
}

func linux() []string {
	return []string{v1.AMIFamilyAL2, v1.AMIFamilyAL2023, v1.AMIFamilyBottlerocket}
}

// parts splits an archive by the standard library, and tells the type and the body
// of each part.
func parts(t require, archive string) (types, bodies []string) {
	t.Helper()
	message, err := mail.ReadMessage(strings.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	for reader := multipart.NewReader(message.Body, params["boundary"]); ; {
		part, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			return types, bodies
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		typ, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type"))
		types, bodies = append(types, typ), append(bodies, string(body))
	}
}

// require is what a test and a check of a property have in common.
type require interface {
	Helper()
	Fatal(args ...any)
}
