// SPDX-License-Identifier: Apache-2.0

package lenient

import (
	encoding "encoding/json"
	"fmt"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/json"
)

// reader decodes an object field by field.
type reader struct {
	problems []Problem
}

// read decodes one value, and reports whether there is anything of it. What is
// made of parts is read part by part; what reads itself is read whole.
func (r *reader) read(text encoding.RawMessage, at string, into reflect.Value) bool {
	kind := into.Type()
	switch {
	case string(text) == "null":
		return false
	case readsItself(kind):
		return r.whole(text, at, into)
	case kind.Kind() == reflect.Pointer:
		target := reflect.New(kind.Elem())
		if !r.read(text, at, target.Elem()) {
			return false
		}
		into.Set(target)
		return true
	case kind.Kind() == reflect.Struct:
		return r.object(text, at, into)
	case kind.Kind() == reflect.Map && kind.Key().Kind() == reflect.String:
		return r.entries(text, at, into)
	case kind.Kind() == reflect.Slice && kind.Elem().Kind() != reflect.Uint8:
		return r.items(text, at, into)
	}
	return r.whole(text, at, into)
}

// readsItself holds for types that have a decoder of their own.
func readsItself(kind reflect.Type) bool {
	return reflect.PointerTo(kind).Implements(reflect.TypeFor[encoding.Unmarshaler]())
}

// whole decodes a value at once. Quantities that take long to read are not.
func (r *reader) whole(text encoding.RawMessage, at string, into reflect.Value) bool {
	if into.Type() == reflect.TypeFor[resource.Quantity]() && !parsable([]byte(strings.Trim(string(text), `"`))) {
		r.fail(at, errLaborious.Error())
		return false
	}
	target := reflect.New(into.Type())
	if err := json.Unmarshal(text, target.Interface()); err != nil {
		r.fail(at, fmt.Sprintf("cannot be read from %.100s: %v", text, err))
		return false
	}
	into.Set(target.Elem())
	return true
}

func (r *reader) fail(at, detail string) {
	r.problems = append(r.problems, Problem{Field: at, Detail: detail})
}

func (r *reader) object(text encoding.RawMessage, at string, into reflect.Value) bool {
	var object map[string]encoding.RawMessage
	if err := json.Unmarshal(text, &object); err != nil {
		r.fail(at, fmt.Sprintf("is no object: %v", err))
		return false
	}
	r.fields(object, at, into)
	return true
}

// fields decodes the fields of a struct that the object has.
func (r *reader) fields(object map[string]encoding.RawMessage, at string, into reflect.Value) {
	for i := range into.NumField() {
		field := into.Type().Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "-" || !field.IsExported():
		case field.Anonymous && name == "" || strings.Contains(options, "inline"):
			r.fields(object, at, into.Field(i))
		default:
			if text, found := object[name]; found {
				r.read(text, join(at, name), into.Field(i))
			}
		}
	}
}

func join(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}

// entries decodes a map. Entries that cannot be read are left out.
func (r *reader) entries(text encoding.RawMessage, at string, into reflect.Value) bool {
	var entries map[string]encoding.RawMessage
	if err := json.Unmarshal(text, &entries); err != nil {
		r.fail(at, fmt.Sprintf("is no map: %v", err))
		return false
	}
	target := reflect.MakeMapWithSize(into.Type(), len(entries))
	for key, entry := range entries {
		value := reflect.New(into.Type().Elem()).Elem()
		if r.read(entry, fmt.Sprintf("%s[%s]", at, key), value) {
			target.SetMapIndex(reflect.ValueOf(key).Convert(into.Type().Key()), value)
		}
	}
	into.Set(target)
	return true
}

// items decodes a list. Items that cannot be read are left out.
func (r *reader) items(text encoding.RawMessage, at string, into reflect.Value) bool {
	var items []encoding.RawMessage
	if err := json.Unmarshal(text, &items); err != nil {
		r.fail(at, fmt.Sprintf("is no list: %v", err))
		return false
	}
	target := reflect.MakeSlice(into.Type(), 0, len(items))
	for i, item := range items {
		value := reflect.New(into.Type().Elem()).Elem()
		if r.read(item, fmt.Sprintf("%s[%d]", at, i), value) {
			target = reflect.Append(target, value)
		}
	}
	into.Set(target)
	return true
}
