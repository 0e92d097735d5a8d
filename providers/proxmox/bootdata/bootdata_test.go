// SPDX-License-Identifier: Apache-2.0

package bootdata_test

import (
	"context"
	"errors"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	testclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/testkit/strictapi"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/bootdata"
	"karpenter.sh/providers/proxmox/cloudinit"
	"karpenter.sh/providers/proxmox/launch"
	"karpenter.sh/providers/proxmox/network"
	"karpenter.sh/providers/proxmox/pve"
)

// everything is a template that shows most of what there is.
const everything = `{{ .Metadata.Hostname }} {{ .Metadata.InstanceID }} {{ .Metadata.InstanceUUID }} {{ .Metadata.InstanceType }} {{ .Metadata.ProviderID }}
{{ .Metadata.Region }} {{ .Metadata.Zone }} {{ join .Metadata.Tags "," }} {{ .Metadata.NodeClass }}
{{ toJson .Network }}
{{ toJson .Resources }}
{{ .Kubernetes.Version }} {{ .Kubernetes.RootCA }} {{ .Kubernetes.BootstrapToken }} {{ .Kubernetes.KubeletConfiguration.maxPods }}
{{ .Values.Secret }}`

type world struct {
	*bootdata.Writer
	t       *testing.T
	api     client.WithWatch
	subject bootdata.Subject
}

func start(t *testing.T) *world {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	secret := func(name string, data map[string][]byte) *corev1.Secret {
		return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "karpenter", Name: name}, Data: data}
	}
	w := &world{t: t, api: fake.NewClientBuilder().WithScheme(scheme).WithObjects(
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "kube-root-ca.crt"}, Data: map[string]string{"ca.crt": "certificates"}},
		secret("templates", map[string][]byte{cloudinit.UserData: []byte(everything)}), secret("values", map[string][]byte{"Secret": []byte("hush!")}),
	).Build()}
	w.Writer = bootdata.New(bootdata.Options{
		Client: strictapi.Client(t, w.api), Namespace: "kube-system", Version: func(context.Context) (string, error) { return "v1.33.4", nil },
		Clock: testclock.NewFakePassiveClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)),
	})
	w.subject = bootdata.Subject{NodeClaim: &karpv1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: "n1"}}, NodeClass: &v1alpha1.ProxmoxNodeClass{}}
	w.subject.NodeClass.Name = "default"
	w.subject.NodeClass.Spec.Tags = []string{"a", "b"}
	w.subject.NodeClass.Spec.MetadataOptions = &v1alpha1.MetadataOptions{
		Type:         v1alpha1.MetadataTypeCDROM,
		TemplatesRef: &v1alpha1.SecretReference{Namespace: "karpenter", Name: "templates"},
		ValuesRef:    &v1alpha1.SecretReference{Namespace: "karpenter", Name: "values"},
	}
	return w
}

func machine() bootdata.Machine {
	return bootdata.Machine{
		Made: launch.Made{
			Place: pve.Place{Host: "pve1", ID: 20000}, Region: "r1",
			Options: pve.Options{
				"cores": "2", "memory": "4096", "smbios1": "uuid=8b4c2f0a-0d5f-4c51-9a5e-0000000090a0,sku=x", "nameserver": "10.1.0.53 10.1.0.54", "searchdomain": "example.com",
			},
			Interfaces: []network.Interface{
				{Number: 0, MAC: "BC:24:11:00:00:01", Bridge: "vmbr0", MTU: 1400, Address4: netip.MustParsePrefix("10.1.0.5/24"), Gateway4: netip.MustParseAddr("10.1.0.1")},
				{Number: 1, MAC: "BC:24:11:00:00:02", Bridge: "vmbr1", MTU: 1500, DHCP4: true, SLAAC: true},
			},
			Bridges: map[string]network.Bridge{"vmbr0": {Address4: netip.MustParsePrefix("10.1.0.11/24"), Gateway4: netip.MustParseAddr("10.1.0.9")}},
		},
		Type: &cloudprovider.InstanceType{Name: "c1.2VCPU-4GB", Capacity: corev1.ResourceList{
			corev1.ResourcePods: resource.MustParse("110"), corev1.ResourceHugePagesPrefix + "2Mi": resource.MustParse("1Gi"), corev1.ResourceHugePagesPrefix + "1Gi": resource.MustParse("2Gi"),
		}},
		Labels: map[string]string{label.Region: "r1", label.Zone: "pve1"},
	}
}

func (w *world) tokens() []corev1.Secret {
	w.t.Helper()
	var list corev1.SecretList
	if err := w.api.List(w.t.Context(), &list, client.MatchingLabels{v1alpha1.LabelBootstrapToken: "true"}); err != nil {
		w.t.Fatal(err)
	}
	return list.Items
}

// PVE-091: what templates show.
func TestFiles(t *testing.T) {
	w := start(t)
	p, err := w.Prepare(t.Context(), w.subject)
	if err != nil {
		t.Fatal(err)
	}
	if len(w.tokens()) > 0 || p.Token() != "" {
		t.Error("there is a token before there is a machine")
	}
	files, err := p.Files(t.Context(), machine())
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(string(files[cloudinit.UserData]), "\n")
	token := regexp.MustCompile(`[a-z0-9]{6}\.[a-z0-9]{16}`)
	got[4] = token.ReplaceAllString(got[4], "<token>")
	want := []string{
		"n1 20000 8b4c2f0a-0d5f-4c51-9a5e-0000000090a0 c1.2VCPU-4GB proxmox://r1/20000",
		"r1 pve1 a,b default",
		`{"interfaces":[{"name":"eth0","mac_address":"BC:24:11:00:00:01","addresses4":["10.1.0.5/24"],"gateway4":"10.1.0.1","mtu":1400,"node_address4":"10.1.0.11/24","node_gateway4":"10.1.0.9"},` +
			`{"name":"eth1","mac_address":"BC:24:11:00:00:02","dhcp4":true,"slaac":true,"mtu":1500}],"search_domains":["example.com"],"name_servers":["10.1.0.53","10.1.0.54"]}`,
		`{"cpu":2,"memory":4294967296,"hugepages1Gi":2,"hugepages2Mi":512}`,
		"v1.33.4 certificates <token> 110",
		"hush!",
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got  %s\nwant %s", got[i], want[i])
		}
	}
}

// PVE-097: a launch has one token, whichever hosts it tries, and none if it fails.
func TestToken(t *testing.T) {
	w := start(t)
	p, err := w.Prepare(t.Context(), w.subject)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := p.Files(t.Context(), machine()); err != nil {
			t.Fatal(err)
		}
	}
	tokens := w.tokens()
	if len(tokens) != 1 {
		t.Fatalf("%d tokens", len(tokens))
	}
	s := tokens[0]
	data := func(key string) string { return string(s.Data[key]) }
	if s.Namespace != "kube-system" || s.Name != "bootstrap-token-"+p.Token() || s.Type != "bootstrap.kubernetes.io/token" || data("token-id") != p.Token() ||
		!regexp.MustCompile(`^[a-z0-9]{16}$`).MatchString(data("token-secret")) || data("expiration") != "2026-01-02T04:04:05Z" ||
		data("usage-bootstrap-authentication") != "true" || data("auth-extra-groups") != "system:bootstrappers:karpenter:proxmox" {
		t.Errorf("got %s of type %s: %s", s.Name, s.Type, s.Data)
	}
	for range 2 {
		if err := p.Discard(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if len(w.tokens()) > 0 {
		t.Error("the token is there")
	}
}

// PVE-034, PVE-019: without boot data there is nothing; what is missing is named, and
// nothing secret told.
func TestPrepare(t *testing.T) {
	for reason, tc := range map[string]struct {
		change func(*world, *v1alpha1.MetadataOptions)
		says   string
	}{
		"no templates":          {func(_ *world, o *v1alpha1.MetadataOptions) { o.TemplatesRef = nil }, "templates"},
		"their Secret is gone":  {func(_ *world, o *v1alpha1.MetadataOptions) { o.TemplatesRef.Name = "missing" }, "templates"},
		"that of the values is": {func(_ *world, o *v1alpha1.MetadataOptions) { o.ValuesRef.Name = "missing" }, "values"},
		"no certificates":       {func(w *world, _ *v1alpha1.MetadataOptions) { w.Namespace = "missing" }, "certificates"},
		"no version": {func(w *world, _ *v1alpha1.MetadataOptions) {
			w.Version = func(context.Context) (string, error) { return "", errors.New("down") }
		}, "version"},
	} {
		t.Run(reason, func(t *testing.T) {
			w := start(t)
			tc.change(w, w.subject.NodeClass.Spec.MetadataOptions)
			if _, err := w.Prepare(t.Context(), w.subject); err == nil || !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), "hush") {
				t.Errorf("got %v", err)
			}
		})
	}
	w := start(t)
	w.subject.NodeClass.Spec.MetadataOptions = nil
	p, err := w.Prepare(t.Context(), w.subject)
	if p != nil || err != nil || p.Token() != "" || p.Discard(t.Context()) != nil {
		t.Errorf("got %v, %v", p, err)
	}
}
