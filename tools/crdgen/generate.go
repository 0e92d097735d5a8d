// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/controller-tools/pkg/crd"
	"sigs.k8s.io/controller-tools/pkg/deepcopy"
	"sigs.k8s.io/controller-tools/pkg/genall"
	"sigs.k8s.io/controller-tools/pkg/loader"
	"sigs.k8s.io/yaml"
)

// header begins every generated Go file.
const header = "// SPDX-License-Identifier: Apache-2.0\n"

// writeDeepcopy writes the deep-copy methods of the packages beside their types.
func writeDeepcopy(paths []string) error {
	generator := deepcopy.Generator{HeaderFile: "header"}
	if err := generate(generator, paths, genall.OutputArtifacts{Config: "."}); err != nil {
		return fmt.Errorf("generating deep-copy methods of %v: %w", paths, err)
	}
	return nil
}

// definitionsOf returns the CRDs that the markers of the packages describe, in
// the order of their names.
func definitionsOf(paths []string) ([]*apiextensionsv1.CustomResourceDefinition, error) {
	output := memory{}
	omit := true
	if err := generate(crd.Generator{OmitToolVersion: &omit}, paths, output); err != nil {
		return nil, fmt.Errorf("generating CRDs of %v: %w", paths, err)
	}
	definitions := make([]*apiextensionsv1.CustomResourceDefinition, 0, len(output))
	for _, name := range slices.Sorted(maps.Keys(output)) {
		definition := &apiextensionsv1.CustomResourceDefinition{}
		if err := yaml.UnmarshalStrict(output[name].Bytes(), definition); err != nil {
			return nil, fmt.Errorf("reading generated CRD %s: %w", name, err)
		}
		definitions = append(definitions, definition)
	}
	return definitions, nil
}

func generate(generator genall.Generator, paths []string, output genall.OutputRule) error {
	runtime, err := genall.Generators{&generator}.ForRoots(paths...)
	if err != nil {
		return fmt.Errorf("loading packages: %w", err)
	}
	runtime.InputRule = headerInput{}
	runtime.OutputRules = genall.OutputRules{Default: output}
	problems := &bytes.Buffer{}
	runtime.ErrorWriter = problems
	if runtime.Run() {
		return errors.New("controller-gen failed: " + strings.TrimSpace(problems.String()))
	}
	return nil
}

// headerInput answers every read with the header.
type headerInput struct{}

// OpenForRead returns the header whatever the path.
func (headerInput) OpenForRead(string) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(header)), nil
}

// memory keeps what is written, by name.
type memory map[string]*bytes.Buffer

// Open starts a new item, replacing one of the same name.
func (m memory) Open(_ *loader.Package, name string) (io.WriteCloser, error) {
	m[name] = &bytes.Buffer{}
	return nopCloser{m[name]}, nil
}

type nopCloser struct{ io.Writer }

// Close does nothing.
func (nopCloser) Close() error { return nil }
