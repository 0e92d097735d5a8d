// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/testkit/binary"
	"karpenter.sh/core/testkit/testserver"
	"karpenter.sh/providers/proxmox/apis/crds"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/internal/simtest"
	"karpenter.sh/test/cloudsim/proxmox"
)

func TestMain(m *testing.M) { binary.Main(m, main) }

// patience is how long something is waited for.
const patience = 60 * time.Second

// world is an API server and a simulated cluster that outlive the processes of the
// provider.
type world struct {
	t *testing.T
	*simtest.World
	api        client.Client
	kubeconfig string
	config     string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	definitions, err := crds.All()
	if err != nil {
		t.Fatal(err)
	}
	server := testserver.Start(t, definitions...)
	w := &world{t: t, api: testserver.Client(t, server.Config, corev1.AddToScheme, v1.AddToScheme, v1alpha1.AddToScheme)}
	w.World = simtest.Start(t, func(o *proxmox.Options) {
		o.Clock = clock.RealClock{} // processes of their own wait by it
		o.Times = map[string]time.Duration{"qmclone": 3 * time.Second, "download": time.Second, "qmcreate": time.Second, "qmstart": time.Millisecond, "qmstop": time.Millisecond, "qmdestroy": time.Millisecond}
	})
	w.kubeconfig = w.file("kubeconfig", string(server.KubeConfig))
	w.config = w.file("config.yaml", fmt.Sprintf("clusters:\n- {region: %s, url: %s/%[1]s/api2/json, insecure: true, token_id: %[3]q, token_secret: %[4]q}\n",
		simtest.Region, w.URL, simtest.TokenID, simtest.TokenSecret))
	w.must(w.api.Create(t.Context(), &corev1.ConfigMap{ // as the controller manager would
		ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "kube-root-ca.crt"}, Data: map[string]string{"ca.crt": "certificates"},
	}))
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) file(name, text string) string {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), name)
	w.must(os.WriteFile(path, []byte(text), 0o600))
	return path
}

// start starts the provider, and waits until it is ready.
func (w *world) start() *binary.Process {
	w.t.Helper()
	p := binary.Start(w.t, binary.Options{Env: []string{
		"KUBECONFIG=" + w.kubeconfig, "CLOUD_CONFIG=" + w.config, "DISABLE_LEADER_ELECTION=true", "CLUSTER_NAME=testing",
	}})
	p.Answers(w.t, "/readyz", http.StatusOK)
	return p
}

// eventually waits until nothing is missing.
func (w *world) eventually(what string, missing func() string) {
	w.t.Helper()
	binary.Eventually(w.t, patience, func() string {
		if why := missing(); why != "" {
			return fmt.Sprintf("%s: not yet: %s", what, why)
		}
		return ""
	})
}

// gone waits for the end of an object.
func (w *world) gone(o client.Object) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("%T %s is gone", o, o.GetName()), func() string {
		err := w.api.Get(w.t.Context(), client.ObjectKeyFromObject(o), o)
		if apierrors.IsNotFound(err) {
			return ""
		}
		return fmt.Sprintf("%v, %v", o.GetFinalizers(), err)
	})
}

// machines are those of a name.
func (w *world) machines(name string) []proxmox.Seen {
	w.t.Helper()
	all, err := w.Cloud.Machines(simtest.Region)
	w.must(err)
	return slices.DeleteFunc(all, func(m proxmox.Seen) bool { return m.Options["name"] != name })
}

func (w *world) createClass() *v1alpha1.ProxmoxNodeClass {
	w.t.Helper()
	ctx := w.t.Context()
	w.must(w.api.Create(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "templates"}}))
	nodeClass := &v1alpha1.ProxmoxNodeClass{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
	nodeClass.Spec = v1alpha1.ProxmoxNodeClassSpec{
		InstanceTemplateRef: &v1alpha1.InstanceTemplateRef{Kind: v1alpha1.UnmanagedTemplateKind, Name: "node"}, ResourcePool: "karpenter",
		MetadataOptions: &v1alpha1.MetadataOptions{Type: v1alpha1.MetadataTypeCDROM, TemplatesRef: &v1alpha1.SecretReference{Namespace: "default", Name: "templates"}},
	}
	w.must(w.api.Create(ctx, nodeClass))
	w.must(w.api.Create(ctx, &v1alpha1.ProxmoxUnmanagedTemplate{
		ObjectMeta: metav1.ObjectMeta{Name: "node"}, Spec: v1alpha1.ProxmoxUnmanagedTemplateSpec{TemplateName: "node"},
	}))
	return nodeClass
}

func (w *world) createClaim(name string) *v1.NodeClaim {
	w.t.Helper()
	claim := &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: name}}
	claim.Spec.NodeClassRef = v1.NodeClassReference{Group: v1alpha1.Group, Kind: v1alpha1.NodeClassKind, Name: "default"}
	claim.Spec.Requirements = []v1.NodeSelectorRequirementWithMinValues{{Key: "karpenter.sh/capacity-type", Operator: "In", Values: []string{"on-demand"}}}
	w.must(w.api.Create(w.t.Context(), claim))
	return claim
}

// PVE-061, PVE-063, PVE-112, PVE-020: the binary with its own API server and cluster. A
// NodeClass becomes ready, a process is killed while it makes a machine, the next one
// brings that to an end, and nothing is left of what is deleted.
func TestProcess(t *testing.T) {
	w := newWorld(t)
	first := w.start()
	nodeClass := w.createClass()
	w.eventually("the NodeClass is ready", func() string {
		w.must(w.api.Get(t.Context(), client.ObjectKeyFromObject(nodeClass), nodeClass))
		if nodeClass.StatusConditions().Root().IsTrue() && len(nodeClass.Status.SelectedZones) == 2 {
			return ""
		}
		return fmt.Sprintf("%+v", nodeClass.Status)
	})
	claim := w.createClaim("n1")
	w.eventually("a machine is being made", func() string {
		if len(w.machines("n1")) > 0 {
			return ""
		}
		w.must(w.api.Get(t.Context(), client.ObjectKeyFromObject(claim), claim))
		return fmt.Sprintf("%+v", claim.Status.Conditions)
	})
	first.Kill(t)

	second := w.start()
	w.eventually("the NodeClaim is launched", func() string {
		w.must(w.api.Get(t.Context(), client.ObjectKeyFromObject(claim), claim))
		if claim.Status.ProviderID != "" && claim.StatusConditions().Get(v1.ConditionTypeLaunched).IsTrue() {
			return ""
		}
		return fmt.Sprintf("%+v", claim.Status.Conditions)
	})
	machines := w.machines("n1")
	if len(machines) != 1 || !machines[0].Running || claim.Status.ProviderID != fmt.Sprintf("proxmox://%s/%d", simtest.Region, machines[0].ID) {
		t.Errorf("got %s, %+v", claim.Status.ProviderID, machines)
	}
	for _, key := range []string{v1alpha1.Kind().HashKey(), v1alpha1.AnnotationNodeInPlaceHash, v1alpha1.AnnotationPool, v1alpha1.AnnotationToken} {
		if claim.Annotations[key] == "" { // PVE-067
			t.Errorf("annotation %s is missing: %v", key, claim.Annotations)
		}
	}

	w.must(w.api.Delete(t.Context(), nodeClass))
	time.Sleep(time.Second)
	w.must(w.api.Get(t.Context(), client.ObjectKeyFromObject(nodeClass), nodeClass)) // it waits for its NodeClaim
	w.must(w.api.Delete(t.Context(), claim))
	w.gone(claim)
	w.gone(nodeClass)
	if left := w.machines("n1"); len(left) > 0 {
		t.Errorf("left: %+v", left)
	}
	volumes, err := w.Cloud.Volumes(simtest.Region)
	w.must(err)
	if slices.ContainsFunc(volumes, func(id string) bool { return strings.Contains(id, ":iso/") }) {
		t.Errorf("left: %v", volumes)
	}
	w.eventually("the tokens are gone", func() string {
		var secrets corev1.SecretList
		w.must(w.api.List(t.Context(), &secrets, client.MatchingLabels{v1alpha1.LabelBootstrapToken: "true"}))
		if n := len(secrets.Items); n > 1 { // that of the process which was killed expires
			return fmt.Sprint(n, " tokens")
		}
		return ""
	})
	second.Signal(t)
	if code := second.Exit(t, patience); code != 0 {
		t.Errorf("the process ended with code %d", code)
	}
}

// PVE-025, PVE-028, PVE-030: a template that the binary makes, changes and takes away.
func TestTemplate(t *testing.T) {
	w := newWorld(t)
	w.start()
	template := &v1alpha1.ProxmoxTemplate{ObjectMeta: metav1.ObjectMeta{Name: "t"}}
	template.Spec = v1alpha1.ProxmoxTemplateSpec{
		SourceImage: &v1alpha1.SourceImage{URL: "https://images.example.com/node.qcow2"}, StorageIDs: []string{"local", "local-lvm"},
		Network: []v1alpha1.Network{{Bridge: "vmbr0"}},
	}
	w.must(w.api.Create(t.Context(), template))
	settled := func(tags string) func() string {
		return func() string {
			w.must(w.api.Get(t.Context(), client.ObjectKeyFromObject(template), template))
			machines := w.machines("t")
			if template.StatusConditions().Root().IsTrue() && len(template.Status.Zones) == 2 && len(machines) == 2 &&
				template.Annotations[v1alpha1.AnnotationTemplateInPlaceHash] != "" && machines[1].Options["tags"] == tags {
				return ""
			}
			return fmt.Sprintf("%+v, %+v", template.Status, machines)
		}
	}
	w.eventually("the template is ready", settled(""))
	template.Spec.Tags = []string{"a"}
	w.must(w.api.Update(t.Context(), template))
	w.eventually("its machines are changed", settled("a"))
	w.must(w.api.Delete(t.Context(), template))
	w.gone(template)
	volumes, err := w.Cloud.Volumes(simtest.Region)
	w.must(err)
	if left := w.machines("t"); len(left) > 0 || slices.ContainsFunc(volumes, func(id string) bool { return strings.Contains(id, ":import/") }) {
		t.Errorf("left: %+v, %v", left, volumes)
	}
}
