// SPDX-License-Identifier: Apache-2.0

package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	corecrds "karpenter.sh/core/apis/crds"
	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/testkit/examples"
	"karpenter.sh/core/testkit/testserver"
	"karpenter.sh/kwok/apis/crds"
	"karpenter.sh/kwok/apis/v1alpha1"
	"karpenter.sh/kwok/catalogue"
	"karpenter.sh/kwok/provider"
)

// exampleFiles are the paths of the examples below the root.
func exampleFiles(t *testing.T) (out []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, guide, "examples", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, file := range files {
		out = append(out, guide+"/examples/"+filepath.Base(file))
	}
	return out
}

// OPS-341. One API server, with all CRDs, answers all: starting one takes most of the time.
func TestOnServer(t *testing.T) {
	definitions, err := crds.All()
	if err != nil {
		t.Fatal(err)
	}
	buffers, err := corecrds.CapacityBuffer()
	if err != nil {
		t.Fatal(err)
	}
	server := testserver.Start(t, append(definitions, buffers)...)
	t.Run("manifests", func(t *testing.T) { manifests(t, judge(t, server)) })
	t.Run("kubectl", func(t *testing.T) { kubectl(t, server) })
}

// judge is who looks at manifests, with the words of fake nodes.
func judge(t *testing.T, server *envtest.Environment) examples.Judge {
	t.Helper()
	onSale, err := catalogue.Load("")
	if err != nil {
		t.Fatal(err)
	}
	api := testserver.Client(t, server.Config, clientgoscheme.AddToScheme)
	cloud, err := provider.New(provider.Options{Client: api, Live: api, Catalogue: onSale})
	if err != nil {
		t.Fatal(err)
	}
	words, err := vocabulary.New(cloud.Vocabulary())
	if err != nil {
		t.Fatal(err)
	}
	return examples.Judge{API: api, Words: words, NodeClass: schema.GroupKind{Group: v1alpha1.Group, Kind: "KWOKNodeClass"}}
}

// manifests sees that every example, and every manifest in a page, is admitted with no
// unknown field, and that its NodePools can launch.
func manifests(t *testing.T, judge examples.Judge) {
	texts := map[string]string{}
	for _, file := range append(exampleFiles(t), "test/examples/kwok/nodepools.yaml") {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		texts[file] = string(text)
	}
	names, pages := guidePages(t)
	for _, name := range names {
		for _, block := range pages[name].Of("yaml") {
			texts[fmt.Sprintf("%s:%d", name, block.Line)] = block.Text
		}
	}
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			if len(judge.Text(t, text)) == 0 {
				t.Error("there is no object in it")
			}
		})
	}
}
