// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"karpenter.sh/test/cloudsim/model"
)

// queryCodec reads forms and writes XML.
type queryCodec struct{ dialect dialect }

// dialect is in what the query protocols of EC2 and of the other services differ.
type dialect struct {
	// parameter is the name of a member in requests.
	parameter func(name string, ref *model.Ref) string
	// flat is set if lists in requests never have a part for their items.
	flat bool
	// capitalID, wrapped and typed say how answers and errors look: see xml.go.
	wrapped bool
	// refuse reports violations.
	refuse func([]Violation) *Error
}

func awsDialect() dialect {
	return dialect{
		parameter: func(name string, ref *model.Ref) string {
			if ref.LocationName != "" {
				return ref.LocationName
			}
			return name
		},
		wrapped: true,
		refuse:  func(v []Violation) *Error { return validationError("ValidationError", v) },
	}
}

// Refuse implements Codec.
func (c queryCodec) Refuse(violations []Violation) *Error { return c.dialect.refuse(violations) }

// Decode implements Codec.
func (c queryCodec) Decode(r *Request) (Tree, []Violation) {
	root, err := readForm(string(r.Body))
	if err != nil {
		return nil, []Violation{{Kind: Type, Path: "body", Rule: "the body is no form: " + err.Error()}}
	}
	d := formDecoder{service: r.Service, dialect: c.dialect}
	in := Tree{}
	if r.Operation.Input != nil {
		in = d.structure(r.Service.Shapes[r.Operation.Input.Shape], root, "")
	} else {
		d.strangers(root, "", nil)
	}
	return in, d.found
}

type formDecoder struct {
	service *model.Service
	dialect dialect
	found   []Violation
}

func (d *formDecoder) structure(shape *model.Shape, f *field, path string) Tree {
	out, known := Tree{}, map[string]bool{}
	for _, name := range shape.Names() {
		ref := shape.Members[name]
		parameter := d.dialect.parameter(name, ref)
		known[parameter] = true
		if part := f.part(parameter); part != nil {
			if value, ok := d.value(ref, part, join(path, parameter)); ok {
				out[name] = value
			}
		}
	}
	d.strangers(f, path, known)
	return out
}

// strangers reports the parts of a field that no member has, in order.
func (d *formDecoder) strangers(f *field, path string, known map[string]bool) {
	var names []string
	for _, part := range f.names {
		if !known[part] {
			names = append(names, part)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		d.found = append(d.found, Violation{Kind: Unknown, Path: join(path, name)})
	}
}

func (d *formDecoder) value(ref *model.Ref, f *field, path string) (any, bool) {
	shape := d.service.Shapes[ref.Shape]
	switch shape.Type {
	case model.Structure:
		return d.structure(shape, f, path), true
	case model.List:
		return d.list(ref, shape, f, path), true
	case model.Map:
		return d.entries(ref, shape, f, path), true
	}
	d.strangers(f, path, nil)
	value, ok := parse(shape.Type, f.text)
	if !ok {
		d.found = append(d.found, Violation{Kind: Type, Path: path, Value: f.text, Rule: "must be of type " + shape.Type})
	}
	return value, ok
}

func (d *formDecoder) list(ref *model.Ref, shape *model.Shape, f *field, path string) []any {
	if !d.dialect.flat && !ref.Flattened && !shape.Flattened {
		if f.given && f.text == "" && len(f.names) == 0 {
			return []any{} // the form of an empty list
		}
		name := "member"
		if shape.Member.LocationName != "" {
			name = shape.Member.LocationName
		}
		d.strangers(f, path, map[string]bool{name: true})
		if f = f.part(name); f == nil {
			return []any{}
		}
	}
	out := []any{}
	for _, n := range d.numbers(f, path) {
		at := strconv.Itoa(n)
		if value, ok := d.value(shape.Member, f.part(at), join(path, at)); ok {
			out = append(out, value)
		}
	}
	return out
}

// numbers are the positions of a list's items, in order.
func (d *formDecoder) numbers(f *field, path string) []int {
	var numbers []int
	known := map[string]bool{}
	for _, part := range f.names {
		if n, err := strconv.Atoi(part); err == nil && strconv.Itoa(n) == part {
			numbers, known[part] = append(numbers, n), true
		}
	}
	d.strangers(f, path, known)
	slices.Sort(numbers)
	return numbers
}

func (d *formDecoder) entries(ref *model.Ref, shape *model.Shape, f *field, path string) Tree {
	if !ref.Flattened && !shape.Flattened {
		d.strangers(f, path, map[string]bool{"entry": true})
		if f = f.part("entry"); f == nil {
			return Tree{}
		}
	}
	out := Tree{}
	for _, n := range d.numbers(f, path) {
		entry := f.part(strconv.Itoa(n))
		if entry.part("key") == nil || entry.part("value") == nil {
			continue
		}
		if value, ok := d.value(shape.Value, entry.part("value"), path); ok {
			out[entry.part("key").text] = value
		}
	}
	return out
}

// validationError is how most services report violations, all at once.
func validationError(code string, violations []Violation) *Error {
	parts := make([]string, len(violations))
	for i, v := range violations {
		value := "'" + v.Value + "'"
		if v.Kind == Missing {
			value = "null"
		}
		rule := v.Rule
		if v.Kind == Unknown {
			rule = "there is no such member"
		}
		parts[i] = "Value " + value + " at '" + lowerFirst(v.Path) + "' failed to satisfy constraint: " + rule
	}
	noun := " validation errors detected: "
	if len(parts) == 1 {
		noun = " validation error detected: "
	}
	return &Error{
		Code: code, Status: http.StatusBadRequest,
		Message: strconv.Itoa(len(parts)) + noun + strings.Join(parts, "; "),
	}
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
