// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"karpenter.sh/core/testkit/testserver"
)

// root is the repository's root directory, seen from here.
const root = "../.."

// providers have a chart each.
var providers = []string{"kwok", "aws", "clusterapi", "proxmox"}

// chart is the directory of a provider's chart.
func chart(provider, name string) string { return filepath.Join(root, "charts", provider, name) }

// essential are the values without which a chart does not render.
func essential(provider string) []string {
	return append([]string{"--values", "testdata/image.yaml"}, required[provider]...)
}

// required are the settings that a provider's chart asks of its user.
var required = map[string][]string{
	"aws":     {"--set", "settings.clusterName=here"},
	"proxmox": {"--set", "existingConfigSecret=clusters"},
}

// program returns the path of a built program, and skips the test if there is none,
// unless nobody would notice.
func program(t testing.TB, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(root, "bin", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if os.Getenv(testserver.CI) != "" {
		t.Fatalf("%s is not built", path)
	}
	t.Skipf("%s is not built: run make charts-test", path)
	return ""
}

// tryHelm runs Helm away from the user's own configuration.
func tryHelm(t testing.TB, args ...string) (stdout string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program(t, "helm"), args...)
	cmd.Env = helmEnv(t)
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		return out.String(), errors.Join(err, errors.New(problems.String()))
	}
	return out.String(), nil
}

func helmEnv(t testing.TB) []string {
	home := t.TempDir()
	return append(os.Environ(), "HELM_CACHE_HOME="+home, "HELM_CONFIG_HOME="+home, "HELM_DATA_HOME="+home)
}

func helm(t testing.TB, args ...string) string {
	t.Helper()
	out, err := tryHelm(t, args...)
	if err != nil {
		t.Fatalf("helm %s: %v", strings.Join(args, " "), err)
	}
	return out
}

// objects are what a chart renders.
type objects []*unstructured.Unstructured

// render renders a provider's chart as release karpenter in kube-system, with what it
// cannot do without and more arguments of helm template.
func render(t testing.TB, provider string, args ...string) objects {
	t.Helper()
	return renderAs(t, "karpenter", provider, args...)
}

func renderAs(t testing.TB, release, provider string, args ...string) objects {
	t.Helper()
	return template(t, []string{release, chart(provider, "karpenter"), "--namespace", "kube-system"}, provider, args)
}

// renderIn renders a provider's chart as release karpenter in a namespace.
func renderIn(t testing.TB, namespace, provider string, args ...string) objects {
	t.Helper()
	return template(t, []string{"karpenter", chart(provider, "karpenter"), "--namespace", namespace}, provider, args)
}

func template(t testing.TB, what []string, provider string, args []string) objects {
	t.Helper()
	return parse(t, unreleased(t, provider, helm(t, slices.Concat([]string{"template"}, what, essential(provider), args)...)))
}

// unreleased has the version that charts have before a release in place of that which one
// wrote into them: what is rendered is to be the same before and after.
func unreleased(t testing.TB, provider, text string) string {
	t.Helper()
	version, isText := valuesIn(t, filepath.Join(chart(provider, "karpenter"), "Chart.yaml"))["version"].(string)
	if !isText {
		t.Fatalf("the chart of %s has no version", provider)
	}
	return strings.ReplaceAll(text, version, "0.0.0")
}

func parse(t testing.TB, text string) objects {
	t.Helper()
	var found objects
	documents := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(text)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		object := &unstructured.Unstructured{}
		if err := yaml.UnmarshalStrict(document, &object.Object); err != nil {
			t.Fatalf("%v in\n%s", err, document)
		}
		if len(object.Object) > 0 {
			found = append(found, object)
		}
	}
	slices.SortFunc(found, func(a, b *unstructured.Unstructured) int {
		return strings.Compare(a.GetKind()+"/"+a.GetName(), b.GetKind()+"/"+b.GetName())
	})
	return found
}

// names lists kind and name of the objects.
func (o objects) names() []string {
	var names []string
	for _, object := range o {
		names = append(names, object.GetKind()+"/"+object.GetName())
	}
	return names
}

// find returns the only object of a kind and, if one is given, a name.
func find[T any](t testing.TB, all objects, kind string, name ...string) *T {
	t.Helper()
	var found []*unstructured.Unstructured
	for _, object := range all {
		if object.GetKind() == kind && (len(name) == 0 || object.GetName() == name[0]) {
			found = append(found, object)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d objects are %s %v, among %v", len(found), kind, name, all.names())
	}
	typed := new(T)
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(found[0].Object, typed, true); err != nil {
		t.Fatalf("%s %s: %v", kind, found[0].GetName(), err)
	}
	return typed
}
