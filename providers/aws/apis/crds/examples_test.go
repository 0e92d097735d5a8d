// SPDX-License-Identifier: Apache-2.0

package crds_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/testkit/examples"
	"karpenter.sh/core/testkit/markdown"
	v1 "karpenter.sh/providers/aws/apis/v1"
)

// judge is who looks at manifests.
func judge(t *testing.T, api client.Client) examples.Judge {
	t.Helper()
	words, err := vocabulary.New(v1.Vocabulary())
	if err != nil {
		t.Fatal(err)
	}
	return examples.Judge{API: api, Words: words, NodeClass: schema.GroupKind{Group: v1.Group, Kind: v1.NodeClassKind}}
}

// Every example is admitted, has no unknown fields, and is one that launches: the
// NodePools are valid at runtime and refer to a NodeClass before them.
func exampleFiles(t *testing.T, api client.Client) {
	files, err := filepath.Glob(filepath.Join("..", "..", "examples", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			classes, pools := map[string]bool{}, 0
			for _, object := range judge(t, api).Text(t, string(text)) {
				switch object.GetKind() {
				case v1.NodeClassKind:
					classes[object.GetName()] = true
					checkNodeClass(t, object)
				case "NodePool":
					pools++
					if name, _, _ := unstructured.NestedString(object.Object, "spec", "template", "spec", "nodeClassRef", "name"); !classes[name] {
						t.Errorf("NodePool %s refers to %q, which is not before it in the file", object.GetName(), name)
					}
				}
			}
			if len(classes) == 0 || pools == 0 {
				t.Errorf("%d NodeClasses and %d NodePools", len(classes), pools)
			}
		})
	}
}

// OPS-284, OPS-341: the manifests in the README and in the pages of tasks are admitted, and
// have no unknown fields.
func readmeBlocks(t *testing.T, api client.Client) {
	pages, err := filepath.Glob(filepath.Join("..", "..", "docs", "*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	var blocks []markdown.Block
	for _, file := range append(pages, filepath.Join("..", "..", "README.md")) {
		page, err := markdown.Read(file)
		if err != nil {
			t.Fatal(err)
		}
		blocks = append(blocks, page.Of("yaml")...)
	}
	if len(blocks) < 3 {
		t.Fatalf("%d manifests", len(blocks))
	}
	for _, block := range blocks {
		for _, object := range judge(t, api).Text(t, block.Text) {
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
