// SPDX-License-Identifier: Apache-2.0

package patch

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// operation is one step of a JSON patch (RFC 6902).
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// changes are the operations that turn one object into another.
type changes struct {
	operations []operation
	// absent are the places in operations that test for something that is not
	// there. The API server may have it there, empty.
	absent []int
}

// changed reports whether anything would be written.
func (c *changes) changed() bool {
	return slices.ContainsFunc(c.operations, func(o operation) bool { return o.Op != "test" })
}

func (c *changes) test(at path, value any) {
	c.operations = append(c.operations, operation{"test", at.pointer(), value})
}

func (c *changes) testAbsent(at path) {
	c.absent = append(c.absent, len(c.operations))
	c.test(at, nil)
}

func (c *changes) write(op string, at path, value any) {
	c.operations = append(c.operations, operation{op, at.pointer(), value})
}

// path leads through objects by key and lists by place.
type path []string

func (p path) to(steps ...string) path { return slices.Concat(p, steps) }

// pointer is the path as JSON pointer (RFC 6901).
func (p path) pointer() string {
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	var b strings.Builder
	for _, step := range p {
		b.WriteString("/" + escape.Replace(step))
	}
	return b.String()
}

// difference returns what turns one part of an object, its top-level fields, into
// another. It holds for the very object that was read only.
func difference(before, after client.Object, part func(field string) bool) (*changes, error) {
	versions, err := convert(before, after)
	if err != nil {
		return nil, err
	}
	c := &changes{}
	if uid := before.GetUID(); uid != "" {
		c.test(path{"metadata", "uid"}, uid)
	}
	for _, object := range []map[string]any{versions.from, versions.to} {
		maps.DeleteFunc(object, func(field string, _ any) bool { return !part(field) })
	}
	c.object(nil, versions.from, versions.to)
	return c, nil
}

// require tests that fields are as they were read. They come first: what is
// written must not be what is tested.
func (c *changes) require(before client.Object, fields Condition) error {
	if len(fields) == 0 {
		return nil
	}
	read, err := runtime.DefaultUnstructuredConverter.ToUnstructured(before)
	if err != nil {
		return fmt.Errorf("converting %s: %w", describe(before), err)
	}
	prune(read)
	tests := &changes{}
	for _, field := range fields {
		tests.asRead(field, read)
	}
	c.operations = slices.Concat(tests.operations, c.operations)
	for i := range c.absent {
		c.absent[i] += len(tests.operations)
	}
	return nil
}

// asRead tests that a field is as it is in an object, or else that it is missing
// as far up as it is there.
func (c *changes) asRead(field path, object map[string]any) {
	for depth, step := range field {
		value, found := object[step]
		inner, isObject := value.(map[string]any)
		if last := depth == len(field)-1; last || !found || !isObject {
			c.test(field[:depth+1], value)
			return
		}
		object = inner
	}
}

// expectEmpty turns the tests for something that is not there into tests for
// something empty, of the kind that is added after each.
func (c *changes) expectEmpty() {
	for _, place := range c.absent {
		if _, isList := c.operations[place+1].Value.([]any); isList {
			c.operations[place].Value = []any{}
		} else {
			c.operations[place].Value = map[string]any{}
		}
	}
}

// both are two versions of an object as JSON, without what is equal or not
// written: resource versions, empty objects and empty lists.
type both struct{ from, to map[string]any }

// convert reads two versions of an object.
func convert(before, after client.Object) (both, error) {
	before, after = withoutEqualParts(before, after)
	from, err := runtime.DefaultUnstructuredConverter.ToUnstructured(before)
	if err != nil {
		return both{}, fmt.Errorf("converting %s: %w", describe(before), err)
	}
	to, err := runtime.DefaultUnstructuredConverter.ToUnstructured(after)
	if err != nil {
		return both{}, fmt.Errorf("converting %s: %w", describe(after), err)
	}
	for _, object := range []map[string]any{from, to} {
		if metadata, ok := object["metadata"].(map[string]any); ok {
			delete(metadata, "resourceVersion")
		}
		prune(object)
	}
	return both{from, to}, nil
}

// prune drops empty objects and lists: the API server stores them as nothing, or
// means the same by them.
func prune(object map[string]any) {
	for key, value := range object {
		switch v := value.(type) {
		case map[string]any:
			if prune(v); len(v) == 0 {
				delete(object, key)
			}
		case []any:
			if len(v) == 0 {
				delete(object, key)
			}
		case nil:
			delete(object, key)
		}
	}
}

// object adds what turns one JSON object into another, key by key.
func (c *changes) object(at path, from, to map[string]any) {
	keys := slices.Collect(maps.Keys(to))
	for key := range from {
		if _, kept := to[key]; !kept {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		c.field(at.to(key), from[key], to[key])
	}
}

// field adds what turns one value, nil for none, into another.
func (c *changes) field(at path, from, to any) {
	if reflect.DeepEqual(from, to) {
		return
	}
	oldObject, wasObject := from.(map[string]any)
	newObject, isObject := to.(map[string]any)
	oldList, wasList := from.([]any)
	newList, isList := to.([]any)
	switch {
	case wasObject && isObject:
		c.object(at, oldObject, newObject)
	case wasObject && to == nil && c.shared(at):
		c.object(at, oldObject, nil)
	case wasList && (isList || to == nil):
		c.list(at, oldList, newList)
	case from == nil && (isObject || isList):
		c.testAbsent(at)
		c.write("add", at, to)
	case to == nil:
		c.write("remove", at, nil)
	default:
		c.write("add", at, to) // which replaces what is there
	}
}

// shared tells the objects that are never removed as a whole, because others have
// entries in them.
func (c *changes) shared(at path) bool {
	return len(at) <= 2
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
