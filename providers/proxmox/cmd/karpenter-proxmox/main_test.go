// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/testkit/testserver"
	"karpenter.sh/providers/proxmox/apis/crds"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/internal/simtest"
	"karpenter.sh/test/cloudsim/proxmox"
)

// The test binary is also the binary under test: with asBinary set it runs main.
const asBinary = "KARPENTER_PROXMOX_TEST_BINARY"

func TestMain(m *testing.M) {
	if os.Getenv(asBinary) != "" {
		main()
	}
	os.Exit(m.Run())
}

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

// process is a running provider.
type process struct {
	*exec.Cmd
	probes int
	ended  chan error

	mu     sync.Mutex
	output bytes.Buffer
}

// Write collects what the process prints.
func (p *process) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.Write(text)
}

func (p *process) printed() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

func (w *world) start() *process {
	w.t.Helper()
	executable, err := os.Executable()
	w.must(err)
	p := &process{Cmd: exec.CommandContext(w.t.Context(), executable), probes: w.port(), ended: make(chan error, 1)}
	p.Env = append(slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, "GOCOVERDIR") }),
		asBinary+"=1", "KUBECONFIG="+w.kubeconfig, "CLOUD_CONFIG="+w.config, "DISABLE_LEADER_ELECTION=true", "CLUSTER_NAME=testing",
		fmt.Sprint("METRICS_PORT=", w.port()), fmt.Sprint("HEALTH_PROBE_PORT=", p.probes))
	p.Stdout, p.Stderr = p, p
	w.must(p.Start())
	go func() { p.ended <- p.Wait() }()
	w.t.Cleanup(func() {
		_ = p.Process.Kill() // it may have ended
		if w.t.Failed() {
			w.t.Log(p.printed())
		}
	})
	w.eventually("the process is ready", func() string {
		answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/readyz", p.probes)) //nolint:noctx // it ends with the process
		if err != nil {
			return err.Error()
		}
		defer func() { _ = answer.Body.Close() }() // only the status counts
		if answer.StatusCode != http.StatusOK {
			return answer.Status
		}
		return ""
	})
	return p
}

// port is one that is free.
func (w *world) port() int {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is closed at once
	w.must(err)
	defer func() { _ = l.Close() }() // it was open
	return l.Addr().(*net.TCPAddr).Port
}

// eventually waits until nothing is missing.
func (w *world) eventually(what string, missing func() string) {
	w.t.Helper()
	var last string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if last = missing(); last == "" {
			return
		}
	}
	w.t.Fatalf("%s: not yet: %s", what, last)
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
	w.must(first.Process.Kill())
	<-first.ended

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
	w.must(second.Process.Signal(syscall.SIGTERM))
	if err := <-second.ended; err != nil {
		t.Errorf("the process ended with %v", err)
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
