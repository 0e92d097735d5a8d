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

// Core returns the CRDs of NodePool, NodeClaim and NodeOverlay. Each call reads
// them anew, so that the caller may change what it gets.
func Core() ([]*apiextensionsv1.CustomResourceDefinition, error) {
	return crdfiles.Read(files,
		"karpenter.sh_nodepools.yaml",
		"karpenter.sh_nodeclaims.yaml",
		"karpenter.sh_nodeoverlays.yaml",
	)
}

// CapacityBuffer returns the CRD of the autoscaling project's CapacityBuffer. It
// is only to be installed where there is none.
func CapacityBuffer() (*apiextensionsv1.CustomResourceDefinition, error) {
	definitions, err := crdfiles.Read(files, "autoscaling.x-k8s.io_capacitybuffers.yaml")
	if err != nil {
		return nil, err
	}
	return definitions[0], nil
}
