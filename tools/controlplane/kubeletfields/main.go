// SPDX-License-Identifier: Apache-2.0

// Command kubeletfields writes the fields of KubeletConfiguration and their kinds,
// as JSON, for core/cloudprovider/kit/kubelet. It stands in this module because the
// types bring more of Kubernetes with them than a provider should.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubelet "k8s.io/kubelet/config/v1beta1"
)

func main() {
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(shape(reflect.TypeFor[kubelet.KubeletConfiguration]())); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// shape is an object with a shape for each field, or for "*" where it is a map; a
// list with the shape of its elements; or the name of a kind.
func shape(t reflect.Type) any {
	switch t {
	case reflect.TypeFor[metav1.Duration]():
		return "duration"
	case reflect.TypeFor[resource.Quantity](), reflect.TypeFor[resource.QuantityValue]():
		return "quantity"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return shape(t.Elem())
	case reflect.Slice:
		return []any{shape(t.Elem())}
	case reflect.Map:
		return map[string]any{"*": shape(t.Elem())}
	case reflect.Struct:
		if t.Implements(reflect.TypeFor[json.Marshaler]()) || reflect.PointerTo(t).Implements(reflect.TypeFor[json.Marshaler]()) {
			return "any" // written in its own way
		}
		out := map[string]any{}
		addFields(t, out)
		return out
	}
	return t.Kind().String()
}

func addFields(t reflect.Type, out map[string]any) {
	for i := range t.NumField() {
		f := t.Field(i)
		switch name, _, _ := strings.Cut(f.Tag.Get("json"), ","); {
		case name == "-":
		case name == "" && f.Anonymous:
			addFields(f.Type, out)
		case name != "":
			out[name] = shape(f.Type)
		}
	}
}
