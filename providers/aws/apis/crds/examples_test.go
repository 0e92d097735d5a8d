// SPDX-License-Identifier: Apache-2.0

package crds_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"

	karpenterv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/validation"
	"karpenter.sh/core/apis/vocabulary"
	v1 "karpenter.sh/providers/aws/apis/v1"
)

// Every example is admitted, has no unknown fields, and is one that launches: the
// NodePools are valid at runtime and refer to a NodeClass beside them.
func examples(t *testing.T, api client.Client) {
	files, err := filepath.Glob(filepath.Join("..", "..", "examples", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	words, err := vocabulary.New(v1.Vocabulary())
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			classes, pools := map[string]bool{}, 0
			for _, object := range objects(t, file) {
				if err := api.Create(t.Context(), object.DeepCopy(), client.DryRunAll, client.FieldValidation("Strict")); err != nil {
					t.Errorf("%s %s: %v", object.GetKind(), object.GetName(), err)
				}
				switch object.GetKind() {
				case v1.NodeClassKind:
					classes[object.GetName()] = true
					checkNodeClass(t, object)
				case "NodePool":
					pools++
					checkNodePool(t, object, words, classes)
				}
			}
			if len(classes) == 0 || pools == 0 {
				t.Errorf("%d NodeClasses and %d NodePools", len(classes), pools)
			}
		})
	}
}

// The manifests in the README are admitted, and have no unknown fields.
func readmeBlocks(t *testing.T, api client.Client) {
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(text, -1)
	if len(blocks) < 2 {
		t.Fatalf("%d manifests", len(blocks))
	}
	for _, block := range blocks {
		for _, object := range decode(t, block[1]) {
			if err := api.Create(t.Context(), object.DeepCopy(), client.DryRunAll, client.FieldValidation("Strict")); err != nil {
				t.Errorf("%s %s: %v", object.GetKind(), object.GetName(), err)
			}
			if object.GetKind() == v1.NodeClassKind {
				checkNodeClass(t, object)
			}
			if object.GetName() == "every-field" {
				everyField(t, object)
			}
		}
	}
}

// everyField sees that the spec has each field there is, but for the one that
// excludes role.
func everyField(t *testing.T, object *unstructured.Unstructured) {
	t.Helper()
	spec, _, _ := unstructured.NestedMap(object.Object, "spec")
	kind := reflect.TypeFor[v1.EC2NodeClassSpec]()
	for i := range kind.NumField() {
		name, _, _ := strings.Cut(kind.Field(i).Tag.Get("json"), ",")
		if _, ok := spec[name]; !ok && name != "instanceProfile" && name != "-" {
			t.Errorf("spec.%s is not shown", name)
		}
	}
}

func objects(t *testing.T, file string) []*unstructured.Unstructured {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, text)
}

func decode(t *testing.T, text []byte) []*unstructured.Unstructured {
	t.Helper()
	var objects []*unstructured.Unstructured
	for decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096); ; {
		object := &unstructured.Unstructured{}
		switch err := decoder.Decode(object); {
		case errors.Is(err, io.EOF):
			return objects
		case err != nil:
			t.Fatal(err)
		}
		objects = append(objects, object)
	}
}

func checkNodeClass(t *testing.T, object *unstructured.Unstructured) {
	t.Helper()
	nodeClass := &v1.EC2NodeClass{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, nodeClass); err != nil {
		t.Fatal(err)
	}
	if hash, err := nodeClass.Hash(""); hash == "" || err != nil {
		t.Errorf("EC2NodeClass %s: hash %q, %v", nodeClass.Name, hash, err)
	}
}

func checkNodePool(t *testing.T, object *unstructured.Unstructured, words *vocabulary.Vocabulary, classes map[string]bool) {
	t.Helper()
	pool := &karpenterv1.NodePool{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, pool); err != nil {
		t.Fatal(err)
	}
	if found := validation.NodePool(pool, words); found.Message() != "" || len(found.Warnings) > 0 {
		t.Errorf("NodePool %s: %v, %v", pool.Name, found.Message(), found.Warnings)
	}
	ref := pool.Spec.Template.Spec.NodeClassRef
	if !v1.Kind().Names(ref, ref.Name) || !classes[ref.Name] {
		t.Errorf("NodePool %s refers to %+v, which is not in the file", pool.Name, ref)
	}
	for i, requirement := range pool.Spec.Template.Spec.Requirements {
		if !words.IsWellKnown(words.NormalizeKey(requirement.Key)) {
			t.Errorf("NodePool %s: nothing is known by the key of requirement %d, %s", pool.Name, i, requirement.Key)
		}
	}
}
