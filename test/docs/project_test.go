// SPDX-License-Identifier: Apache-2.0

package docs_test

import (
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// PROJECT lists the kinds there are: each with a package and a CRD, and none is missing.
func TestProject(t *testing.T) {
	var project struct {
		Resources []struct{ Domain, Group, Kind, Path, Plural, Version string }
	}
	if err := yaml.Unmarshal([]byte(read(t, "PROJECT")), &project); err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, r := range project.Resources {
		group := strings.TrimPrefix(r.Group+"."+r.Domain, ".")
		listed[group+"_"+r.Plural+".yaml"] = true
		if err := directory(filepath.FromSlash(strings.TrimPrefix(r.Path, "karpenter.sh/"))); err != nil {
			t.Errorf("%s: %v", r.Kind, err)
		}
	}
	var defined []string
	for _, pattern := range []string{"core/apis/crds", "kwok/apis/crds", "providers/*/apis/crds"} {
		files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern), "*.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		defined = append(defined, files...)
	}
	seen := map[string]bool{}
	for _, file := range defined {
		seen[filepath.Base(file)] = true
		if !listed[filepath.Base(file)] {
			t.Errorf("PROJECT does not list the kind of %s", file)
		}
	}
	for name := range listed {
		if !seen[name] {
			t.Errorf("there is no CRD %s", name)
		}
	}
}
