// SPDX-License-Identifier: Apache-2.0

// Package crds holds the CustomResourceDefinition of TestNodeClass, generated
// from the type by tools/crdgen.
package crds

import (
	"embed"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"karpenter.sh/core/apis/crdfiles"
)

//go:embed *.yaml
var files embed.FS

// TestNodeClass returns the CRD of TestNodeClass, the caller's to change.
func TestNodeClass() (*apiextensionsv1.CustomResourceDefinition, error) {
	definitions, err := crdfiles.Read(files, "karpenter.test.sh_testnodeclasses.yaml")
	if err != nil {
		return nil, err
	}
	return definitions[0], nil
}
