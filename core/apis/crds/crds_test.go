// SPDX-License-Identifier: Apache-2.0

package crds_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/utils/ptr"

	"karpenter.sh/core/apis/crds"
)

// definitions returns all CRDs by kind.
func definitions(t testing.TB) map[string]*apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	list, err := crds.Core()
	if err != nil {
		t.Fatal(err)
	}
	buffer, err := crds.CapacityBuffer()
	if err != nil {
		t.Fatal(err)
	}
	byKind := map[string]*apiextensionsv1.CustomResourceDefinition{}
	for _, definition := range append(list, buffer) {
		byKind[definition.Spec.Names.Kind] = definition
	}
	return byKind
}

// API-001
func TestNames(t *testing.T) {
	want := map[string]string{
		"NodePool":       "nodepools.karpenter.sh Cluster nodepools nodepool NodePoolList [] [karpenter]",
		"NodeClaim":      "nodeclaims.karpenter.sh Cluster nodeclaims nodeclaim NodeClaimList [] [karpenter]",
		"NodeOverlay":    "nodeoverlays.karpenter.sh Cluster nodeoverlays nodeoverlay NodeOverlayList [overlays] [karpenter]",
		"CapacityBuffer": "capacitybuffers.autoscaling.x-k8s.io Namespaced capacitybuffers capacitybuffer CapacityBufferList [cb] [autoscaling]",
	}
	got := map[string]string{}
	for kind, definition := range definitions(t) {
		names := definition.Spec.Names
		got[kind] = fmt.Sprint(definition.Name, " ", definition.Spec.Scope, " ", names.Plural, " ", names.Singular, " ",
			names.ListKind, " ", names.ShortNames, " ", names.Categories)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// API-002
func TestVersions(t *testing.T) {
	want := map[string]string{
		"NodePool": "v1", "NodeClaim": "v1", "NodeOverlay": "v1alpha1", "CapacityBuffer": "v1beta1",
	}
	for kind, definition := range definitions(t) {
		versions := definition.Spec.Versions
		if len(versions) != 1 || versions[0].Name != want[kind] || !versions[0].Served || !versions[0].Storage {
			t.Errorf("%s has versions %v, want %s alone, served and stored", kind, versions, want[kind])
		}
		if definition.Spec.Conversion != nil {
			t.Errorf("%s is converted by %v", kind, definition.Spec.Conversion)
		}
	}
}

// API-001
func TestSubresources(t *testing.T) {
	for kind, definition := range definitions(t) {
		want := &apiextensionsv1.CustomResourceSubresources{Status: &apiextensionsv1.CustomResourceSubresourceStatus{}}
		if kind == "NodePool" {
			want.Scale = &apiextensionsv1.CustomResourceSubresourceScale{
				SpecReplicasPath: ".spec.replicas", StatusReplicasPath: ".status.nodes",
			}
		}
		if diff := cmp.Diff(want, definition.Spec.Versions[0].Subresources); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
	}
}

// API-004
func TestPrinterColumns(t *testing.T) {
	const ready = `.status.conditions[?(@.type=="Ready")].status string`
	want := map[string]string{
		"NodePool": `NodeClass: .spec.template.spec.nodeClassRef.name string
Nodes: .status.nodes string
Ready: ` + ready + `
Age: .metadata.creationTimestamp date
p1 Weight: .spec.weight integer
p1 CPU: .status.resources.cpu string
p1 Memory: .status.resources.memory string
`,
		"NodeClaim": `Type: .metadata.labels.node\.kubernetes\.io/instance-type string
Capacity: .metadata.labels.karpenter\.sh/capacity-type string
Zone: .metadata.labels.topology\.kubernetes\.io/zone string
Node: .status.nodeName string
Ready: ` + ready + `
Age: .metadata.creationTimestamp date
p1 ImageID: .status.imageID string
p1 ID: .status.providerID string
p1 NodePool: .metadata.labels.karpenter\.sh/nodepool string
p1 NodeClass: .spec.nodeClassRef.name string
p1 Drifted: .status.conditions[?(@.type=="Drifted")].status string
`,
		"NodeOverlay": `Ready: ` + ready + `
Age: .metadata.creationTimestamp date
p1 Weight: .spec.weight integer
`,
		"CapacityBuffer": `Strategy: .spec.provisioningStrategy string
PodTemplate: .status.podTemplateRef.name string
Replicas: .status.replicas integer
ConditionsType: .status.conditions[*].type string
ConditionsStatus: .status.conditions[*].status string
ConditionsReason: .status.conditions[*].reason string
Age: .metadata.creationTimestamp date
`,
	}
	for kind, definition := range definitions(t) {
		var got strings.Builder
		for _, column := range definition.Spec.Versions[0].AdditionalPrinterColumns {
			if column.Priority != 0 {
				fmt.Fprintf(&got, "p%d ", column.Priority)
			}
			fmt.Fprintf(&got, "%s: %s %s\n", column.Name, column.JSONPath, column.Type)
		}
		if diff := cmp.Diff(want[kind], got.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
	}
}

// schemaAt returns the schema of a kind at a path, where [] stands for the items
// of a list and {} for the values of a map.
func schemaAt(t *testing.T, kind, path string) apiextensionsv1.JSONSchemaProps {
	t.Helper()
	schema := *definitions(t)[kind].Spec.Versions[0].Schema.OpenAPIV3Schema
	for step := range strings.SplitSeq(path, ".") {
		switch step {
		case "[]":
			schema = *schema.Items.Schema
		case "{}":
			schema = *schema.AdditionalProperties.Schema
		default:
			property, found := schema.Properties[step]
			if !found {
				t.Fatalf("%s has no %s in %s", kind, step, path)
			}
			schema = property
		}
	}
	return schema
}

// API-005
func TestMergeTypes(t *testing.T) {
	for kind, types := range map[string]map[string]string{
		"NodePool": {
			"status.conditions":                         "map of [type]",
			"spec.disruption.budgets":                   "atomic",
			"spec.disruption.budgets.[].reasons":        "set",
			"spec.template.spec.taints":                 "atomic",
			"spec.template.spec.startupTaints":          "atomic",
			"spec.template.spec.requirements":           "atomic",
			"spec.template.spec.requirements.[].values": "atomic",
			"spec.template.metadata.labels":             "atomic",
			"spec.template.metadata.annotations":        "granular",
		},
		"NodeClaim": {
			"status.conditions": "map of [type]", "spec.taints": "atomic", "spec.startupTaints": "atomic",
			"spec.requirements": "atomic", "spec.requirements.[].values": "atomic",
		},
		"NodeOverlay": {
			"status.conditions": "map of [type]", "spec.requirements": "atomic", "spec.requirements.[].values": "atomic",
		},
		"CapacityBuffer": {"status.conditions": "map of [type]"},
	} {
		for path, want := range types {
			schema := schemaAt(t, kind, path)
			got := ptr.Deref(schema.XListType, ptr.Deref(schema.XMapType, ""))
			if len(schema.XListMapKeys) > 0 {
				got += fmt.Sprint(" of ", schema.XListMapKeys)
			}
			if got != want {
				t.Errorf("%s merges %s as %q, want %q", kind, path, got, want)
			}
		}
	}
}

const (
	labelValuePattern    = `^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$`
	qualifiedNamePattern = `^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*(\/))?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$`
	durationPattern      = `^([0-9]+(s|m|h))+$`
	expiryPattern        = `^(([0-9]+(s|m|h))+|Never)$`
)

// API-008 API-172
func TestPatterns(t *testing.T) {
	for kind, patterns := range map[string]map[string]string{
		"NodePool": {
			"spec.template.metadata.labels.{}":             labelValuePattern,
			"spec.template.spec.requirements.[].key":       qualifiedNamePattern,
			"spec.template.spec.requirements.[].values.[]": labelValuePattern,
			"spec.template.spec.taints.[].key":             qualifiedNamePattern,
			"spec.template.spec.taints.[].value":           qualifiedNamePattern,
			"spec.template.spec.startupTaints.[].key":      qualifiedNamePattern,
			"spec.template.spec.nodeClassRef.group":        `^[^/]*$`,
			"spec.template.spec.terminationGracePeriod":    durationPattern,
			"spec.template.spec.expireAfter":               expiryPattern,
			"spec.disruption.consolidateAfter":             expiryPattern,
			"spec.disruption.budgets.[].nodes":             `^((100|[0-9]{1,2})%|[0-9]+)$`,
			"spec.disruption.budgets.[].schedule":          `^(@(annually|yearly|monthly|weekly|daily|midnight|hourly))|((.+)\s(.+)\s(.+)\s(.+)\s(.+))$`,
			"spec.disruption.budgets.[].duration":          `^((([0-9]+(h|m))|([0-9]+h[0-9]+m))(0s)?)$`,
			"status.conditions.[].type":                    `^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$`,
			"status.conditions.[].reason":                  `^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$`,
		},
		"NodeClaim": {
			"spec.requirements.[].key":    qualifiedNamePattern,
			"spec.taints.[].key":          qualifiedNamePattern,
			"spec.terminationGracePeriod": durationPattern,
			"spec.expireAfter":            expiryPattern,
			"status.conditions.[].reason": `^([A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?|)$`,
		},
		"NodeOverlay": {
			"spec.requirements.[].key": qualifiedNamePattern,
			"spec.price":               `^\d+(\.\d+)?$`,
			"spec.priceAdjustment":     `^(([+-]{1}(\d*\.?\d+))|(\+{1}\d*\.?\d+%)|(^(-\d{1,2}(\.\d+)?%)$)|(-100%))$`,
		},
	} {
		for path, want := range patterns {
			schema := schemaAt(t, kind, path)
			if schema.Pattern != want {
				t.Errorf("%s %s has the pattern %s, want %s", kind, path, schema.Pattern, want)
			}
			if schema.Type != "string" || schema.XIntOrString || len(schema.AnyOf) > 0 { // API-051
				t.Errorf("%s %s is not a plain string", kind, path)
			}
		}
	}
}

// API-173
func TestRelaxedConditions(t *testing.T) {
	condition := schemaAt(t, "NodeClaim", "status.conditions.[]")
	if diff := cmp.Diff([]string{"lastTransitionTime", "status", "type"}, condition.Required); diff != "" {
		t.Errorf("required fields of a condition (-want +got):\n%s", diff)
	}
	if condition.Properties["reason"].MinLength != nil {
		t.Error("the reason of a condition has a least length")
	}
}

// API-176
func TestFiles(t *testing.T) {
	names, err := fs.Glob(crds.Files(), "*")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"autoscaling.x-k8s.io_capacitybuffers.yaml", "karpenter.sh_nodeclaims.yaml",
		"karpenter.sh_nodeoverlays.yaml", "karpenter.sh_nodepools.yaml",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// API-175: what installs Karpenter's own CRDs leaves the other project's alone.
func TestCoreIsKarpenterOnly(t *testing.T) {
	list, err := crds.Core()
	if err != nil {
		t.Fatal(err)
	}
	for _, definition := range list {
		if definition.Spec.Group != "karpenter.sh" {
			t.Errorf("%s is of another group", definition.Name)
		}
	}
}
