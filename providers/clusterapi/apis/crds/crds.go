// SPDX-License-Identifier: Apache-2.0

package crds

import (
	"embed"
	"io/fs"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"karpenter.sh/core/apis/crdfiles"
)

//go:embed *.yaml
var files embed.FS

// Files returns the YAML files, one CRD each, named <group>_<plural>.yaml.
func Files() fs.FS { return files }

// All returns every CRD by file name. Each call reads them anew, so that the
// caller may change what it gets.
func All() ([]*apiextensionsv1.CustomResourceDefinition, error) { return crdfiles.All(files) }
