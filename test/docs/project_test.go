// SPDX-License-Identifier: Apache-2.0

package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

// kind is one of PROJECT, or of a CRD.
type kind struct {
	Plural, Kind, Version string
	Namespaced            bool
}

// PROJECT lists the kinds there are, as their CRDs have them, each with its package; none is
// missing. What stands here is not external.
func TestProject(t *testing.T) {
	var project struct {
		Resources []struct {
			Domain, Group, Kind, Path, Plural, Version string
			External                                   bool
			API                                        struct{ Namespaced bool }
		}
	}
	if err := yaml.Unmarshal([]byte(read(t, "PROJECT")), &project); err != nil {
		t.Fatal(err)
	}
	listed := map[string]kind{}
	for _, r := range project.Resources {
		group := strings.TrimPrefix(r.Group+"."+r.Domain, ".")
		listed[group+"_"+r.Plural+".yaml"] = kind{r.Plural, r.Kind, r.Version, r.API.Namespaced}
		dir := filepath.FromSlash(strings.TrimPrefix(r.Path, "karpenter.sh/"))
		if err := directory(dir); err != nil {
			t.Errorf("%s: %v", r.Kind, err)
		}
		if r.External {
			t.Errorf("%s is said to be external, and is defined in %s", r.Kind, dir)
		}
	}
	if diff := cmp.Diff(definedKinds(t), listed); diff != "" {
		t.Errorf("PROJECT is not as the CRDs: %s", diff)
	}
}

// definedKinds are those of the CRDs, by the name of the file.
func definedKinds(t *testing.T) map[string]kind {
	t.Helper()
	defined := map[string]kind{}
	for _, pattern := range []string{"core/apis/crds", "kwok/apis/crds", "providers/*/apis/crds"} {
		files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern), "*.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var crd apiextensionsv1.CustomResourceDefinition
			if err := yaml.Unmarshal(text, &crd); err != nil {
				t.Fatal(err)
			}
			defined[filepath.Base(file)] = kind{
				crd.Spec.Names.Plural, crd.Spec.Names.Kind, crd.Spec.Versions[0].Name, crd.Spec.Scope == apiextensionsv1.NamespaceScoped,
			}
		}
	}
	return defined
}

// Contributors learn which Go the workspace asks for.
func TestGoVersion(t *testing.T) {
	asked := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, "go.work"))
	if asked == nil || !strings.Contains(read(t, "CONTRIBUTING.md"), "Go "+asked[1]+" ") {
		t.Errorf("CONTRIBUTING.md does not name Go %v", asked)
	}
}

// The head of what checks a change says which packages it installs, and no others.
func TestInstalled(t *testing.T) {
	head, body, found := strings.Cut(read(t, ".ci/run"), "\nset -euo pipefail\n")
	if !found {
		t.Fatal(".ci/run has no head")
	}
	said := map[string]bool{}
	for _, line := range regexp.MustCompile(`(?m)^#   (\S+(?:, \S+)*)  `).FindAllStringSubmatch(head, -1) {
		for name := range strings.SplitSeq(line[1], ", ") {
			said[name] = true
		}
	}
	installed := map[string]bool{}
	for _, call := range regexp.MustCompile(`\|\| install (\S+)`).FindAllStringSubmatch(body, -1) {
		installed[call[1]] = true
	}
	if diff := cmp.Diff(installed, said); diff != "" || len(said) == 0 {
		t.Errorf("what .ci/run installs, and says that it installs: %s", diff)
	}
}
