// SPDX-License-Identifier: Apache-2.0

package nodeclass_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/awslabs/operatorpkg/status"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"karpenter.sh/core/cloudprovider/kit/nodeclass/resolution"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/nodeclass"
	"karpenter.sh/providers/proxmox/pve"
)

func api(t testing.TB, objects ...client.Object) client.WithWatch {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := errors.Join(v1alpha1.AddToScheme(scheme), corev1.AddToScheme(scheme)); err != nil {
		t.Fatal(err)
	}
	return fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).Build()
}

// template is one of a kind named "t", with zones.
func template(ready metav1.ConditionStatus, zones ...string) *v1alpha1.ProxmoxTemplate {
	t := &v1alpha1.ProxmoxTemplate{ObjectMeta: metav1.ObjectMeta{Name: "t"}}
	t.Status.Zones = zones
	t.Status.Conditions = []status.Condition{{Type: v1alpha1.ConditionMachineTemplateReady, Status: ready, Reason: "Why", Message: "so"}}
	return t
}

func class(change func(*v1alpha1.ProxmoxNodeClassSpec)) *v1alpha1.ProxmoxNodeClass {
	c := &v1alpha1.ProxmoxNodeClass{ObjectMeta: metav1.ObjectMeta{Name: "c", Generation: 1}}
	c.Spec.InstanceTemplateRef = &v1alpha1.InstanceTemplateRef{Kind: v1alpha1.TemplateKind, Name: "t"}
	c.Status.SelectedZones = []string{"r2/c/3"}
	if change != nil {
		change(&c.Spec)
	}
	return c
}

// storages of region r1: host a has "ssd" for disks. Region r2 was never read.
func storages(region string) ([]pve.Storage, bool) {
	if region != "r1" {
		return nil, false
	}
	return []pve.Storage{{Name: "ssd", Host: "a", Content: "images", Status: "available"}, {Name: "ssd", Host: "b", Content: "iso", Status: "available"}}, true
}

func resolve(t *testing.T, r resolution.Resolver[*v1alpha1.ProxmoxNodeClass], c *v1alpha1.ProxmoxNodeClass) (string, *v1alpha1.ProxmoxNodeClass) {
	t.Helper()
	out := resolution.Run(t.Context(), c, []resolution.Resolver[*v1alpha1.ProxmoxNodeClass]{r})
	for _, condition := range out.NodeClass.Status.Conditions {
		if condition.Type == r.Condition() {
			return fmt.Sprint(condition.Status, " ", condition.Reason, " ", condition.Message, " ", out.After, " ", out.Err), out.NodeClass
		}
	}
	return "none", out.NodeClass
}

// PVE-013, PVE-018, PVE-019, PVE-207: which zones a NodeClass selects, and why it is not ready.
func TestTemplate(t *testing.T) {
	all := []string{"r1/a/1", "r1/b/2", "r2/c/3"}
	deleted := template("True", all...)
	deleted.Finalizers, deleted.DeletionTimestamp = []string{v1alpha1.Finalizer}, &metav1.Time{Time: time.Unix(0, 0)}
	unmanaged := &v1alpha1.ProxmoxUnmanagedTemplate{ObjectMeta: metav1.ObjectMeta{Name: "t"}, Status: template("True", "r1/b/9").Status}
	for _, row := range []struct {
		reason  string
		objects []client.Object
		change  func(*v1alpha1.ProxmoxNodeClassSpec)
		want    string
		zones   string
	}{
		{"without storage all hosts will do", []client.Object{template("True", all...)}, nil, "True InstanceTemplateReady  15s <nil>", "[r1/a/1 r1/b/2 r2/c/3]"},
		{"of another kind", []client.Object{unmanaged}, func(s *v1alpha1.ProxmoxNodeClassSpec) {
			s.InstanceTemplateRef.Kind = v1alpha1.UnmanagedTemplateKind
		}, "True InstanceTemplateReady  15s <nil>", "[r1/b/9]"},
		{"in one region", []client.Object{template("True", all...)}, func(s *v1alpha1.ProxmoxNodeClassSpec) { s.Region = "r1" }, "True InstanceTemplateReady  15s <nil>", "[r1/a/1 r1/b/2]"},
		{"with a storage, and a region that was never read", []client.Object{template("True", all...)}, func(s *v1alpha1.ProxmoxNodeClassSpec) {
			s.BootDevice = &v1alpha1.BootDevice{Storage: "ssd"}
		}, "True InstanceTemplateReady  15s <nil>", "[r1/a/1 r2/c/3]"},
		{"no host has the storage", []client.Object{template("True", "r1/b/2")}, func(s *v1alpha1.ProxmoxNodeClassSpec) {
			s.BootDevice = &v1alpha1.BootDevice{Storage: "ssd"}
		}, `False TemplatesNotFound of the zones [r1/b/2] of ProxmoxTemplate t none has storage "ssd" for disks 15s <nil>`, "[]"},
		{"it is not ready", []client.Object{template("False", all...)}, nil, "False TemplateNotReady ProxmoxTemplate t is not ready: Why so 15s <nil>", "[r1/a/1 r1/b/2 r2/c/3]"},
		{"it is new", []client.Object{&v1alpha1.ProxmoxTemplate{ObjectMeta: metav1.ObjectMeta{Name: "t"}}}, nil, "False TemplateNotReady ProxmoxTemplate t is not ready: it has not been looked at yet 15s <nil>", "[]"},
		{"it is being deleted", []client.Object{deleted}, nil, "False TemplateNotReady ProxmoxTemplate t is not ready: it is being deleted 15s <nil>", "[r1/a/1 r1/b/2 r2/c/3]"},
		{"there is none", nil, nil, "False TemplatesNotFound there is no ProxmoxTemplate t 15s <nil>", "[]"},
		{"it names none", nil, func(s *v1alpha1.ProxmoxNodeClassSpec) { s.InstanceTemplateRef = nil }, "False TemplatesNotFound spec.instanceTemplateRef names no template 15s <nil>", "[]"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			got, c := resolve(t, nodeclass.Template(api(t, row.objects...), storages), class(row.change))
			if zones := fmt.Sprint(c.Status.SelectedZones); got != row.want || zones != row.zones || int(c.Status.Resources.Zones) != len(c.Status.SelectedZones) {
				t.Errorf("got %s, %s, want %s, %s", got, zones, row.want, row.zones)
			}
		})
	}
}

const secretOfTheTest = "hush!"

func secret(name string, data map[string]string) *corev1.Secret {
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name}, Data: map[string][]byte{}}
	for key, value := range data {
		s.Data[key] = []byte(value)
	}
	return s
}

// PVE-019, PVE-034: whether boot data can be written.
func TestMetadata(t *testing.T) {
	cdrom := func(options v1alpha1.MetadataOptions) func(*v1alpha1.ProxmoxNodeClassSpec) {
		options.Type = v1alpha1.MetadataTypeCDROM
		return func(s *v1alpha1.ProxmoxNodeClassSpec) { s.MetadataOptions = &options }
	}
	templates, values := &v1alpha1.SecretReference{Namespace: "ns", Name: "t"}, &v1alpha1.SecretReference{Namespace: "ns", Name: "v"}
	for _, row := range []struct {
		reason  string
		objects []client.Object
		change  func(*v1alpha1.ProxmoxNodeClassSpec)
		want    string
	}{
		{"none are wanted", nil, nil, "True InstanceMetadataOptionsReady  0s <nil>"},
		{"the defaults", []client.Object{secret("t", nil)}, cdrom(v1alpha1.MetadataOptions{TemplatesRef: templates}), "True InstanceMetadataOptionsReady  1m0s <nil>"},
		{
			"with values", []client.Object{secret("t", map[string]string{"user-data": "{{ .Values.key | upper }}{{ (index .Network.Interfaces 0).MacAddr }}"}), secret("v", map[string]string{"key": secretOfTheTest})},
			cdrom(v1alpha1.MetadataOptions{TemplatesRef: templates, ValuesRef: values}), "True InstanceMetadataOptionsReady  1m0s <nil>",
		},
		{"no Secret is named", nil, cdrom(v1alpha1.MetadataOptions{}), "False MetadataOptionsNotFound spec.metadataOptions.templatesRef must name a Secret and its namespace 1m0s <nil>"},
		{"no namespace is named", nil, cdrom(v1alpha1.MetadataOptions{TemplatesRef: &v1alpha1.SecretReference{Name: "t"}}), "False MetadataOptionsNotFound spec.metadataOptions.templatesRef must name a Secret and its namespace 1m0s <nil>"},
		{"it is missing", nil, cdrom(v1alpha1.MetadataOptions{TemplatesRef: templates}), "False MetadataOptionsNotFound there is no Secret ns/t 1m0s <nil>"},
		{"values are missing", []client.Object{secret("t", nil)}, cdrom(v1alpha1.MetadataOptions{TemplatesRef: templates, ValuesRef: values}), "False MetadataOptionsNotFound there is no Secret ns/v 1m0s <nil>"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			if got, _ := resolve(t, nodeclass.Metadata(api(t, row.objects...)), class(row.change)); got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}

	wrong := []client.Object{secret("t", map[string]string{"user-data": `{{ b64dec .Values.key }}`}), secret("v", map[string]string{"key": secretOfTheTest})}
	got, _ := resolve(t, nodeclass.Metadata(api(t, wrong...)), class(cdrom(v1alpha1.MetadataOptions{TemplatesRef: templates, ValuesRef: values})))
	if !strings.HasPrefix(got, "False MetadataTemplateInvalid rendering the template user-data") || strings.Contains(got, secretOfTheTest) {
		t.Errorf("a template that is wrong: %s", got)
	}
	for want, failure := range map[string]error{
		"False MetadataOptionsNotFound Secret ns/t may not be read 1m0s <nil>": apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, "t", errors.New("no")),
		"Unknown": errors.New("down"),
	} {
		failing := interceptor.NewClient(api(t), interceptor.Funcs{Get: func(context.Context, client.WithWatch, client.ObjectKey, client.Object, ...client.GetOption) error {
			return failure
		}})
		got, _ := resolve(t, nodeclass.Metadata(failing), class(cdrom(v1alpha1.MetadataOptions{TemplatesRef: templates})))
		if !strings.HasPrefix(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// PVE-018, PVE-019: a template or a Secret brings the NodeClasses that read it.
func TestWatch(t *testing.T) {
	other := class(func(s *v1alpha1.ProxmoxNodeClassSpec) {
		s.InstanceTemplateRef.Kind = v1alpha1.UnmanagedTemplateKind
		s.MetadataOptions = &v1alpha1.MetadataOptions{ValuesRef: &v1alpha1.SecretReference{Namespace: "ns", Name: "v"}}
	})
	other.Name = "d"
	w := nodeclass.Watch{Reader: api(t, class(nil), other)}
	for _, row := range []struct {
		reason string
		got    any
		want   string
	}{
		{"a template", w.OfTemplate(t.Context(), template("True")), "[c]"},
		{"an unmanaged template", w.OfTemplate(t.Context(), &v1alpha1.ProxmoxUnmanagedTemplate{ObjectMeta: metav1.ObjectMeta{Name: "t"}}), "[d]"},
		{"a Secret", w.OfSecret(t.Context(), secret("v", nil)), "[d]"},
		{"another Secret", w.OfSecret(t.Context(), secret("t", nil)), "[]"},
	} {
		if got := strings.ReplaceAll(fmt.Sprint(row.got), "/", ""); got != row.want {
			t.Errorf("%s: got %s, want %s", row.reason, got, row.want)
		}
	}
}
