// SPDX-License-Identifier: Apache-2.0

// Package crds holds the CustomResourceDefinition of TestNodeClass, generated
// from the type by tools/crdgen.
package crds

import (
	_ "embed"
	"fmt"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

//go:embed karpenter.test.sh_testnodeclasses.yaml
var testNodeClass []byte

// TestNodeClass returns the CRD of TestNodeClass, the caller's to change.
func TestNodeClass() (*apiextensionsv1.CustomResourceDefinition, error) {
	definition := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.UnmarshalStrict(testNodeClass, definition); err != nil {
		return nil, fmt.Errorf("decoding the CRD of TestNodeClass: %w", err)
	}
	return definition, nil
}
