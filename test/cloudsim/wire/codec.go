// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"fmt"
	"net/http"

	"karpenter.sh/test/cloudsim/model"
)

// Request is a request whose call is known.
type Request struct {
	// Service and Operation are what is called.
	Service   *model.Service
	Operation *model.Operation
	// Path are the parts of a REST path that are members of the input, unescaped.
	Path map[string]string
	// HTTP is the request itself; its body has been read into Body.
	HTTP *http.Request
	Body []byte
}

// Response is an answer before it is sent.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Codec is one protocol.
type Codec interface {
	// Decode reads the input of a request. The violations are what cannot be read:
	// unknown parameters and values of a wrong type.
	Decode(r *Request) (Tree, []Violation)
	// Encode writes an answer. An error means that the tree does not fit the model.
	Encode(r *Request, out Tree, id string) (*Response, error)
	// Fail writes an error.
	Fail(r *Request, err *Error, id string) *Response
	// Refuse is the error by which the protocol reports violations, at least one.
	Refuse(violations []Violation) *Error
}

// NewCodec returns the codec of a protocol, by its name in models.
func NewCodec(protocol string) (Codec, error) {
	switch protocol {
	case "ec2":
		return queryCodec{dialect: ec2Dialect()}, nil
	case "query":
		return queryCodec{dialect: awsDialect()}, nil
	case "json":
		return jsonCodec{}, nil
	case "rest-json":
		return restCodec{}, nil
	}
	return nil, fmt.Errorf("no codec speaks protocol %q", protocol)
}
