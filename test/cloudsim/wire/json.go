// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// jsonCodec is AWS JSON 1.0 and 1.1: the call is named in a header.
type jsonCodec struct{}

// Decode implements Codec.
func (jsonCodec) Decode(r *Request) (Tree, []Violation) {
	if r.Operation.Input == nil {
		return Tree{}, nil
	}
	return decodeJSON(r.Service, r.Operation.Input.Shape, r.Body)
}

// Encode implements Codec.
func (jsonCodec) Encode(r *Request, out Tree, id string) (*Response, error) {
	value := any(map[string]any{})
	if r.Operation.Output != nil {
		w := jsonWriter{service: r.Service}
		value = w.structure(r.Service.Shapes[r.Operation.Output.Shape], out)
		if w.err != nil {
			return nil, fmt.Errorf("answer of %s: %w", r.Operation.Name, w.err)
		}
	}
	body, err := marshal(value)
	if err != nil {
		return nil, fmt.Errorf("answer of %s: %w", r.Operation.Name, err)
	}
	return jsonResponse(http.StatusOK, contentType(r), body, id), nil
}

// Fail implements Codec.
func (jsonCodec) Fail(r *Request, e *Error, id string) *Response {
	shape, status := described(r.Service, r.Operation, e)
	fields := map[string]any{"__type": shape, "message": e.Message}
	for name, value := range e.Fields {
		fields[name] = value
	}
	body, _ := marshal(fields) // strings and scalars always marshal
	response := jsonResponse(status, contentType(r), body, id)
	response.Header.Set("X-Amzn-Errortype", shape)
	if r.Service.Metadata.QueryCompatible {
		code := e.Code
		if e.Code == "QueueDoesNotExist" {
			code = "AWS.SimpleQueueService.NonExistentQueue"
		}
		response.Header.Set("X-Amzn-Query-Error", code+";"+fault(status))
	}
	return response
}

// Refuse implements Codec.
func (jsonCodec) Refuse(violations []Violation) *Error {
	return validationError(refusalCode(violations), violations)
}

func refusalCode(violations []Violation) string {
	for _, v := range violations {
		if v.Kind == Type {
			return "SerializationException"
		}
	}
	return "ValidationException"
}

func contentType(r *Request) string {
	return "application/x-amz-json-" + r.Service.Metadata.JSONVersion
}

func jsonResponse(status int, contentType string, body []byte, id string) *Response {
	header := http.Header{}
	header.Set("Content-Type", contentType)
	header.Set("X-Amzn-Requestid", id)
	return &Response{Status: status, Header: header, Body: body}
}

// marshal is json.Marshal without the escapes for HTML.
func marshal(value any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimRight(buffer.Bytes(), "\n"), nil
}

// target splits the header that names a call of AWS JSON.
func target(r *http.Request) (prefix, call string) {
	prefix, call, _ = strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	return prefix, call
}
