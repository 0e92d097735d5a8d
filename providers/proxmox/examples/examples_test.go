// SPDX-License-Identifier: Apache-2.0

package examples_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cloudprovider/kit/bootstrap"
	judging "karpenter.sh/core/testkit/examples"
	"karpenter.sh/core/testkit/testserver"
	"karpenter.sh/providers/proxmox/apis/crds"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/cloudconfig"
	"karpenter.sh/providers/proxmox/cloudinit"
	"karpenter.sh/providers/proxmox/kubeletconfig"
)

// clusters is the file for the controller, no manifest.
const clusters = "clusters.yaml"

func manifests(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("*.yaml")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	texts := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[file] = string(text)
	}
	return texts
}

// OPS-341: the API server admits every manifest, and its NodePools can launch.
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
		NodeClass: schema.GroupKind{Group: v1alpha1.Group, Kind: "ProxmoxNodeClass"},
	}
	for file, text := range manifests(t) {
		if file != clusters && len(judge.Text(t, text)) == 0 {
			t.Errorf("there is no object in %s", file)
		}
	}
}

// PVE-010: the file of clusters is one.
func TestClusters(t *testing.T) {
	if _, err := cloudconfig.Parse([]byte(manifests(t)[clusters])); err != nil {
		t.Error(err)
	}
}

// PVE-091, PVE-096: boot data render, and nodes are told what Karpenter needs of them.
func TestBootData(t *testing.T) {
	for file, text := range manifests(t) {
		if file == clusters {
			continue
		}
		objects, err := testserver.Decode([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		values := map[string]string{}
		for _, o := range objects {
			if data := stringData(t, o); strings.HasSuffix(o.GetName(), "-values") {
				values = data
			}
		}
		for _, o := range objects {
			if templates := stringData(t, o); strings.HasSuffix(o.GetName(), "-boot-data") {
				bootData(t, file, templates, values)
			}
		}
	}
}

func bootData(t *testing.T, file string, templates, values map[string]string) {
	t.Helper()
	const id, token = "proxmox://home/20000", "abcdef.0123456789abcdef"
	kubelet, err := kubeletconfig.Document(kubeletconfig.Launch{
		ProviderID: id, Pods: 110, Registration: bootstrap.RegistrationOf(&v1.NodeClaim{}, nil, nil),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	files, err := cloudinit.Render(templates, cloudinit.Data{
		Metadata:   cloudinit.Metadata{Hostname: "node-1", ProviderID: id},
		Kubernetes: cloudinit.Kubernetes{RootCA: "-----BEGIN CERTIFICATE-----\n", BootstrapToken: token, KubeletConfiguration: kubelet},
		Values:     values,
	})
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	var read map[string]any
	if err := yaml.UnmarshalStrict(files["user-data"], &read); err != nil {
		t.Fatalf("%s: %v in\n%s", file, err, files["user-data"])
	}
	said := spread(read)
	for _, word := range []string{id, "karpenter.sh/unregistered"} {
		if !strings.Contains(said, word) {
			t.Errorf("%s: the node is not told %s:\n%s", file, word, said)
		}
	}
	if _, own := values["token"]; !own && !strings.Contains(said, token) {
		t.Errorf("%s: the node gets no token", file)
	}
}

// spread is all that a document says, with what stands in it in base64.
func spread(value any) string {
	switch v := value.(type) {
	case map[string]any:
		var said strings.Builder
		for key, below := range v {
			said.WriteString(key + " " + spread(below) + "\n")
		}
		return said.String()
	case []any:
		var said strings.Builder
		for _, below := range v {
			said.WriteString(spread(below) + "\n")
		}
		return said.String()
	case string:
		if decoded, err := base64.StdEncoding.DecodeString(v); err == nil {
			return v + "\n" + string(decoded)
		}
		return v
	default:
		return fmt.Sprint(v)
	}
}

// stringData are the texts of a Secret; none of another kind.
func stringData(t *testing.T, object *unstructured.Unstructured) map[string]string {
	t.Helper()
	if object.GetKind() != "Secret" {
		return nil
	}
	data, _, err := unstructured.NestedStringMap(object.Object, "stringData")
	if err != nil {
		t.Fatal(err)
	}
	return data
}
