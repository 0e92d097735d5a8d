// SPDX-License-Identifier: Apache-2.0

package lenient

import (
	"bytes"
	encoding "encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/json"
)

// Problem is a field that was left out because it could not be read.
type Problem struct {
	// Field is the path of the field, as in spec.limits[cpu].
	Field string
	// Detail says what is wrong with it.
	Detail string
}

// String is one line for logs and messages.
func (p Problem) String() string { return p.Field + ": " + p.Detail }

// Within returns the problems of a field, such as spec, and of all that is in it.
func Within(problems []Problem, field string) []Problem {
	var out []Problem
	for _, p := range problems {
		if rest, ok := strings.CutPrefix(p.Field, field); ok && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			out = append(out, p)
		}
	}
	return out
}

// Unmarshal decodes an object of the API into a struct. into must not decode
// itself through Unmarshal, so a type that does passes a copy of itself without
// methods:
//
//	func (o *Object) UnmarshalJSON(text []byte) (err error) {
//		type plain Object
//		o.Unreadable, err = lenient.Unmarshal(text, (*plain)(o))
//		return err
//	}
//
// The fields that cannot be read are left at their zero value and returned,
// ordered by their path. The error is about a text that is no object at all.
func Unmarshal[T any](text []byte, into *T) ([]Problem, error) {
	if bytes.Equal(bytes.TrimSpace(text), []byte("null")) {
		return nil, nil
	}
	if !laborious(text) {
		// Into a copy, lest half of an object remain of a failed attempt.
		whole := *into
		if err := json.Unmarshal(text, &whole); err == nil {
			*into = whole
			return nil, nil
		}
	}
	var object map[string]encoding.RawMessage
	if err := json.Unmarshal(text, &object); err != nil {
		return nil, fmt.Errorf("reading an object: %w", err)
	}
	var zero T
	*into = zero
	r := reader{}
	r.fields(object, "", reflect.ValueOf(into).Elem())
	slices.SortFunc(r.problems, func(a, b Problem) int { return bytes.Compare([]byte(a.Field), []byte(b.Field)) })
	return r.problems, nil
}
