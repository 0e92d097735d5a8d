// SPDX-License-Identifier: Apache-2.0

package crds_test

import (
	"slices"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	karpenterv1 "karpenter.sh/core/apis/v1"
	corev1alpha1 "karpenter.sh/core/apis/v1alpha1"
	"karpenter.sh/core/testkit/testserver"
	"karpenter.sh/providers/proxmox/apis/crds"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
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
	return testserver.Client(t, config, karpenterv1.AddToScheme, corev1alpha1.AddToScheme, v1alpha1.AddToScheme)
}

// One API server answers all, since starting one takes most of the time.
func TestAdmission(t *testing.T) {
	api := server(t)
	for _, k := range kinds() {
		t.Run(k.kind, func(t *testing.T) { rules(t, api, k) })
	}
	t.Run("PVE-015, PVE-021 defaults", func(t *testing.T) { defaults(t, api) })
	t.Run("PVE-004 restricted domain", func(t *testing.T) { restrictedDomain(t, api) })
}

// PVE-001, PVE-002: the kinds and their columns.
func TestNames(t *testing.T) {
	definitions, err := crds.All()
	if err != nil {
		t.Fatal(err)
	}
	columns := map[string][]string{
		"proxmoxnodeclasses": {
			"Zones .status.resources.zones", "Balance .spec.placementStrategy.zoneBalance", "Template .spec.instanceTemplateRef.name",
			"Metadata .spec.metadataOptions.type", "Disk .spec.bootDevice.size",
		},
		"proxmoxtemplates":          {"Zones .status.resources.zones", "Machine .spec.machine", "CPU .spec.cpu.type", "VGA .spec.vga.type"},
		"proxmoxunmanagedtemplates": {"Zones .status.resources.zones", "Name .spec.templateName"},
	}
	var core []string
	for _, d := range definitions {
		want, ours := columns[d.Spec.Names.Plural]
		if !ours {
			core = append(core, d.Name)
			continue
		}
		delete(columns, d.Spec.Names.Plural)
		var got []string
		version := d.Spec.Versions[0]
		for _, c := range version.AdditionalPrinterColumns {
			got = append(got, c.Name+" "+c.JSONPath)
		}
		want = append(want, `Ready .status.conditions[?(@.type=="Ready")].status`, "Age .metadata.creationTimestamp")
		if !slices.Equal(got, want) {
			t.Errorf("%s has columns %q, want %q", d.Name, got, want)
		}
		if d.Spec.Group != v1alpha1.Group || d.Spec.Scope != "Cluster" || len(d.Spec.Versions) != 1 || version.Name != "v1alpha1" ||
			!version.Served || !version.Storage || version.Subresources.Status == nil || len(d.Spec.Names.ShortNames) > 0 ||
			!slices.Equal(d.Spec.Names.Categories, []string{"karpenter"}) {
			t.Errorf("got %+v", d.Spec)
		}
	}
	if slices.Sort(core); len(columns) > 0 || !slices.Equal(core, []string{"nodeclaims.karpenter.sh", "nodeoverlays.karpenter.sh", "nodepools.karpenter.sh"}) {
		t.Errorf("there are no CRDs of %v; of the core there are %v", columns, core)
	}
}
