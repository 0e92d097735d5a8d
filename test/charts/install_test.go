// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/testkit/testserver"
)

// cluster is an API server, and how people get at it.
type cluster struct {
	client.Client
	discovery *discovery.DiscoveryClient
	// env are the variables of commands.
	env []string
}

// start starts an API server without any controller beside it.
func start(t *testing.T, provider string) *cluster {
	t.Helper()
	testserver.Need(t)
	bin := filepath.Dir(program(t, "helm"))
	server := &envtest.Environment{}
	config, err := server.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	admin, err := server.AddUser(envtest.User{Name: "admin", Groups: []string{"system:masters"}}, config)
	if err != nil {
		t.Fatal(err)
	}
	content, err := admin.KubeConfig()
	if err != nil {
		t.Fatal(err)
	}
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(kubeconfig, content, 0o600); err != nil {
		t.Fatal(err)
	}
	api, err := client.New(config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	described, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return &cluster{Client: api, discovery: described, env: append(helmEnv(t),
		"KUBECONFIG="+kubeconfig, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"),
		"PROVIDER="+provider, "IMAGE=example.org/karpenter", "CLUSTER_NAME=mine",
	)}
}

// try runs a script of a shell at the root of the repository.
func (c *cluster) try(t *testing.T, script string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script)
	cmd.Dir, cmd.Env = root, c.env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

func (c *cluster) run(t *testing.T, script string) {
	t.Helper()
	if out, err := c.try(t, script); err != nil {
		t.Fatalf("%v\n%s\n%s", err, script, out)
	}
}

// commands are the blocks of commands in charts/README.md below a heading, for every
// provider and for this one.
func commands(t *testing.T, heading, provider string) []string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, "charts", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(content), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("charts/README.md says nothing about %q", heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var blocks []string
	for _, m := range regexp.MustCompile("(?s)```sh *([a-z]*)\n(.*?)```").FindAllStringSubmatch(section, -1) {
		if slices.Contains(providers, m[1]) && m[1] != provider {
			continue
		}
		blocks = append(blocks, m[2])
	}
	if len(blocks) == 0 {
		t.Fatalf("charts/README.md has no commands for %q", heading)
	}
	return blocks
}

// logLevel is what the Deployment says of the setting.
func (c *cluster) logLevel(t *testing.T) string {
	t.Helper()
	var deployment appsv1.Deployment
	if err := c.Get(t.Context(), types.NamespacedName{Namespace: "kube-system", Name: "karpenter"}, &deployment); err != nil {
		t.Fatal(err)
	}
	for _, v := range deployment.Spec.Template.Spec.Containers[0].Env {
		if v.Name == "LOG_LEVEL" {
			return v.Value
		}
	}
	return ""
}

// exists tells whether an object is there.
func (c *cluster) exists(t *testing.T, kind schema.GroupVersionKind, name string) bool {
	t.Helper()
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(kind)
	err := c.Get(t.Context(), types.NamespacedName{Name: name}, object)
	if client.IgnoreNotFound(err) != nil {
		t.Fatal(err)
	}
	return err == nil
}

var crdKind = schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"}

// OPS-200, OPS-234, OPS-235, OPS-249..253: the commands of the README do what it says, on an API server that
// judges every object.
func TestLifeOfAnInstallation(t *testing.T) {
	for _, provider := range providers {
		t.Run(provider, func(t *testing.T) {
			t.Parallel()
			c := start(t, provider)
			for _, block := range commands(t, "Install", provider) {
				c.run(t, block)
			}
			t.Run("permissions", func(t *testing.T) { permissions(t, c, provider) })
			t.Run("everything set", func(t *testing.T) { admitted(t, c, provider) })

			upgrade := commands(t, "Upgrade", provider)
			c.run(t, upgrade[0])
			if got := c.logLevel(t); got != "debug" {
				t.Errorf("after the upgrade the level is %q", got)
			}
			c.run(t, upgrade[1])
			if got := c.logLevel(t); got != "info" {
				t.Errorf("after the rollback the level is %q", got)
			}

			pool := `{"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": "mine"}, "spec": {"template": {"spec": {
				"nodeClassRef": {"group": "example.org", "kind": "Class", "name": "mine"}, "requirements": []}}}}`
			c.run(t, "kubectl apply -f - <<< '"+pool+"'")
			uninstall := commands(t, "Uninstall", provider)
			c.run(t, uninstall[0])
			if !c.exists(t, v1.GroupVersion.WithKind("NodePool"), "mine") {
				t.Error("a NodePool went with the release")
			}
			for name := range generated(t, provider) {
				if !c.exists(t, crdKind, name) {
					t.Errorf("%s went with the release", name)
				}
			}
			if c.exists(t, schema.GroupVersionKind{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "ClusterRole"}, "karpenter-core") {
				t.Error("permissions stay")
			}
			t.Run("adoption", func(t *testing.T) { adoption(t, c, provider) })
			for _, block := range uninstall[1:] {
				c.run(t, block)
			}
		})
	}
}

// adoption has definitions that nobody owns, which a release takes over (OPS-251).
func adoption(t *testing.T, c *cluster, provider string) {
	c.run(t, `kubectl label crds --all app.kubernetes.io/managed-by- && kubectl annotate crds --all meta.helm.sh/release-name- meta.helm.sh/release-namespace-`)
	if out, err := c.try(t, "helm install karpenter-crd charts/$PROVIDER/karpenter-crd --namespace kube-system"); err == nil {
		t.Errorf("definitions of others are taken without a word:\n%s", out)
	}
	for _, block := range commands(t, "Definitions that are there already", provider) {
		c.run(t, block)
	}
	if !c.exists(t, v1.GroupVersion.WithKind("NodePool"), "mine") {
		t.Error("a NodePool was lost")
	}
}

// admitted sends every object of a chart that has everything set through admission, which
// knows all fields.
func admitted(t *testing.T, c *cluster, provider string) {
	args := append(append([]string{"template", "other", chart(provider, "karpenter"), "--namespace", "kube-system"}, essential(provider)...), everything(provider)...)
	file := filepath.Join(t.TempDir(), "objects.yaml")
	if err := os.WriteFile(file, []byte(helm(t, args...)), 0o644); err != nil {
		t.Fatal(err)
	}
	c.run(t, "kubectl create namespace leases && kubectl create namespace images && kubectl apply --dry-run=server --validate=strict --filename "+file)
}

// permissions asks of every resource and verb whether Karpenter may: it may what the
// tables say and nothing else, in a namespace of others and in its own.
func permissions(t *testing.T, c *cluster, provider string) {
	granted := map[grant]bool{}
	for _, g := range append(specified(t), own[provider]...) {
		granted[g] = true
	}
	home := map[grant]bool{{"coordination.k8s.io", "leases", "create"}: true}
	for _, rules := range inNamespaces[provider] {
		for _, g := range rules {
			home[g] = true
		}
	}
	// These are granted for objects of a name.
	delete(home, grant{"", "services", "get"})
	delete(home, grant{"", "configmaps", "get"})
	lease := "karpenter-leader-election"
	if provider == "proxmox" { // PVE-112
		lease = "proxmox-" + lease
	}
	named := map[grant]bool{{"coordination.k8s.io", "leases", "get"}: true, {"coordination.k8s.io", "leases", "update"}: true}
	for _, g := range resources(t, c) {
		at := func(namespace, name string) bool {
			return c.allows(t, "karpenter", g, types.NamespacedName{Namespace: namespace, Name: name})
		}
		// Every account may do a little, such as asking who it is.
		everywhere := granted[g] || c.allows(t, "nobody", g, types.NamespacedName{Namespace: "default"})
		if got := at("default", ""); got != everywhere {
			t.Errorf("in another namespace: %s %s.%s: %v, want %v", g.verb, g.resource, g.group, got, everywhere)
		}
		if got, want := at("kube-system", ""), everywhere || home[g]; got != want {
			t.Errorf("at home: %s %s.%s: %v, want %v", g.verb, g.resource, g.group, got, want)
		}
		if named[g] && (!at("kube-system", lease) || at("kube-system", "other")) {
			t.Errorf("the lease: %s is not limited to it", g.verb)
		}
	}
}

// resources are all that the API server has, with each verb.
func resources(t *testing.T, c *cluster) []grant {
	t.Helper()
	_, lists, err := c.discovery.ServerGroupsAndResources()
	if err != nil {
		t.Fatal(err)
	}
	found := map[grant]bool{}
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list.APIResources {
			for _, verb := range []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"} {
				found[grant{version.Group, r.Name, verb}] = true
			}
		}
	}
	return sorted(found)
}

// allows asks whether a service account in kube-system may.
func (c *cluster) allows(t *testing.T, account string, g grant, object types.NamespacedName) bool {
	t.Helper()
	resource, subresource, _ := strings.Cut(g.resource, "/")
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User:   "system:serviceaccount:kube-system:" + account,
		Groups: []string{"system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"},
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Group: g.group, Resource: resource, Subresource: subresource, Verb: g.verb,
			Namespace: object.Namespace, Name: object.Name,
		},
	}}
	if err := c.Create(t.Context(), review); err != nil {
		t.Fatal(err)
	}
	return review.Status.Allowed
}
