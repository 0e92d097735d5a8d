// SPDX-License-Identifier: Apache-2.0

// Package crdfiles reads CustomResourceDefinitions from files that are embedded in
// a binary (KIT-102). Core and providers each embed their own; this is the one
// reader of all of them.
package crdfiles

import (
	"fmt"
	"io/fs"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

// All returns the CRDs of every YAML file at the root, by file name. Each call
// reads them anew, so that the caller may change what it gets.
func All(files fs.FS) ([]*apiextensionsv1.CustomResourceDefinition, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("listing CRD files: %w", err)
	}
	return Read(files, names...)
}

// Read returns the CRDs of these files, in this order. An error names the file;
// a field that no CRD has is one.
func Read(files fs.FS, names ...string) ([]*apiextensionsv1.CustomResourceDefinition, error) {
	definitions := make([]*apiextensionsv1.CustomResourceDefinition, 0, len(names))
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("opening CRD file %s: %w", name, err)
		}
		definition := &apiextensionsv1.CustomResourceDefinition{}
		if err := yaml.UnmarshalStrict(text, definition); err != nil {
			return nil, fmt.Errorf("decoding CRD file %s: %w", name, err)
		}
		definitions = append(definitions, definition)
	}
	return definitions, nil
}
