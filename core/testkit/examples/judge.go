// SPDX-License-Identifier: Apache-2.0

package examples

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/validation"
	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/testkit/testserver"
)

// usersOwn is what labels of the examples begin with that users would make up.
const usersOwn = "example.com/"

// Judge looks at manifests.
type Judge struct {
	// API is a server that has all CRDs.
	API client.Client
	// Words are the labels and values that the provider knows.
	Words *vocabulary.Vocabulary
	// NodeClass is the provider's kind.
	NodeClass schema.GroupKind
}

// Text judges the objects of a YAML text, and returns them.
func (j Judge) Text(t *testing.T, text string) []*unstructured.Unstructured {
	t.Helper()
	objects, err := testserver.Decode([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range objects {
		j.admitted(t, object)
		if object.GroupVersionKind().GroupKind() == (schema.GroupKind{Group: v1.Group, Kind: "NodePool"}) {
			j.launches(t, object)
		}
	}
	return objects
}

// admitted tries to create the object, in the namespace default if it names none.
func (j Judge) admitted(t *testing.T, object *unstructured.Unstructured) {
	t.Helper()
	try := object.DeepCopy()
	namespaced, err := j.API.IsObjectNamespaced(try)
	if err != nil {
		t.Errorf("%s %s: %v", object.GetKind(), object.GetName(), err)
		return
	}
	if namespaced && try.GetNamespace() == "" {
		try.SetNamespace(metav1.NamespaceDefault)
	}
	if err := j.API.Create(t.Context(), try, client.DryRunAll, client.FieldValidation("Strict")); err != nil {
		t.Errorf("%s %s: %v", object.GetKind(), object.GetName(), err)
	}
}

// launches sees that nothing is wrong with a NodePool that only the controller can tell.
func (j Judge) launches(t *testing.T, object *unstructured.Unstructured) {
	t.Helper()
	pool := &v1.NodePool{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, pool); err != nil {
		t.Fatal(err)
	}
	if found := validation.NodePool(pool, j.Words); found.Message() != "" || len(found.Warnings) > 0 {
		t.Errorf("NodePool %s: %v, %v", pool.Name, found.Message(), found.Warnings)
	}
	if ref := pool.Spec.Template.Spec.NodeClassRef; (schema.GroupKind{Group: ref.Group, Kind: ref.Kind}) != j.NodeClass {
		t.Errorf("NodePool %s refers to %+v, and the provider has %s", pool.Name, ref, j.NodeClass)
	}
	for i, requirement := range pool.Spec.Template.Spec.Requirements {
		key := j.Words.NormalizeKey(requirement.Key)
		if !j.Words.IsWellKnown(key) && !strings.HasPrefix(key, usersOwn) {
			t.Errorf("NodePool %s: nothing is known by the key of requirement %d, %s", pool.Name, i, requirement.Key)
		}
	}
}
