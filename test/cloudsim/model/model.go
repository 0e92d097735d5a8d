// SPDX-License-Identifier: Apache-2.0

package model

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// Kinds of shapes.
const (
	Structure = "structure"
	List      = "list"
	Map       = "map"
	String    = "string"
	Integer   = "integer"
	Long      = "long"
	Float     = "float"
	Double    = "double"
	Boolean   = "boolean"
	Timestamp = "timestamp"
	Blob      = "blob"
)

// Service is one service of a cloud: its calls, and every shape they reach.
type Service struct {
	// Name is the service's name in lower case, such as "ec2".
	Name string `json:"name"`
	// Metadata says how the service speaks.
	Metadata Metadata `json:"metadata"`
	// Operations are the calls by name.
	Operations map[string]*Operation `json:"operations"`
	// Shapes are all shapes by name.
	Shapes map[string]*Shape `json:"shapes"`
}

// Metadata says how a service speaks.
type Metadata struct {
	// Protocol is ec2, query, json or rest-json.
	Protocol string `json:"protocol"`
	// APIVersion is the date by which requests name the service's version.
	APIVersion string `json:"apiVersion"`
	// JSONVersion is 1.0 or 1.1; protocol json only.
	JSONVersion string `json:"jsonVersion,omitempty"`
	// TargetPrefix stands before the call's name in the header of protocol json.
	TargetPrefix string `json:"targetPrefix,omitempty"`
	// SigningName is the service's name in signatures.
	SigningName string `json:"signingName,omitempty"`
	// XMLNamespace is that of the answers of ec2 and query.
	XMLNamespace string `json:"xmlNamespace,omitempty"`
	// QueryCompatible is set for services of protocol json which still report the
	// error codes of the query protocol that they spoke before.
	QueryCompatible bool `json:"awsQueryCompatible,omitempty"`
}

// Operation is one call.
type Operation struct {
	// Name is the call's.
	Name string `json:"name"`
	// HTTP is where it is found.
	HTTP HTTP `json:"http"`
	// Input is what it takes; nil: nothing.
	Input *Ref `json:"input,omitempty"`
	// Output is what it answers; nil: nothing.
	Output *Ref `json:"output,omitempty"`
	// Errors are the errors it lists.
	Errors []*Ref `json:"errors,omitempty"`
}

// HTTP is the method and path of a call. Parts of the path in braces are members
// of the input.
type HTTP struct {
	Method     string `json:"method"`
	RequestURI string `json:"requestUri"`
	// ResponseCode is the status of success; 0: 200.
	ResponseCode int `json:"responseCode,omitempty"`
}

// Ref is the use of a shape, by a call, a structure's member or a list.
type Ref struct {
	// Shape is the name of what is referred to.
	Shape string `json:"shape"`
	// LocationName is the name on the wire, where it is not the member's own.
	LocationName string `json:"locationName,omitempty"`
	// QueryName overrules LocationName in requests of protocol ec2.
	QueryName string `json:"queryName,omitempty"`
	// Location is where REST puts the member: uri, querystring, header; empty: body.
	Location string `json:"location,omitempty"`
	// Flattened lists have no element of their own around their items.
	Flattened bool `json:"flattened,omitempty"`
	// ResultWrapper is the element around an answer of protocol query.
	ResultWrapper string `json:"resultWrapper,omitempty"`
	// TimestampFormat is iso8601, unixTimestamp or rfc822; empty: the protocol's.
	TimestampFormat string `json:"timestampFormat,omitempty"`
	// IdempotencyToken marks a member that makes repeated calls one.
	IdempotencyToken bool `json:"idempotencyToken,omitempty"`
}

// Shape is a type.
type Shape struct {
	// Type is one of the kinds above.
	Type string `json:"type"`
	// Required are the members that requests must give.
	Required []string `json:"required,omitempty"`
	// Members are those of a structure.
	Members map[string]*Ref `json:"members,omitempty"`
	// Member is what a list holds.
	Member *Ref `json:"member,omitempty"`
	// Key and Value are what a map holds.
	Key   *Ref `json:"key,omitempty"`
	Value *Ref `json:"value,omitempty"`
	// Flattened is as in Ref, for every use of the shape.
	Flattened bool `json:"flattened,omitempty"`
	// Enum are the values that are published; services may take more.
	Enum []string `json:"enum,omitempty"`
	// Pattern is what strings match, whole; "" is no rule.
	Pattern string `json:"pattern,omitempty"`
	// Min and Max bound lengths of strings and lists, and values of numbers.
	Min *float64 `json:"min,omitempty"`
	Max *float64 `json:"max,omitempty"`
	// Error is set on errors which are not 400 or have a code of their own.
	Error *ErrorInfo `json:"error,omitempty"`
	// Exception marks the errors.
	Exception bool `json:"exception,omitempty"`

	expression *regexp.Regexp
	names      []string
}

// ErrorInfo is how an error looks from outside.
type ErrorInfo struct {
	Code           string `json:"code,omitempty"`
	HTTPStatusCode int    `json:"httpStatusCode,omitempty"`
	SenderFault    bool   `json:"senderFault,omitempty"`
}

// Names are the members of a structure, sorted. The caller does not change them.
func (s *Shape) Names() []string { return s.names }

// Expression is the compiled Pattern; nil: no rule.
func (s *Shape) Expression() *regexp.Regexp { return s.expression }

// Read reads a trimmed model. Every reference in it leads somewhere afterwards.
// Patterns that Go cannot compile are dropped: they are no rule here.
func Read(data []byte) (*Service, error) {
	var s Service
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("read a service model: %w", err)
	}
	for name, shape := range s.Shapes {
		for _, ref := range shape.refs() {
			if s.Shapes[ref.Shape] == nil {
				return nil, fmt.Errorf("model of %s: shape %s refers to %q, which there is not", s.Name, name, ref.Shape)
			}
		}
		shape.names = slices.Sorted(maps.Keys(shape.Members))
		if shape.Pattern != "" {
			shape.expression, _ = regexp.Compile(`\A(?:` + shape.Pattern + `)\z`)
		}
	}
	for name, op := range s.Operations {
		for _, ref := range op.refs() {
			if s.Shapes[ref.Shape] == nil {
				return nil, fmt.Errorf("model of %s: %s refers to %q, which there is not", s.Name, name, ref.Shape)
			}
		}
	}
	return &s, nil
}

func (s *Shape) refs() []*Ref {
	var refs []*Ref
	for _, member := range s.Members {
		refs = append(refs, member)
	}
	return append(refs, compact(s.Member, s.Key, s.Value)...)
}

func (o *Operation) refs() []*Ref {
	return append(compact(o.Input, o.Output), o.Errors...)
}

func compact(refs ...*Ref) []*Ref {
	var out []*Ref
	for _, ref := range refs {
		if ref != nil {
			out = append(out, ref)
		}
	}
	return out
}
