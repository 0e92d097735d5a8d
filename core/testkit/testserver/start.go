// SPDX-License-Identifier: Apache-2.0

package testserver

import (
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// Start starts an API server that knows these CRDs, until the test ends. It skips
// tests as [Need] does.
func Start(t testing.TB, definitions ...*apiextensionsv1.CustomResourceDefinition) *envtest.Environment {
	t.Helper()
	Need(t)
	environment := &envtest.Environment{CRDs: definitions}
	if _, err := environment.Start(); err != nil {
		t.Fatalf("starting the API server: %v", err)
	}
	t.Cleanup(func() {
		if err := environment.Stop(); err != nil {
			t.Errorf("stopping the API server: %v", err)
		}
	})
	return environment
}

// Client returns a client of an API server, and of the types that add has.
func Client(t testing.TB, config *rest.Config, add ...func(*runtime.Scheme) error) client.Client {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, f := range add {
		if err := f(scheme); err != nil {
			t.Fatal(err)
		}
	}
	api, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatalf("connecting to the API server: %v", err)
	}
	return api
}
