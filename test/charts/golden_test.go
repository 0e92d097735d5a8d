// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "write the golden files anew")

// OPS-204..227, OPS-243..245, OPS-313: each chart renders what the golden files say, with the
// defaults and with everything set.
func TestGolden(t *testing.T) {
	cases := map[string][]string{
		"default": nil,
		// Monitoring, several replicas across zones, room to run: what production has.
		"ha": {"--values", "testdata/ha.yaml", "--api-versions", "monitoring.coreos.com/v1"},
		// As little as can be: nothing that others make.
		"minimal": {"--values", "testdata/minimal.yaml"},
	}
	for _, provider := range providers {
		t.Run(provider, func(t *testing.T) {
			for name, args := range cases {
				t.Run(name, func(t *testing.T) { golden(t, provider+"-"+name, render(t, provider, args...)) })
			}
			t.Run("all", func(t *testing.T) {
				golden(t, provider+"-all", render(t, provider, append(everything(provider), "--api-versions", "monitoring.coreos.com/v1")...))
			})
		})
	}
}

// everything sets every value of a provider's chart to something else than the default.
func everything(provider string) []string {
	return []string{"--values", "testdata/all.yaml", "--values", "testdata/all-" + provider + ".yaml"}
}

func golden(t *testing.T, name string, got objects) {
	t.Helper()
	var text strings.Builder
	for _, object := range got {
		document, err := yaml.Marshal(object.Object)
		if err != nil {
			t.Fatal(err)
		}
		text.WriteString("---\n" + string(document))
	}
	file := filepath.Join("testdata", name+".golden.yaml")
	if *update {
		if err := os.WriteFile(file, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: run with -update", err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(text.String(), "\n")); diff != "" {
		t.Errorf("%s differs; if it should, run with -update:\n%s", file, diff)
	}
}

// Every value is in the golden file that sets all of them.
func TestEverythingSetsEveryValue(t *testing.T) {
	for _, provider := range providers {
		defaults := valuesIn(t, filepath.Join(chart(provider, "karpenter"), "values.yaml"))
		set := map[string]any{}
		for _, file := range []string{"all.yaml", "all-" + provider + ".yaml"} {
			overlay(set, valuesIn(t, filepath.Join("testdata", file)))
		}
		for path, value := range leaves("", defaults) {
			given, found := at(set, path)
			switch {
			case path == "controller image repository" || path == "settings clusterName": // every test sets them
			case provider != "aws" && path == "admissionPolicies providerParameters": // they have no policies of their own
			case !found:
				t.Errorf("%s: %s is not set", provider, path)
			case cmp.Equal(value, given):
				t.Errorf("%s: %s has its default", provider, path)
			}
		}
	}
}

func valuesIn(t testing.TB, file string) map[string]any {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]any{}
	if err := yaml.Unmarshal(content, &values); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return values
}

func overlay(onto, values map[string]any) {
	for key, value := range values {
		deeper, isMap := value.(map[string]any)
		if below, both := onto[key].(map[string]any); isMap && both {
			overlay(below, deeper)
			continue
		}
		onto[key] = value
	}
}

// leaves are the values by their paths, with spaces between keys. A map without keys is
// one.
func leaves(prefix string, values map[string]any) map[string]any {
	found := map[string]any{}
	for key, value := range values {
		deeper, isMap := value.(map[string]any)
		if !isMap || len(deeper) == 0 {
			found[prefix+key] = value
			continue
		}
		for path, leaf := range leaves(prefix+key+" ", deeper) {
			found[path] = leaf
		}
	}
	return found
}

func at(values map[string]any, path string) (any, bool) {
	key, rest, deeper := strings.Cut(path, " ")
	value, found := values[key]
	if !deeper || !found {
		return value, found
	}
	below, isMap := value.(map[string]any)
	if !isMap {
		return nil, false
	}
	return at(below, rest)
}
