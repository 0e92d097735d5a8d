// SPDX-License-Identifier: Apache-2.0

package tiltfile_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/yaml"

	"karpenter.sh/core/testkit/testserver"
	"karpenter.sh/tools/internal/localcluster"
)

// root is the repository's root directory.
var root = filepath.Join("..", "..") //nolint:gochecknoglobals // a constant

// fakeGo answers for tools/cluster, as PROBLEM says.
const fakeGo = `#!/bin/sh
[ "$3" = check ] && [ -n "$PROBLEM" ] || exit 0
echo "$PROBLEM" >&2
echo "exit status 1" >&2
exit 1
`

// newTilt is Tilt at a root that has what the repository has, and a cluster of kind called
// mine.
func newTilt(t *testing.T, provider string) *tilt {
	t.Helper()
	stand := t.TempDir()
	repository, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"charts", "core", "kwok", "monitoring", "providers", "test", "tools", "go.work", "Makefile"} {
		if err := os.Symlink(filepath.Join(repository, name), filepath.Join(stand, name)); err != nil {
			t.Fatal(err)
		}
	}
	layout := localcluster.Layout{Root: stand, Name: "mine"}
	state := localcluster.State{Name: "mine", Runtime: localcluster.RuntimeKind, Provider: provider, Ports: localcluster.Ports{Kwok: 7, CloudControl: 8}}
	if provider != localcluster.ProviderKwok {
		state.Cloud = &localcluster.CloudState{}
	}
	record, err := json.Marshal(state)
	if err != nil {
		t.Fatal(err)
	}
	values, err := localcluster.Values("mine", provider, func(string) (string, bool) { return "", false }, nil)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(layout.Dir(), "state.json"), string(record))
	write(t, layout.ChartValues(), values)
	write(t, filepath.Join(stand, "path", "go"), fakeGo)
	if err := os.Symlink(filepath.Join(repository, "bin", "helm"), layout.Program("helm")); err != nil {
		t.Fatal(err)
	}
	return &tilt{root: stand, subcommand: "up", context: "kind-mine", env: map[string]string{"CLUSTER": "mine", "PROVIDER": provider}}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o755)); err != nil {
		t.Fatal(err)
	}
}

// needHelm skips a test without Helm, unless nobody would notice.
func needHelm(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(root, "bin", "helm")); err == nil {
		return
	}
	if os.Getenv(testserver.CI) != "" {
		t.Fatal("bin/helm is not built")
	}
	t.Skip("bin/helm is not built: run make helm")
}

// object is one that Kubernetes is given.
type object struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace,omitempty"`
	} `json:"metadata"`
	Spec map[string]any `json:"spec,omitempty"`
}

func parse(text string) (all []object, err error) {
	for _, document := range strings.Split("\n"+text, "\n---\n") {
		var one object
		if err := yaml.Unmarshal([]byte(document), &one); err != nil {
			return nil, err
		}
		if one.Kind != "" {
			all = append(all, one)
		}
	}
	return all, nil
}

// OPS-362: what the Tiltfile tells Tilt about each provider is sound.
func TestUp(t *testing.T) {
	needHelm(t)
	for _, provider := range localcluster.ProviderNames() {
		if !localcluster.InKind(provider) {
			continue // "make kind-cluster" says so
		}
		t.Run(provider, func(t *testing.T) {
			told := newTilt(t, provider)
			if err := told.evaluate(filepath.Join(root, "Tiltfile")); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(told.contexts, []string{"kind-mine"}) {
				t.Errorf("contexts %v: Tilt would touch other clusters", told.contexts)
			}
			t.Run("resources", func(t *testing.T) { soundResources(t, told) })
			t.Run("image", func(t *testing.T) { soundImage(t, told, provider) })
			t.Run("objects", func(t *testing.T) { soundObjects(t, told) })
			t.Run("ports", func(t *testing.T) { soundPorts(t, told) })
			t.Run("probes", func(t *testing.T) { soundProbes(t, told, provider) })
			t.Run("generation", func(t *testing.T) { soundGeneration(t, told) })
			t.Run("buttons", func(t *testing.T) { soundButtons(t, told) })
		})
	}
}

func (t *tilt) resource(name string) *resource {
	for i := range t.resources {
		if t.resources[i].name == name {
			return &t.resources[i]
		}
	}
	return nil
}

// soundResources: names are unique, what is waited for is there, paths exist, and commands
// can be run.
func soundResources(t *testing.T, told *tilt) {
	names := map[string]bool{}
	paths := slices.Clone(told.watched)
	commands := []string{}
	for _, r := range told.resources {
		if names[r.name] {
			t.Errorf("two resources are called %s", r.name)
		}
		names[r.name] = true
		paths = append(paths, r.deps...)
		commands = append(commands, r.cmd, r.serve)
		for _, label := range r.labels {
			if problems := validation.IsQualifiedName(label); len(problems) > 0 {
				t.Errorf("%s: label %q: %v", r.name, label, problems)
			}
		}
	}
	for _, b := range told.builds {
		paths = append(paths, b.deps...)
		commands = append(commands, b.command)
	}
	for _, r := range told.resources {
		for _, other := range r.after {
			if !names[other] {
				t.Errorf("%s waits for %s, which there is not", r.name, other)
			}
		}
	}
	for _, path := range paths {
		if _, err := os.Stat(filepath.Join(told.root, path)); err != nil {
			t.Error(err)
		}
	}
	for _, command := range commands {
		if err := runnable(t, command); command != "" && err != nil {
			t.Errorf("%s: %v", command, err)
		}
	}
}

// runnable sees that the Makefile has the target and the settings, that a program knows its
// subcommand and flags.
func runnable(t *testing.T, command string) error {
	words := strings.Fields(command)
	switch {
	case len(words) > 1 && words[0] == "make":
		makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
		if err != nil {
			return err
		}
		for _, word := range words[1:] {
			name, _, setting := strings.Cut(word, "=")
			pattern := `(?m)^` + regexp.QuoteMeta(name) + `:`
			if setting {
				pattern = `(?m)^` + regexp.QuoteMeta(name) + `\s+\?=`
			}
			if !regexp.MustCompile(pattern).Match(makefile) {
				return fmt.Errorf("the Makefile has no %s", name)
			}
		}
	case len(words) > 2 && words[0] == "go" && words[1] == "run":
		args := []string{"run", words[2]}
		if len(words) > 3 && !strings.HasPrefix(words[3], "-") {
			args = append(args, words[3])
		}
		ask := exec.CommandContext(t.Context(), "go", append(args, "-help")...)
		ask.Dir = root
		help, err := ask.CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w\n%s", err, help)
		}
		for _, word := range words[len(args):] {
			if strings.HasPrefix(word, "-") && !regexp.MustCompile(`(?m)^\s*`+regexp.QuoteMeta(word)+`\b`).Match(help) {
				return fmt.Errorf("it knows no flag %s", word)
			}
		}
	case len(words) > 2 && words[0] == "go" && words[1] == "test":
		for _, pattern := range words[2:] {
			if _, err := os.Stat(filepath.Join(root, strings.TrimSuffix(pattern, "/..."))); err != nil {
				return err
			}
		}
	default:
		return errors.New("nobody tries this command")
	}
	return nil
}

// soundImage: Tilt builds the image that the Deployment has, and builds it anew whenever a
// module changes that is compiled into it.
func soundImage(t *testing.T, told *tilt, provider string) {
	if len(told.builds) != 1 {
		t.Fatalf("%d images are built", len(told.builds))
	}
	b := told.builds[0]
	image := container(t, told)["image"].(string)
	if !strings.HasPrefix(image, b.image+":") || b.image != localcluster.Repository(provider) {
		t.Errorf("Tilt builds %s, the cluster is loaded with %s, and the chart has %s", b.image, localcluster.Repository(provider), image)
	}
	if !b.ownLoad || b.reference == "" || !strings.HasSuffix(b.command, " -reference "+b.reference) {
		t.Errorf("Tilt does not learn that the command loads the image, and which: %+v", b)
	}
	source := "./providers/" + provider
	if provider == localcluster.ProviderKwok {
		source = "./kwok"
	}
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{if .Main}}{{.Dir}}{{end}}{{end}}", source+"/cmd/karpenter-"+provider)
	list.Dir = root
	modules, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	repository, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range strings.Fields(string(modules)) {
		if module, err := filepath.Rel(repository, dir); err != nil || !slices.Contains(b.deps, filepath.ToSlash(module)) {
			t.Errorf("a change of %s builds no image: %v", module, err)
		}
	}
}

// container is Karpenter's, as the chart has it.
func container(t *testing.T, told *tilt) map[string]any {
	t.Helper()
	all, err := parse(told.yaml.String())
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range all {
		if one.Kind == "Deployment" && one.Metadata.Name == "karpenter" {
			pod := one.Spec["template"].(map[string]any)["spec"].(map[string]any)
			return pod["containers"].([]any)[0].(map[string]any)
		}
	}
	t.Fatal("no Deployment is called karpenter")
	return nil
}

// soundObjects: every object belongs to one resource, the definitions to one that comes
// before Karpenter.
func soundObjects(t *testing.T, told *tilt) {
	all, err := parse(told.yaml.String())
	if err != nil {
		t.Fatal(err)
	}
	owners := map[string][]string{}
	for _, r := range told.resources {
		for _, selector := range r.objects {
			owners[selector] = append(owners[selector], r.name)
		}
	}
	definitions := 0
	for _, one := range all {
		selector := one.Metadata.Name + ":" + one.Kind
		if one.Metadata.Namespace != "" {
			selector += ":" + one.Metadata.Namespace
		}
		want := "karpenter"
		if one.Kind == "CustomResourceDefinition" {
			want = "crds"
			definitions++
		}
		if one.Kind == "Deployment" {
			if r := told.resource("karpenter"); r == nil || r.workload != one.Metadata.Name {
				t.Errorf("no resource is workload %s", one.Metadata.Name)
			}
			continue // it is told by its name, and by nothing else
		}
		if got := owners[selector]; !slices.Equal(got, []string{want}) {
			t.Errorf("%s belongs to %v, want %s", selector, got, want)
		}
		delete(owners, selector)
	}
	if definitions < 4 || len(owners) > 0 {
		t.Errorf("%d definitions; selected, but not there: %v", definitions, owners)
	}
	if r := told.resource("karpenter"); r == nil || !slices.Contains(r.after, "crds") {
		t.Error("Karpenter may be there before its definitions")
	}
}

// soundPorts: what is forwarded is a port of the container, and links lead to what is
// forwarded: metrics, profiles.
func soundPorts(t *testing.T, told *tilt) {
	var ports []int
	for _, port := range container(t, told)["ports"].([]any) {
		ports = append(ports, int(port.(map[string]any)["containerPort"].(float64)))
	}
	karpenter := told.resource("karpenter")
	leads := map[string]bool{}
	forwarded := map[int]bool{}
	for _, f := range karpenter.forwards {
		if !slices.Contains(ports, f.container) {
			t.Errorf("port %d is none of the container's %v", f.container, ports)
		}
		forwarded[f.local] = true
		leads[f.path] = true
	}
	for _, link := range karpenter.links {
		at, err := url.Parse(link)
		if err != nil {
			t.Fatal(err)
		}
		if port, err := strconv.Atoi(at.Port()); err != nil || !forwarded[port] {
			t.Errorf("%s leads to no forwarded port", link)
		}
		leads[at.Path] = true
	}
	if !leads["/metrics"] || !leads["/debug/pprof/"] {
		t.Errorf("no way to metrics and profiles: %v", leads)
	}
}

// soundProbes: what runs beside the cluster is watched where it is.
func soundProbes(t *testing.T, told *tilt, provider string) {
	want := map[string]action{"kwok-controller": {7, "/healthz"}}
	if provider != localcluster.ProviderKwok {
		want["cloudsim"] = action{8, "/v1/state"}
	}
	for _, r := range told.resources {
		if r.serve == "" {
			continue
		}
		if r.probe == nil || *r.probe != want[r.name] || !strings.HasSuffix(r.serve, " "+r.name) {
			t.Errorf("%s: %s, probe %+v, want %+v", r.name, r.serve, r.probe, want[r.name])
		}
		delete(want, r.name)
	}
	if len(want) > 0 {
		t.Errorf("not watched: %v", want)
	}
	if _, found := container(t, told)["readinessProbe"]; !found {
		t.Error("the Deployment has no readiness probe")
	}
}

// soundGeneration: definitions are generated on each change of a type, and not on a change
// that generating makes.
func soundGeneration(t *testing.T, told *tilt) {
	generate := told.resource("generate-apis")
	if generate == nil || generate.manual {
		t.Fatal("nothing is generated by itself")
	}
	modules, err := filepath.Glob(filepath.Join(root, "providers", "*", "apis"))
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range append(modules, filepath.Join(root, "core", "apis"), filepath.Join(root, "kwok", "apis")) {
		name, err := filepath.Rel(root, dir)
		if err != nil || !slices.Contains(generate.deps, filepath.ToSlash(name)) {
			t.Errorf("changes of %s generate nothing: %v", name, err)
		}
	}
	for _, written := range []string{"**/crds", "**/zz_generated*"} {
		if !slices.Contains(generate.ignore, written) {
			t.Errorf("what is written to %s generates anew", written)
		}
	}
	for _, chart := range []string{"karpenter", "karpenter-crd"} {
		if path := "charts/" + told.env["PROVIDER"] + "/" + chart; !slices.Contains(told.watched, path) {
			t.Errorf("a change of %s is not installed", path)
		}
	}
}

// soundButtons: the demo and the suite run when somebody asks for it, in kind.
func soundButtons(t *testing.T, told *tilt) {
	for name, part := range map[string]string{"demo": "./test/cmd/demo -provider " + told.env["PROVIDER"], "e2e": "make e2e RUNTIME=kind PROVIDER=" + told.env["PROVIDER"]} {
		if r := told.resource(name); r == nil || !r.manual || !r.waits || !strings.Contains(r.cmd, part) {
			t.Errorf("button %s: %+v", name, r)
		}
	}
}

// OPS-361, OPS-362: where Tilt cannot work it says so in one line that names the remedy, and does nothing.
func TestStops(t *testing.T) {
	for reason, tc := range map[string]struct {
		problem string
		change  func(*tilt)
		says    string
	}{
		"there is no Docker": {"cluster: runtime kind needs Docker; without it use make up", func(*tilt) {}, "use make up"},
		"there is no cluster": {"", func(told *tilt) { told.env["CLUSTER"] = "other" },
			"run make kind-cluster CLUSTER=other PROVIDER=kwok"},
		"the cluster has another provider": {"", func(told *tilt) { told.env["PROVIDER"] = "aws" },
			"run make kind-cluster CLUSTER=mine PROVIDER=aws"},
		"kubectl is pointed at another cluster": {"", func(told *tilt) { told.context = "production" },
			"export KUBECONFIG=$(go run ./tools/cluster kubeconfig -name mine)"},
	} {
		t.Run(reason, func(t *testing.T) {
			t.Setenv("PROBLEM", tc.problem)
			told := newTilt(t, localcluster.ProviderKwok)
			tc.change(told)
			err := told.evaluate(filepath.Join(root, "Tiltfile"))
			if err == nil || strings.Contains(strings.TrimSpace(err.Error()), "\n") || !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), "exit status") {
				t.Errorf("it says %v, want one line with %q", err, tc.says)
			}
			if len(told.resources) > 0 || len(told.commands) != 1 {
				t.Errorf("it went on: %v", told.commands)
			}
		})
	}
}

// OPS-362: tilt down removes the cluster, with all that runs beside it, whatever is left of it.
func TestDown(t *testing.T) {
	told := newTilt(t, localcluster.ProviderKwok)
	told.subcommand, told.context = "down", ""
	if err := os.RemoveAll(filepath.Join(told.root, "bin")); err != nil {
		t.Fatal(err)
	}
	if err := told.evaluate(filepath.Join(root, "Tiltfile")); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(told.commands, []string{"go run ./tools/cluster down -name mine"}) {
		t.Errorf("commands %v", told.commands)
	}
	if told.yaml.Len() > 0 || len(told.builds) > 0 {
		t.Error("Tilt would look for objects in a cluster that is gone")
	}
}
