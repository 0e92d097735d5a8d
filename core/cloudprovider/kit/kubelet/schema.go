// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// fieldsJSON is the shape of KubeletConfiguration: an object with a shape for each
// field, or for "*" where it is a map; a list with the shape of its elements; or the
// name of a kind.
//
//go:embed fields.json
var fieldsJSON []byte

// shape is one of map[string]any, []any and string.
func shape() (any, error) {
	var out any
	if err := json.Unmarshal(fieldsJSON, &out); err != nil {
		return nil, fmt.Errorf("reading the embedded fields of KubeletConfiguration: %w", err)
	}
	return out, nil
}

// misshapen compares a value, decoded with numbers as json.Number, to a shape. Null
// is no value.
func misshapen(path *field.Path, shape, value any) field.ErrorList {
	if value == nil {
		return nil
	}
	switch shape := shape.(type) {
	case map[string]any:
		return misshapenObject(path, shape, value)
	case []any:
		list, ok := value.([]any)
		if !ok {
			return field.ErrorList{field.TypeInvalid(path, shown(value), "must be a list")}
		}
		var errs field.ErrorList
		for i, element := range list {
			errs = append(errs, misshapen(path.Index(i), shape[0], element)...)
		}
		return errs
	}
	if problem := wrongKind(fmt.Sprint(shape), value); problem != "" {
		return field.ErrorList{field.TypeInvalid(path, shown(value), problem)}
	}
	return nil
}

func misshapenObject(path *field.Path, shape map[string]any, value any) field.ErrorList {
	object, ok := value.(map[string]any)
	if !ok {
		return field.ErrorList{field.TypeInvalid(path, shown(value), "must be an object")}
	}
	var errs field.ErrorList
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if every, isMap := shape["*"]; isMap {
			errs = append(errs, misshapen(path.Key(key), every, object[key])...)
			continue
		}
		of, known := shape[key]
		if !known {
			errs = append(errs, field.Invalid(path.Child(key), shown(object[key]), "is not a field of KubeletConfiguration"))
			continue
		}
		errs = append(errs, misshapen(path.Child(key), of, object[key])...)
	}
	return errs
}

// shown is a value as a message tells it: nothing of lists and objects, which may
// be long.
func shown(value any) any {
	switch value.(type) {
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	}
	return value
}

// wrongKind says what a value should be, or nothing.
func wrongKind(kind string, value any) string {
	text, isText := value.(string)
	number, isNumber := value.(json.Number)
	switch kind {
	case "string":
		return unless(isText, "must be a string")
	case "bool":
		_, ok := value.(bool)
		return unless(ok, "must be true or false")
	case "float64":
		_, err := number.Float64()
		return unless(isNumber && err == nil, "must be a number")
	case "duration":
		_, err := time.ParseDuration(text)
		return unless(isText && err == nil, "must be a duration, such as 1m30s")
	case "quantity":
		_, err := resource.ParseQuantity(text)
		return unless(isNumber || isText && err == nil, "must be a quantity, such as 100Mi")
	}
	return wrongInteger(kind, number)
}

// wrongInteger says what a number should be, or nothing; of other kinds nothing.
func wrongInteger(kind string, number json.Number) string {
	switch kind {
	case "int32":
		return unless(within(number, math.MinInt32, math.MaxInt32), "must be a whole number of 32 bits")
	case "int64":
		return unless(within(number, math.MinInt64, math.MaxInt64), "must be a whole number of 64 bits")
	case "uint32":
		return unless(within(number, 0, math.MaxUint32), "must be a whole number, not negative")
	}
	return ""
}

// within reports whether a number is whole and in a range; no number is not.
func within(number json.Number, least, most int64) bool {
	n, err := number.Int64()
	return err == nil && n >= least && n <= most
}

func unless(fine bool, problem string) string {
	if fine {
		return ""
	}
	return problem
}
