// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"karpenter.sh/test/cloudsim/model"
)

// decodeJSON reads a body of the given shape; an empty one is an empty structure.
func decodeJSON(s *model.Service, shape string, body []byte) (Tree, []Violation) {
	if len(bytes.TrimSpace(body)) == 0 {
		return Tree{}, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var raw map[string]any
	if err := decoder.Decode(&raw); err != nil {
		return nil, []Violation{{Kind: Type, Path: "body", Rule: "the body is no JSON object: " + err.Error()}}
	}
	r := jsonReader{service: s}
	return r.structure(s.Shapes[shape], raw, ""), r.found
}

type jsonReader struct {
	service *model.Service
	found   []Violation
}

func (r *jsonReader) structure(shape *model.Shape, raw map[string]any, path string) Tree {
	out, known := Tree{}, map[string]bool{}
	for _, name := range shape.Names() {
		key := wireName(name, shape.Members[name])
		known[key] = true
		if value, ok := raw[key]; ok && value != nil {
			if v, ok := r.value(shape.Members[name], value, join(path, key)); ok {
				out[name] = v
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(raw)) {
		if !known[key] {
			r.found = append(r.found, Violation{Kind: Unknown, Path: join(path, key)})
		}
	}
	return out
}

func wireName(name string, ref *model.Ref) string {
	if ref.LocationName != "" {
		return ref.LocationName
	}
	return name
}

func (r *jsonReader) value(ref *model.Ref, raw any, path string) (any, bool) {
	shape := r.service.Shapes[ref.Shape]
	switch v := raw.(type) {
	case map[string]any:
		switch shape.Type {
		case model.Structure:
			return r.structure(shape, v, path), true
		case model.Map:
			out := Tree{}
			for key, value := range v {
				if item, ok := r.value(shape.Value, value, join(path, key)); ok {
					out[key] = item
				}
			}
			return out, true
		}
	case []any:
		if shape.Type == model.List {
			out := make([]any, 0, len(v))
			for i, value := range v {
				if item, ok := r.value(shape.Member, value, join(path, strconv.Itoa(i+1))); ok {
					out = append(out, item)
				}
			}
			return out, true
		}
	default:
		if value, ok := jsonScalar(shape.Type, raw); ok {
			return value, true
		}
	}
	r.found = append(r.found, Violation{Kind: Type, Path: path, Value: fmt.Sprint(raw), Rule: "must be of type " + shape.Type})
	return nil, false
}

func jsonScalar(kind string, raw any) (any, bool) {
	switch v := raw.(type) {
	case string:
		if kind == model.String || kind == model.Blob {
			return parse(kind, v)
		}
	case bool:
		return v, kind == model.Boolean
	case json.Number:
		switch kind {
		case model.Integer, model.Long, model.Float, model.Double:
			return parse(kind, v.String())
		case model.Timestamp:
			seconds, err := v.Float64()
			return time.UnixMilli(int64(seconds * 1000)).UTC(), err == nil
		}
	}
	return nil, false
}

// jsonWriter turns trees into what encoding/json writes. The first error stays.
type jsonWriter struct {
	service *model.Service
	err     error
}

func (w *jsonWriter) structure(shape *model.Shape, t Tree) map[string]any {
	out := make(map[string]any, len(t))
	for name, value := range t {
		ref := shape.Members[name]
		if ref == nil {
			w.fail(name, "the model has no such member")
			continue
		}
		out[wireName(name, ref)] = w.value(name, ref, value)
	}
	return out
}

func (w *jsonWriter) value(name string, ref *model.Ref, value any) any {
	shape := w.service.Shapes[ref.Shape]
	switch shape.Type {
	case model.Structure:
		if t, ok := value.(Tree); ok {
			return w.structure(shape, t)
		}
	case model.Map:
		if t, ok := value.(Tree); ok {
			out := make(map[string]any, len(t))
			for key, v := range t {
				out[key] = w.value(key, shape.Value, v)
			}
			return out
		}
	case model.List:
		if list, ok := items(value); ok {
			out := make([]any, 0, len(list))
			for _, v := range list {
				out = append(out, w.value(name, shape.Member, v))
			}
			return out
		}
	default:
		return w.scalar(name, shape.Type, value)
	}
	w.fail(name, fmt.Sprintf("a %T is no %s", value, shape.Type))
	return nil
}

func (w *jsonWriter) scalar(name, kind string, value any) any {
	if _, err := format(kind, value); err != nil {
		w.fail(name, err.Error())
		return nil
	}
	switch v := value.(type) {
	case time.Time:
		return json.Number(strconv.FormatFloat(float64(v.UnixMilli())/1000, 'f', -1, 64))
	case []byte:
		return base64.StdEncoding.EncodeToString(v)
	}
	return value
}

func (w *jsonWriter) fail(name, why string) {
	if w.err == nil {
		w.err = fmt.Errorf("member %q: %s", name, why)
	}
}

func sortedKeys(t Tree) []string { return slices.Sorted(maps.Keys(t)) }
