// SPDX-License-Identifier: Apache-2.0

package crds_test

import (
	"io/fs"
	"slices"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "karpenter.sh/core/apis/v1alpha1"

	karpenterv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/testkit/testserver"
	"karpenter.sh/providers/aws/apis/crds"
	v1 "karpenter.sh/providers/aws/apis/v1"
)

// server starts an API server with all CRDs, so that it also tells whether it
// takes them.
func server(t *testing.T) client.Client {
	t.Helper()
	definitions, err := crds.All()
	if err != nil {
		t.Fatal(err)
	}
	config := testserver.Start(t, definitions...).Config
	config.QPS = -1 // hundreds of objects are tried
	return testserver.Client(t, config, karpenterv1.AddToScheme, corev1alpha1.AddToScheme, v1.AddToScheme)
}

// One API server answers all, since starting one takes most of the time.
func TestAdmission(t *testing.T) {
	api := server(t)
	t.Run("EC2NodeClass", func(t *testing.T) {
		t.Run("rules", func(t *testing.T) { nodeClassRules(t, api) })
		t.Run("status", func(t *testing.T) { statusRules(t, api) })
		t.Run("AWS-011 defaults of metadataOptions", func(t *testing.T) { metadataDefaults(t, api) })
		t.Run("AWS-013 edits", func(t *testing.T) { edits(t, api) })
		t.Run("AWS-020 kubelet is kept as it is", func(t *testing.T) { openKubelet(t, api) })
		t.Run("AWS-090 storing keeps the hash", func(t *testing.T) { storedHash(t, api) })
	})
	t.Run("AWS-016 restricted domain", func(t *testing.T) { restrictedDomain(t, api) })
	t.Run("examples", func(t *testing.T) { exampleFiles(t, api) })
	t.Run("README", func(t *testing.T) { readmeBlocks(t, api) })
}

func TestNames(t *testing.T) { // AWS-010
	definitions, err := crds.All()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range definitions {
		names = append(names, d.Name)
		if d.Name != "ec2nodeclasses.karpenter.k8s.aws" {
			continue
		}
		version, columns := d.Spec.Versions[0], []string{}
		for _, c := range version.AdditionalPrinterColumns {
			columns = append(columns, c.Name+" "+c.JSONPath+" "+string('0'+c.Priority))
		}
		if d.Spec.Names.Kind != "EC2NodeClass" || d.Spec.Names.ListKind != "EC2NodeClassList" || d.Spec.Names.Plural != "ec2nodeclasses" ||
			!slices.Equal(d.Spec.Names.ShortNames, []string{"ec2nc", "ec2ncs"}) || !slices.Equal(d.Spec.Names.Categories, []string{"karpenter"}) ||
			d.Spec.Scope != "Cluster" || len(d.Spec.Versions) != 1 || version.Name != "v1" || !version.Served || !version.Storage ||
			version.Subresources.Status == nil || d.Spec.Conversion != nil {
			t.Errorf("got %+v", d.Spec)
		}
		if want := []string{`Ready .status.conditions[?(@.type=="Ready")].status 0`, "Age .metadata.creationTimestamp 0", "Role .spec.role 1"}; !slices.Equal(columns, want) {
			t.Errorf("columns %q, want %q", columns, want)
		}
	}
	slices.Sort(names)
	want := []string{"ec2nodeclasses.karpenter.k8s.aws", "nodeclaims.karpenter.sh", "nodeoverlays.karpenter.sh", "nodepools.karpenter.sh"}
	if !slices.Equal(names, want) {
		t.Errorf("CRDs %v", names)
	}
	if files, err := fs.Glob(crds.Files(), "*.yaml"); err != nil || len(files) != len(want) {
		t.Errorf("files %v, %v", files, err)
	}
}
