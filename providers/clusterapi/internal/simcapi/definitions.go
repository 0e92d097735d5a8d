// SPDX-License-Identifier: Apache-2.0

package simcapi

import (
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"karpenter.sh/providers/clusterapi/capi"
)

// Definitions make a real API server serve a version of Cluster API, whatever its objects
// hold.
func Definitions(version string) []*apiextensionsv1.CustomResourceDefinition {
	var out []*apiextensionsv1.CustomResourceDefinition
	for _, kind := range []string{"Cluster", "MachineDeployment", "MachineSet", "Machine"} {
		out = append(out, definition(kind, version))
	}
	return out
}

func definition(kind, version string) *apiextensionsv1.CustomResourceDefinition {
	singular := strings.ToLower(kind)
	anything := &apiextensionsv1.JSONSchemaProps{Type: "object", XPreserveUnknownFields: new(true)}
	d := &apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{Name: singular + "s." + capi.Group}}
	d.Spec.Group, d.Spec.Scope = capi.Group, apiextensionsv1.NamespaceScoped
	d.Spec.Names = apiextensionsv1.CustomResourceDefinitionNames{
		Plural: singular + "s", Singular: singular, Kind: kind, ListKind: kind + "List",
	}
	d.Spec.Versions = []apiextensionsv1.CustomResourceDefinitionVersion{{
		Name: version, Served: true, Storage: true,
		Schema:       &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: anything},
		Subresources: &apiextensionsv1.CustomResourceSubresources{Status: &apiextensionsv1.CustomResourceSubresourceStatus{}},
	}}
	return d
}
