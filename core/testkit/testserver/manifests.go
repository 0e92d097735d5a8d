// SPDX-License-Identifier: Apache-2.0

package testserver

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Create creates all objects of all YAML files of a directory.
func Create(t testing.TB, api client.Client, files fs.FS) {
	t.Helper()
	names, err := fs.Glob(files, "*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("no manifests: %v", err)
	}
	for _, name := range names {
		for _, object := range read(t, files, name) {
			if err := api.Create(t.Context(), object, client.FieldValidation("Strict")); err != nil {
				t.Fatalf("%s: creating %s %s: %v", name, object.GetKind(), object.GetName(), err)
			}
		}
	}
}

func read(t testing.TB, files fs.FS, name string) []*unstructured.Unstructured {
	t.Helper()
	text, err := fs.ReadFile(files, name)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := Decode(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return objects
}

// Decode reads the objects of a YAML text, in its order. Empty documents are left out.
func Decode(text []byte) ([]*unstructured.Unstructured, error) {
	var out []*unstructured.Unstructured
	for documents := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 1<<12); ; {
		object := &unstructured.Unstructured{}
		err := documents.Decode(object)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading document %d of a manifest: %w", len(out)+1, err)
		}
		if len(object.Object) > 0 {
			out = append(out, object)
		}
	}
}

// As is a configuration for requests in the name of a user who may do everything.
func As(config *rest.Config, user string) *rest.Config {
	out := rest.CopyConfig(config)
	out.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: []string{"system:masters"}}
	return out
}
