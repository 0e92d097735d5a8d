// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/http"

	"karpenter.sh/test/cloudsim/model"
)

// Encode implements Codec.
func (c queryCodec) Encode(r *Request, out Tree, id string) (*Response, error) {
	w := xmlWriter{service: r.Service}
	element := r.Operation.Name + "Response"
	w.buffer.WriteString(xml.Header)
	fmt.Fprintf(&w.buffer, `<%s xmlns="%s">`, element, r.Service.Metadata.XMLNamespace)
	if c.dialect.wrapped {
		w.wrapped(r.Operation, out)
		w.buffer.WriteString("<ResponseMetadata>")
		w.leaf("RequestId", id)
		w.buffer.WriteString("</ResponseMetadata>")
	} else {
		w.leaf("requestId", id)
		if ref := r.Operation.Output; ref != nil {
			w.structure(r.Service.Shapes[ref.Shape], out)
		} else {
			w.leaf("return", "true")
		}
	}
	fmt.Fprintf(&w.buffer, "</%s>", element)
	if w.err != nil {
		return nil, fmt.Errorf("answer of %s: %w", r.Operation.Name, w.err)
	}
	return c.response(http.StatusOK, w.buffer.Bytes(), id), nil
}

// Fail implements Codec.
func (c queryCodec) Fail(r *Request, e *Error, id string) *Response {
	_, status := described(r.Service, r.Operation, e)
	var w xmlWriter
	w.buffer.WriteString(xml.Header)
	if c.dialect.wrapped {
		fmt.Fprintf(&w.buffer, `<ErrorResponse xmlns="%s"><Error>`, r.Service.Metadata.XMLNamespace)
		w.leaf("Type", fault(status))
		w.leaf("Code", e.Code)
		w.leaf("Message", e.Message)
		w.buffer.WriteString("</Error>")
		w.leaf("RequestId", id)
		w.buffer.WriteString("</ErrorResponse>")
	} else {
		w.buffer.WriteString("<Response><Errors><Error>")
		w.leaf("Code", e.Code)
		w.leaf("Message", e.Message)
		w.buffer.WriteString("</Error></Errors>")
		w.leaf("RequestID", id)
		w.buffer.WriteString("</Response>")
	}
	return c.response(status, w.buffer.Bytes(), id)
}

func (queryCodec) response(status int, body []byte, id string) *Response {
	header := http.Header{}
	header.Set("Content-Type", "text/xml;charset=UTF-8")
	header.Set("X-Amzn-Requestid", id)
	return &Response{Status: status, Header: header, Body: body}
}

// xmlWriter writes trees. The first error stays; what is written after it counts
// for nothing.
type xmlWriter struct {
	service *model.Service
	buffer  bytes.Buffer
	err     error
}

// wrapped writes an answer inside the element that the query protocol has for it.
func (w *xmlWriter) wrapped(op *model.Operation, out Tree) {
	if op.Output == nil {
		if len(out) > 0 {
			w.fail("", "the call answers nothing")
		}
		return
	}
	wrapper := op.Output.ResultWrapper
	if wrapper == "" {
		wrapper = op.Name + "Result"
	}
	fmt.Fprintf(&w.buffer, "<%s>", wrapper)
	w.structure(w.service.Shapes[op.Output.Shape], out)
	fmt.Fprintf(&w.buffer, "</%s>", wrapper)
}

func (w *xmlWriter) structure(shape *model.Shape, t Tree) {
	written := 0
	for _, name := range shape.Names() {
		value, ok := t[name]
		if !ok {
			continue
		}
		written++
		ref := shape.Members[name]
		element := ref.LocationName
		if element == "" {
			element = name
		}
		w.value(element, ref, value)
	}
	if written < len(t) {
		for name := range t {
			if shape.Members[name] == nil {
				w.fail(name, "the model has no such member")
			}
		}
	}
}

func (w *xmlWriter) value(element string, ref *model.Ref, value any) {
	shape := w.service.Shapes[ref.Shape]
	switch shape.Type {
	case model.Structure:
		t, ok := value.(Tree)
		if !ok {
			w.fail(element, fmt.Sprintf("a %T is no structure", value))
			return
		}
		w.open(element)
		w.structure(shape, t)
		w.close(element)
	case model.List:
		w.list(element, ref, shape, value)
	case model.Map:
		w.entries(element, ref, shape, value)
	default:
		text, err := format(shape.Type, value)
		if err != nil {
			w.fail(element, err.Error())
			return
		}
		w.leaf(element, text)
	}
}

func (w *xmlWriter) list(element string, ref *model.Ref, shape *model.Shape, value any) {
	list, ok := items(value)
	if !ok {
		w.fail(element, fmt.Sprintf("a %T is no list", value))
		return
	}
	flat := ref.Flattened || shape.Flattened
	item := shape.Member.LocationName
	if flat {
		item = element
	} else {
		w.open(element)
	}
	if item == "" {
		item = "member"
	}
	for _, v := range list {
		w.value(item, shape.Member, v)
	}
	if !flat {
		w.close(element)
	}
}

func (w *xmlWriter) entries(element string, ref *model.Ref, shape *model.Shape, value any) {
	t, ok := value.(Tree)
	if !ok {
		w.fail(element, fmt.Sprintf("a %T is no map", value))
		return
	}
	flat := ref.Flattened || shape.Flattened
	entry := "entry"
	if flat {
		entry = element
	} else {
		w.open(element)
	}
	for _, key := range sortedKeys(t) {
		w.open(entry)
		w.leaf("key", key)
		w.value("value", shape.Value, t[key])
		w.close(entry)
	}
	if !flat {
		w.close(element)
	}
}

func (w *xmlWriter) open(element string) {
	w.buffer.WriteByte('<')
	w.buffer.WriteString(element)
	w.buffer.WriteByte('>')
}

func (w *xmlWriter) close(element string) {
	w.buffer.WriteString("</")
	w.buffer.WriteString(element)
	w.buffer.WriteByte('>')
}

func (w *xmlWriter) leaf(element, text string) {
	w.open(element)
	_ = xml.EscapeText(&w.buffer, []byte(text)) // a buffer takes everything
	w.close(element)
}

func (w *xmlWriter) fail(name, why string) {
	if w.err == nil {
		w.err = fmt.Errorf("member %q: %s", name, why)
	}
}
