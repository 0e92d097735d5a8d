// SPDX-License-Identifier: Apache-2.0

package localcluster_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"karpenter.sh/tools/internal/localcluster"
	"karpenter.sh/tools/internal/process"
)

// The programs that a cluster of kind is made with: each writes down how it was called,
// with the root's path as ROOT.
const record = `#!/bin/sh
set -e
echo "${0##*/} $*" | sed "s#$ROOT#ROOT#g" >> "$CALLS"
`

func kindPrograms() map[string]string {
	return map[string]string{
		"bin/kind": record + `case "$1 $2" in
"create cluster")
  [ ! -f "$ROOT/fail" ] || { echo "ERROR: failed to create cluster: port is taken" >&2; exit 1; }
  dir=${8%/*}
  ln -s "$SLEEPER" "$dir/bin/kind-node"
  "$dir/bin/kind-node" --config "$6" > /dev/null 2>&1 < /dev/null &
  ;;
"export logs") mkdir -p "$3" && echo kubelet > "$3/kubelet.log" ;;
esac
`,
		"bin/kubectl": record + `[ "$2" != deployment ] || printf karpenter.local/karpenter-kwok:runs
`,
		"bin/helm": record,
		"path/docker": record + `[ "$1" != network ] || echo "fc00::1 172.18.0.1 "
[ "$1" != version ] || echo 28.0.0
[ "$4" != images ] || echo '{"images": [{"repoTags": ["registry.k8s.io/pause:3.10"]}, {"repoTags": ["karpenter.local/karpenter-kwok:old"]}, {"repoTags": ["karpenter.local/karpenter-kwok:runs"]}, {"repoTags": []}]}'
`,
		"path/go": record + `[ "$1" != list ] || { echo "karpenter.sh/$(basename "$PWD")"; exit; }
case "$3" in
*/cloudsim) cp "$SLEEPER" "$3" ;;
*) cp "$ROOT/builder" "$3" ;;
esac
`,
		"builder": record + `for word; do [ "$before" != -archive ] || : > "$word"; [ "$before" != -repository ] || repository=$word; before=$word; done
echo "a layout@sha256:0123456789abcdef"
echo "$repository:0123456789ab"
`,
	}
}

// kindRoot makes a root with those programs.
func kindRoot(t *testing.T, provider string) localcluster.UpOptions {
	t.Helper()
	root := t.TempDir()
	sleeper, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, script := range kindPrograms() {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(script), 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"tools/images", "test/cloudsim", "kwok/cmd/karpenter-kwok", "providers/aws/cmd/karpenter-aws", "providers/proxmox/cmd/karpenter-proxmox"} {
		if err := os.MkdirAll(filepath.Join(root, filepath.FromSlash(dir)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(sleeper, filepath.Join(root, "bin", "kwok")); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"SLEEPER": sleeper, "ROOT": root, "CALLS": filepath.Join(root, "calls"),
		"PATH": filepath.Join(root, "path") + string(os.PathListSeparator) + os.Getenv("PATH"),
	} {
		t.Setenv(name, value)
	}
	for _, name := range []string{"FEATURE_GATES", "ENABLE_PROFILING", "SYSTEM_NAMESPACE"} { // the caller's would win
		t.Setenv(name, "")
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
	opts := localcluster.UpOptions{
		Layout: localcluster.Layout{Root: root, Name: "mine"}, Runtime: localcluster.RuntimeKind, Provider: provider, Out: io.Discard,
	}
	t.Cleanup(func() { down(t, opts.Layout, "") })
	return opts
}

// calls returns what was called since the last time.
func calls(t *testing.T, opts localcluster.UpOptions) []string {
	t.Helper()
	path := filepath.Join(opts.Root, "calls")
	content, err := os.ReadFile(path)
	if err := errors.Join(err, os.Remove(path)); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(content)), "\n")
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

const (
	asksDocker = "docker version --format {{.Server.Version}}"
	isServing  = "kubectl get --raw /readyz --request-timeout 5s"
	beside     = "kubectl apply --server-side --force-conflicts --filename ROOT/bin/clusters/mine/input/objects.json"
	linuxImage = "images-builder -root ROOT -out ROOT/bin/clusters/mine/images -platforms linux/"
)

// made are the commands that make a cluster of kind.
func made() []string {
	return []string{
		asksDocker,
		"kind create cluster --name mine --config ROOT/bin/clusters/mine/input/kind.json --kubeconfig ROOT/bin/clusters/mine/kubeconfig --wait 2m",
		"kubectl get serviceaccount default --namespace default --request-timeout 5s",
		"kubectl taint nodes --all --overwrite CriticalAddonsOnly=true:NoSchedule",
		`kubectl patch daemonsets kindnet kube-proxy --namespace kube-system --patch {"spec":{"template":{"spec":{"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"kwok-partition","operator":"DoesNotExist"}]}]}}}}}}}`,
	}
}

// installed are the commands that bring Karpenter into it.
func installed(provider string) []string {
	return append(append([]string{beside}, loaded(provider)...),
		"helm upgrade --install karpenter-crd ROOT/charts/"+provider+"/karpenter-crd --namespace kube-system --take-ownership --force-conflicts",
		"helm upgrade --install karpenter ROOT/charts/"+provider+"/karpenter --namespace kube-system --take-ownership --force-conflicts --skip-crds --values ROOT/bin/clusters/mine/input/values.json --set controller.image.tag=0123456789ab --wait --timeout 3m",
	)
}

// loaded are those that bring its image into the node, and the ones that nobody needs out
// of it.
func loaded(provider string) []string {
	commands := []string{
		"go build -o ROOT/bin/images-builder .",
		"go list .",
		linuxImage + arch + " -created 0 -archive ROOT/bin/clusters/mine/image.tar -repository karpenter.local/karpenter-" + provider + " karpenter.sh/karpenter-" + provider,
		"kubectl get deployment karpenter --namespace kube-system --ignore-not-found --output jsonpath={.spec.template.spec.containers[0].image}",
		"docker exec mine-control-plane crictl images --output json",
	}
	if provider == localcluster.ProviderKwok {
		commands = append(commands, "docker exec mine-control-plane crictl rmi karpenter.local/karpenter-kwok:old")
	}
	return append(commands, "kind load image-archive ROOT/bin/clusters/mine/image.tar --name mine")
}

// OPS-262, OPS-274, OPS-360, KWOK-036: a cluster of kind is made, Karpenter is installed by its
// charts, both again cost little, and all goes in the end.
func TestKind(t *testing.T) {
	opts := kindRoot(t, localcluster.ProviderKwok)
	opts.Env = []string{"LOG_LEVEL=debug"}
	state := up(t, opts)
	expect(t, calls(t, opts), append(made(), installed("kwok")...)...)
	if state.Controller == nil || !state.Components["kwok-controller"].Alive() {
		t.Fatalf("state %+v", state)
	}
	if _, err := os.Stat(filepath.Join(opts.Dir(), "image.tar")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the archive takes room although it was loaded: %v", err)
	}

	again := up(t, opts)
	expect(t, calls(t, opts), append([]string{asksDocker, isServing}, installed("kwok")...)...)
	if again.Components["kwok-controller"] != state.Components["kwok-controller"] {
		t.Error("a cluster that works was replaced")
	}

	opts.Env = []string{"LOG_LEVEL=info"}
	if _, err := localcluster.Restart(t.Context(), opts); err != nil { // OPS-265
		t.Fatal(err)
	}
	expect(t, calls(t, opts), installed("kwok")...)
	if values := readValues(t, opts); variable(values, "LOG_LEVEL") != "info" {
		t.Errorf("after a restart with other settings the values are %v", values)
	}
	opts.Args = []string{"--log-level=debug"}
	if _, err := localcluster.Restart(t.Context(), opts); err == nil {
		t.Error("arguments that Karpenter does not get are taken without a word")
	}

	logs := filepath.Join(opts.Root, "kept")
	down(t, opts.Layout, logs)
	expect(t, calls(t, opts),
		"kind export logs ROOT/bin/clusters/mine/logs/kind --name mine",
		"kind delete cluster --name mine --kubeconfig ROOT/bin/clusters/mine/kubeconfig")
	if content, err := os.ReadFile(filepath.Join(logs, "kind", "kubelet.log")); err != nil || string(content) != "kubelet\n" {
		t.Errorf("the container's logs: %q, %v", content, err)
	}
	if left, err := process.Under(opts.Dir()); err != nil || len(left) > 0 {
		t.Errorf("left after down: %v, %v", left, err)
	}
}

// OPS-362: a bare cluster is ready for whoever installs Karpenter, and an image comes by itself.
func TestBareKind(t *testing.T) {
	opts := kindRoot(t, localcluster.ProviderKwok)
	if _, err := localcluster.LoadImage(t.Context(), opts.Layout, io.Discard); err == nil || !strings.Contains(err.Error(), "make kind-cluster CLUSTER=mine") {
		t.Errorf("an image for no cluster: %v", err)
	}
	opts.Bare, opts.Kubernetes = true, "1.30.13"
	state := up(t, opts)
	want := made() // OPS-260
	want[1] += " --image kindest/node:v1.30.13"
	expect(t, calls(t, opts), append(want, beside)...)
	if state.Controller != nil {
		t.Errorf("Karpenter is on record: %+v", state.Controller)
	}
	image, err := localcluster.LoadImage(t.Context(), opts.Layout, io.Discard)
	if err != nil || image != localcluster.Repository(localcluster.ProviderKwok)+":0123456789ab" {
		t.Errorf("image %s, %v", image, err)
	}
	expect(t, calls(t, opts), loaded("kwok")...)
}

// OPS-360: the simulated cloud is a process that pods reach by the gateway of kind's network, if
// that is here, or by the name that a virtual machine has for this one.
func TestKindWithCloud(t *testing.T) {
	opts := kindRoot(t, "aws")
	state := up(t, opts)
	expect(t, calls(t, opts), append(append(made(),
		"go build -o ROOT/bin/cloudsim ./cmd/cloudsim",
		"docker network inspect kind --format {{range .IPAM.Config}}{{.Gateway}} {{end}}"), installed("aws")...)...)
	if state.Cloud == nil || !state.Cloud.Process.Alive() {
		t.Fatalf("state %+v", state)
	}
	content, err := os.ReadFile(filepath.Join(opts.Dir(), "input", "objects.json"))
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		Items []struct {
			Kind       string
			StringData map[string]string
		}
	}
	if err := json.Unmarshal(content, &list); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"AWS_ENDPOINT_URL": "https://172.18.0.1:1", "AWS_CA_BUNDLE": "/etc/cloudsim/ca.pem", "ca.pem": "authority",
		"AWS_EC2_METADATA_DISABLED": "true",
	}
	if diff := cmp.Diff(want, list.Items[1].StringData); list.Items[1].Kind != "Secret" || diff != "" {
		t.Error(diff)
	}
}

func TestReachable(t *testing.T) {
	here := func(address string) bool { return address == "172.18.0.1" }
	tests := []struct {
		reason   string
		gateways []string
		want     localcluster.Network
	}{
		{"the gateway is an address of this machine", []string{"fc00::1", "172.18.0.1"}, localcluster.Network{Listen: "172.18.0.1", Host: "172.18.0.1"}},
		{"Docker runs in a virtual machine", []string{"172.19.0.1"}, localcluster.Network{Listen: "127.0.0.1", Host: "host.docker.internal"}},
		{"the network tells no gateway", nil, localcluster.Network{Listen: "127.0.0.1", Host: "host.docker.internal"}},
		{"what it tells is no address", []string{"<no", "value>"}, localcluster.Network{Listen: "127.0.0.1", Host: "host.docker.internal"}},
	}
	for _, tc := range tests {
		if got := localcluster.Reachable(tc.gateways, here); got != tc.want {
			t.Errorf("%s: %+v, want %+v", tc.reason, got, tc.want)
		}
	}
}

// A start that failed leaves nothing, and says what kind said.
func TestKindFails(t *testing.T) {
	opts := kindRoot(t, localcluster.ProviderKwok)
	if err := os.WriteFile(filepath.Join(opts.Root, "fail"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := localcluster.Up(t.Context(), opts); err == nil || !strings.Contains(err.Error(), "port is taken") {
		t.Errorf("Up = %v", err)
	}
	deleted := 0
	for _, call := range calls(t, opts) {
		if strings.HasPrefix(call, "kind delete cluster") {
			deleted++
		}
	}
	if deleted != 1 { // before it was tried once more
		t.Errorf("what the first try left was deleted %d times", deleted)
	}
}

// OPS-361: without Docker one line says so and names what needs none, before anything is built.
func TestWithoutDocker(t *testing.T) {
	for reason, script := range map[string]string{
		"there is no Docker": "",
		"it does not answer": "#!/bin/sh\necho 'Cannot connect to the Docker daemon.\nIs it running?' >&2\nexit 1\n",
	} {
		t.Run(reason, func(t *testing.T) {
			opts := kindRoot(t, localcluster.ProviderKwok)
			path := filepath.Join(opts.Root, "empty")
			if err := os.Mkdir(path, 0o755); err != nil {
				t.Fatal(err)
			}
			if script != "" {
				if err := os.WriteFile(filepath.Join(path, "docker"), []byte(script), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			t.Setenv("PATH", path)
			_, err := localcluster.Up(t.Context(), opts)
			if err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "make up") || !strings.Contains(err.Error(), "make e2e") {
				t.Errorf("Up = %v", err)
			}
			if _, err := os.Stat(opts.Dir()); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("something was begun: %v", err)
			}
		})
	}
}

// What a Deployment cannot take is refused before anything is made, or Docker looked for.
func TestArgumentsAreRefusedFirst(t *testing.T) {
	_, err := localcluster.Up(t.Context(), localcluster.UpOptions{
		Layout: localcluster.Layout{Root: t.TempDir(), Name: "mine"}, Runtime: localcluster.RuntimeKind, Args: []string{"--log-level=debug"},
	})
	if err == nil || !strings.Contains(err.Error(), "takes variables only (-env)") {
		t.Errorf("got %v", err)
	}
}
