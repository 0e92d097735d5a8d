// SPDX-License-Identifier: Apache-2.0

package patch

import (
	"fmt"
	"reflect"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// difference returns the merge patch between two versions of an object, without
// their resource versions.
func difference(before, after client.Object) (changes, error) {
	if equality.Semantic.DeepEqual(before, after) {
		return nil, nil
	}
	before, after = withoutEqualParts(before, after)
	before.SetResourceVersion("")
	after.SetResourceVersion("")
	from, err := runtime.DefaultUnstructuredConverter.ToUnstructured(before)
	if err != nil {
		return nil, fmt.Errorf("converting %s: %w", describe(before), err)
	}
	to, err := runtime.DefaultUnstructuredConverter.ToUnstructured(after)
	if err != nil {
		return nil, fmt.Errorf("converting %s: %w", describe(after), err)
	}
	return mergePatch(from, to), nil
}

// mergePatch returns what turns one JSON object into another, in the form of
// RFC 7386: maps are compared key by key, everything else as a whole, and null
// stands for what is no more.
func mergePatch(from, to map[string]any) map[string]any {
	patch := map[string]any{}
	for key, wanted := range to {
		had, ok := from[key]
		if ok && reflect.DeepEqual(had, wanted) {
			continue
		}
		inner, isMap := wanted.(map[string]any)
		if old, wasMap := had.(map[string]any); isMap && wasMap {
			wanted = mergePatch(old, inner)
		}
		patch[key] = wanted
	}
	for key := range from {
		if _, ok := to[key]; !ok {
			patch[key] = nil
		}
	}
	return patch
}

// withoutEqualParts returns shallow copies without spec or status where these
// are equal, which saves writing and comparing them as text: the spec of a
// NodeClaim may name hundreds of instance types.
func withoutEqualParts(before, after client.Object) (client.Object, client.Object) {
	b, a := shallow(before), shallow(after)
	for _, part := range []string{"Spec", "Status"} {
		x, y := b.FieldByName(part), a.FieldByName(part)
		if x.IsValid() && equality.Semantic.DeepEqual(x.Interface(), y.Interface()) {
			x.SetZero()
			y.SetZero()
		}
	}
	return b.Addr().Interface().(client.Object), a.Addr().Interface().(client.Object)
}

func shallow(obj client.Object) reflect.Value {
	original := reflect.ValueOf(obj).Elem()
	duplicate := reflect.New(original.Type()).Elem()
	duplicate.Set(original)
	return duplicate
}
