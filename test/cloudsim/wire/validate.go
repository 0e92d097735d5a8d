// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"karpenter.sh/test/cloudsim/model"
)

// Kind is a way of breaking a model.
type Kind int

// The ways of breaking a model.
const (
	Unknown Kind = iota // a parameter that there is not
	Missing             // a required one is not given
	Type                // a value that cannot be read
	Enum                // a value that is not published
	Pattern             // a text of the wrong form
	Length              // too short, too long, too few, too many
	Range               // a number out of bounds
)

// Violation is one way in which a request breaks its model.
type Violation struct {
	Kind Kind
	// Path names the parameter, as the request writes it where that is known.
	Path string
	// Value is what was given, as far as it is a scalar.
	Value string
	// Rule is the rule that is broken, such as "Member must have length less than
	// or equal to 50".
	Rule string
}

// Validate checks an input against a call's model. Enums are rules only where the
// model has them: long ones were trimmed.
func Validate(s *model.Service, op *model.Operation, in Tree) []Violation {
	if op.Input == nil {
		return nil
	}
	v := validator{service: s}
	v.check(op.Input, in, "")
	return v.found
}

type validator struct {
	service *model.Service
	found   []Violation
}

func (v *validator) add(kind Kind, path, value, format string, arguments ...any) {
	v.found = append(v.found, Violation{Kind: kind, Path: path, Value: value, Rule: fmt.Sprintf(format, arguments...)})
}

func (v *validator) check(ref *model.Ref, value any, path string) {
	shape := v.service.Shapes[ref.Shape]
	switch typed := value.(type) {
	case Tree:
		v.tree(shape, typed, path)
	case []any:
		v.length(shape, len(typed), path, "")
		for i, item := range typed {
			v.check(shape.Member, item, fmt.Sprintf("%s.%d", path, i+1))
		}
	case string:
		v.text(shape, typed, path)
	case int64:
		v.bounds(shape, float64(typed), path)
	case float64:
		v.bounds(shape, typed, path)
	}
}

func (v *validator) tree(shape *model.Shape, t Tree, path string) {
	if shape.Type == model.Map {
		for key, value := range t {
			v.check(shape.Value, value, join(path, key))
		}
		return
	}
	for _, name := range shape.Required {
		if !t.Has(name) {
			v.add(Missing, join(path, name), "", "Member must not be null")
		}
	}
	for _, name := range shape.Names() {
		if value, ok := t[name]; ok {
			v.check(shape.Members[name], value, join(path, name))
		}
	}
}

func (v *validator) text(shape *model.Shape, text, path string) {
	if len(shape.Enum) > 0 && !slices.Contains(shape.Enum, text) {
		v.add(Enum, path, text, "Member must satisfy enum value set: [%s]", strings.Join(shape.Enum, ", "))
		return
	}
	v.length(shape, utf8.RuneCountInString(text), path, text)
	if e := shape.Expression(); e != nil && !e.MatchString(text) {
		v.add(Pattern, path, text, "Member must satisfy regular expression pattern: %s", shape.Pattern)
	}
}

func (v *validator) length(shape *model.Shape, n int, path, value string) {
	if shape.Min != nil && float64(n) < *shape.Min {
		v.add(Length, path, value, "Member must have length greater than or equal to %v", *shape.Min)
	}
	if shape.Max != nil && float64(n) > *shape.Max {
		v.add(Length, path, value, "Member must have length less than or equal to %v", *shape.Max)
	}
}

func (v *validator) bounds(shape *model.Shape, n float64, path string) {
	if shape.Min != nil && n < *shape.Min {
		v.add(Range, path, fmt.Sprint(n), "Member must have value greater than or equal to %v", *shape.Min)
	}
	if shape.Max != nil && n > *shape.Max {
		v.add(Range, path, fmt.Sprint(n), "Member must have value less than or equal to %v", *shape.Max)
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
