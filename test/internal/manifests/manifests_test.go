// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"karpenter.sh/test/examples"
	"karpenter.sh/test/internal/manifests"
)

func TestApportion(t *testing.T) {
	for _, tc := range []struct {
		reason string
		shares []int
		total  int
		want   []int
	}{
		{"the same total changes nothing", []int{300, 200, 500}, 1000, []int{300, 200, 500}},
		{"an even split", []int{300, 200, 500}, 100, []int{30, 20, 50}},
		{"the largest remainder gets what is left", []int{3, 3, 4}, 11, []int{3, 3, 5}},
		{"the first among equals", []int{1, 1, 1}, 2, []int{1, 1, 0}},
		{"nothing to split", []int{3, 7}, 0, []int{0, 0}},
		{"no proportions are equal ones", []int{0, 0}, 3, []int{2, 1}},
		{"nobody to share", nil, 3, nil},
		{"a share of none stays without", []int{0, 5}, 3, []int{0, 3}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if got := manifests.Apportion(tc.shares, tc.total); !slices.Equal(got, tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func decode(t *testing.T, text []byte) []*unstructured.Unstructured {
	t.Helper()
	objects, err := manifests.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func replicas(t *testing.T, deployments []*unstructured.Unstructured) int64 {
	t.Helper()
	var sum int64
	for _, d := range deployments {
		n, found, err := unstructured.NestedInt64(d.Object, "spec", "replicas")
		if err != nil || !found {
			t.Fatalf("replicas of %s: %v", d.GetName(), err)
		}
		sum += n
	}
	return sum
}

func TestExamplesAreWhatTheySay(t *testing.T) {
	for _, set := range sets(t) {
		if got := replicas(t, manifests.Deployments(decode(t, set.Workload))); got != 1000 {
			t.Errorf("the example workload has %d pods, not 1000", got)
		}
		for _, text := range [][]byte{set.NodePools, set.Workload, set.Fillers} {
			if strings.Contains(string(text), "${") {
				t.Errorf("a variable is left in\n%s", text)
			}
			for _, o := range decode(t, text) {
				if o.GetLabels()[examples.PartOf] != examples.Demo {
					t.Errorf("%s %s lacks the label %s", o.GetKind(), o.GetName(), examples.PartOf)
				}
			}
		}
	}
}

// sets are the examples for all providers.
func sets(t *testing.T) []examples.Set {
	t.Helper()
	var out []examples.Set
	for _, provider := range examples.Providers() {
		set, err := examples.For(provider, "mine")
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, set)
	}
	if _, err := examples.For("mars", "mine"); err == nil || !strings.Contains(err.Error(), "mars") {
		t.Errorf("examples for an unknown provider: %v", err)
	}
	return out
}

// The pools of the demo take nobody else's pods, and all of its own.
func TestExamplesKeepToThemselves(t *testing.T) {
	const taint = "example.com/demo"
	keys := func(o *unstructured.Unstructured, path ...string) (found []any) {
		list, _, err := unstructured.NestedSlice(o.Object, path...)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range list {
			found = append(found, entry.(map[string]any)["key"])
		}
		return found
	}
	var all []*unstructured.Unstructured
	for _, set := range sets(t) {
		all = slices.Concat(all, decode(t, set.NodePools), decode(t, set.Workload), decode(t, set.Fillers))
	}
	for _, o := range all {
		path := map[string][]string{
			"NodePool": {"spec", "template", "spec", "taints"}, "Deployment": {"spec", "template", "spec", "tolerations"},
		}[o.GetKind()]
		if path != nil && !slices.Contains(keys(o, path...), any(taint)) {
			t.Errorf("%s %s lacks %s", o.GetKind(), o.GetName(), taint)
		}
	}
}

// A Deployment that is changed right after its creation is rolled out twice, and
// buys nodes twice.
func TestTheReadmeIsOneManifest(t *testing.T) {
	const example = "core/docs/examples/hello.yaml"
	text, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(text), "kubectl apply") != 1 || !strings.Contains(string(text), "kubectl apply -f "+example) ||
		strings.Contains(string(text), "kubectl set") || strings.Contains(string(text), "kubectl create") {
		t.Errorf("the example is more than %s", example)
	}
	manifest, err := os.ReadFile("../../../" + example)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	for _, o := range decode(t, manifest) {
		kinds[o.GetKind()] = true
	}
	if !kinds["KWOKNodeClass"] || !kinds["NodePool"] || !kinds["Deployment"] {
		t.Errorf("the manifest has %v", kinds)
	}
}

func TestScale(t *testing.T) {
	objects := decode(t, sets(t)[0].Workload)
	deployments := manifests.Deployments(objects)
	if err := manifests.Scale(deployments, 77); err != nil {
		t.Fatal(err)
	}
	if got := replicas(t, manifests.Deployments(objects)); got != 77 {
		t.Errorf("%d pods after scaling to 77", got)
	}
}

func TestDecodeNamesTheBrokenDocument(t *testing.T) {
	if _, err := manifests.Decode([]byte("kind: A\n---\nkind: [")); err == nil {
		t.Error("broken YAML was read")
	}
	if got := len(decode(t, []byte("---\n# nothing\n---\nkind: A\n"))); got != 1 {
		t.Errorf("%d objects, want 1", got)
	}
}
