// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"karpenter.sh/test/cloudsim/model"
)

// restCodec is REST with JSON bodies: the call is named by method and path.
type restCodec struct{}

// Decode implements Codec.
func (restCodec) Decode(r *Request) (Tree, []Violation) {
	if r.Operation.Input == nil {
		return Tree{}, nil
	}
	in, found := decodeJSON(r.Service, r.Operation.Input.Shape, r.Body)
	if in == nil {
		return nil, found
	}
	shape := r.Service.Shapes[r.Operation.Input.Shape]
	for _, name := range shape.Names() {
		ref := shape.Members[name]
		text, given := located(r, wireName(name, ref), ref.Location)
		if !given {
			continue
		}
		kind := r.Service.Shapes[ref.Shape].Type
		value, ok := parse(kind, text)
		if !ok {
			found = append(found, Violation{Kind: Type, Path: name, Value: text, Rule: "must be of type " + kind})
			continue
		}
		in[name] = value
	}
	return in, found
}

// located finds a scalar outside the body.
func located(r *Request, key, location string) (text string, given bool) {
	switch location {
	case "uri":
		text, given = r.Path[key]
	case "querystring":
		query := r.HTTP.URL.Query()
		text, given = query.Get(key), query.Has(key)
	case "header":
		text = r.HTTP.Header.Get(key)
		given = text != ""
	}
	return text, given
}

// Encode implements Codec.
func (restCodec) Encode(r *Request, out Tree, id string) (*Response, error) {
	w := jsonWriter{service: r.Service}
	value := map[string]any{}
	if r.Operation.Output != nil {
		value = w.structure(r.Service.Shapes[r.Operation.Output.Shape], out)
	}
	if w.err != nil {
		return nil, fmt.Errorf("answer of %s: %w", r.Operation.Name, w.err)
	}
	body, err := marshal(value)
	if err != nil {
		return nil, fmt.Errorf("answer of %s: %w", r.Operation.Name, err)
	}
	status := r.Operation.HTTP.ResponseCode
	if status == 0 {
		status = http.StatusOK
	}
	return jsonResponse(status, "application/json", body, id), nil
}

// Fail implements Codec.
func (restCodec) Fail(r *Request, e *Error, id string) *Response {
	shape, status := described(r.Service, r.Operation, e)
	fields := map[string]any{"message": e.Message}
	for name, value := range e.Fields {
		fields[name] = value
	}
	body, _ := marshal(fields) // strings and scalars always marshal
	response := jsonResponse(status, "application/json", body, id)
	response.Header.Set("X-Amzn-Errortype", shape)
	return response
}

// Refuse implements Codec.
func (restCodec) Refuse(violations []Violation) *Error {
	return validationError(refusalCode(violations), violations)
}

// matchPath compares a path with the template of a call, and returns the parts in
// braces.
func matchPath(op *model.Operation, r *http.Request) (map[string]string, bool) {
	if op.HTTP.Method != r.Method {
		return nil, false
	}
	template, _, _ := strings.Cut(op.HTTP.RequestURI, "?")
	wanted := strings.Split(strings.Trim(template, "/"), "/")
	given := strings.Split(strings.Trim(r.URL.EscapedPath(), "/"), "/")
	if len(wanted) != len(given) {
		return nil, false
	}
	parts := map[string]string{}
	for i, part := range wanted {
		text, err := url.PathUnescape(given[i])
		switch {
		case err != nil:
			return nil, false
		case strings.HasPrefix(part, "{"):
			parts[strings.Trim(part, "{}")] = text
		case part != text:
			return nil, false
		}
	}
	return parts, true
}
