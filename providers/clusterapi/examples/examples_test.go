// SPDX-License-Identifier: Apache-2.0

package examples_test

import (
	"os"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"

	"karpenter.sh/core/apis/vocabulary"
	judging "karpenter.sh/core/testkit/examples"
	"karpenter.sh/core/testkit/testserver"
	"karpenter.sh/providers/clusterapi/apis/crds"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
)

// OPS-341: the API server admits every manifest. That of a MachineDeployment is applied
// where Cluster API runs, by the end-to-end suite.
func TestManifests(t *testing.T) {
	definitions, err := crds.All()
	if err != nil {
		t.Fatal(err)
	}
	words, err := vocabulary.New(v1alpha1.Vocabulary())
	if err != nil {
		t.Fatal(err)
	}
	server := testserver.Start(t, definitions...)
	judge := judging.Judge{
		API: testserver.Client(t, server.Config, clientgoscheme.AddToScheme), Words: words,
		NodeClass: schema.GroupKind{Group: v1alpha1.Group, Kind: "ClusterAPINodeClass"},
	}
	files, err := filepath.Glob("*.yaml")
	if err != nil || len(files) < 4 {
		t.Fatalf("%d manifests, %v", len(files), err)
	}
	for _, file := range files {
		if file == "machinedeployment.yaml" {
			continue
		}
		if len(judge.Text(t, read(t, file))) == 0 {
			t.Errorf("there is no object in %s", file)
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
