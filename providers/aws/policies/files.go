// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"embed"
	"io/fs"
)

//go:embed *.yaml
var files embed.FS

// Files returns the manifests: a policy and its binding in each, and parameters.yaml.
func Files() fs.FS { return files }
