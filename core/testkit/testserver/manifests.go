// SPDX-License-Identifier: Apache-2.0

package testserver

import (
	"errors"
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

func read(t testing.TB, files fs.FS, name string) (out []*unstructured.Unstructured) {
	t.Helper()
	file, err := files.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() //nolint:errcheck // it was only read
	for documents := yaml.NewYAMLOrJSONDecoder(file, 1<<12); ; {
		object := &unstructured.Unstructured{}
		err := documents.Decode(object)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out = append(out, object)
	}
}

// As is a configuration for requests in the name of a user who may do everything.
func As(config *rest.Config, user string) *rest.Config {
	out := rest.CopyConfig(config)
	out.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: []string{"system:masters"}}
	return out
}
