// SPDX-License-Identifier: Apache-2.0

package strictapi

import (
	"context"
	"encoding/json"
	"strings"

	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// unique refuses a JSON patch that adds a second item of a kind to a list in which
// the API server allows one: conditions by type, taints by key and effect.
func unique(ctx context.Context, c client.Client, o client.Object, p client.Patch) error {
	if p.Type() != types.JSONPatchType {
		return nil
	}
	data, err := p.Data(o)
	if err != nil {
		return err
	}
	var operations []struct {
		Op, Path string
		Value    any
	}
	if err := json.Unmarshal(data, &operations); err != nil {
		return err
	}
	for _, operation := range operations {
		at, appends := strings.CutSuffix(operation.Path, "/-")
		item, isObject := operation.Value.(map[string]any)
		if !appends || !isObject {
			continue
		}
		items, err := stored(ctx, c, o, strings.Split(strings.TrimPrefix(at, "/"), "/"))
		if err != nil {
			return err
		}
		for _, other := range items {
			if same(item, other) {
				return errors.NewInvalid(schema.GroupKind{}, o.GetName(), field.ErrorList{field.Duplicate(field.NewPath(at), item)})
			}
		}
	}
	return nil
}

// stored returns the objects in a list of what is stored.
func stored(ctx context.Context, c client.Client, o client.Object, path []string) ([]map[string]any, error) {
	kind, err := c.GroupVersionKindFor(o)
	if err != nil {
		return nil, err
	}
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(kind)
	if err := c.Get(ctx, client.ObjectKeyFromObject(o), object); err != nil {
		return nil, err
	}
	list, _, err := unstructured.NestedSlice(object.Object, path...)
	var items []map[string]any
	for _, item := range list {
		if fields, ok := item.(map[string]any); ok {
			items = append(items, fields)
		}
	}
	return items, err
}

func same(a, b map[string]any) bool {
	for _, key := range []string{"type", "key", "effect"} {
		if a[key] != b[key] {
			return false
		}
	}
	return true
}
