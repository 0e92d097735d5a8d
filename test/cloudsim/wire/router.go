// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"karpenter.sh/test/cloudsim/model"
)

// maxBody bounds what a request may carry, in bytes.
const maxBody = 8 << 20

// Router finds out what a request is for. All services share one endpoint.
type Router struct {
	services []*model.Service
	codecs   map[string]Codec // by service name
}

// NewRouter returns a router for these services.
func NewRouter(services map[string]*model.Service) (*Router, error) {
	r := &Router{codecs: map[string]Codec{}}
	for _, name := range slices.Sorted(maps.Keys(services)) {
		codec, err := NewCodec(services[name].Metadata.Protocol)
		if err != nil {
			return nil, fmt.Errorf("service %s: %w", name, err)
		}
		r.services = append(r.services, services[name])
		r.codecs[name] = codec
	}
	return r, nil
}

// Route reads a request's body and returns the call and the codec it speaks. An
// error with a request whose Service is known is answered through the codec; one
// without cannot be answered in any protocol.
func (r *Router) Route(request *http.Request) (*Request, Codec, *Error) {
	body, err := io.ReadAll(io.LimitReader(request.Body, maxBody+1))
	if err != nil || len(body) > maxBody {
		return nil, nil, Errorf("RequestEntityTooLarge", "the body cannot be read or is larger than %d bytes", maxBody)
	}
	service, call := r.find(request, body)
	if service == nil {
		return nil, nil, Errorf("UnknownService", "no service that is simulated answers %s %s", request.Method, request.URL.Path)
	}
	out := &Request{Service: service, HTTP: request, Body: body}
	if service.Metadata.Protocol == "rest-json" {
		for _, name := range service.Calls() {
			if parts, ok := matchPath(service.Operations[name], request); ok {
				out.Operation, out.Path = service.Operations[name], parts
			}
		}
	} else {
		out.Operation = service.Operations[call]
	}
	codec := r.codecs[service.Name]
	if out.Operation == nil {
		return out, codec, unknownCall(service, request, call)
	}
	return out, codec, nil
}

func unknownCall(s *model.Service, r *http.Request, call string) *Error {
	switch s.Metadata.Protocol {
	case "ec2", "query":
		return Errorf("InvalidAction", "The action %s is not valid for this web service.", call)
	case "json":
		return Errorf("UnknownOperationException", "%s", call)
	}
	e := Errorf("UnknownOperationException", "%s %s", r.Method, r.URL.Path)
	e.Status = http.StatusNotFound
	return e
}

// find tells the service by the scope of the signature, else by the target or the
// version, and names the call.
func (r *Router) find(request *http.Request, body []byte) (service *model.Service, call string) {
	prefix, call := target(request)
	version := ""
	if call == "" && strings.HasPrefix(request.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		call, version = named(body)
	}
	scope := SignatureOf(request)
	for _, s := range r.services {
		named := scope.Service != "" && scope.Service == s.Metadata.SigningName
		byTarget := prefix != "" && prefix == s.Metadata.TargetPrefix
		byVersion := version != "" && version == s.Metadata.APIVersion
		if named || scope.Service == "" && (byTarget || byVersion) {
			return s, call
		}
	}
	return nil, call
}

// named are the call and the version of a form. They stand in front as a rule; what is
// wrong with the rest is for the codec to say.
func named(body []byte) (call, version string) {
	for pair := range bytes.SplitSeq(body, []byte("&")) {
		name, value, _ := bytes.Cut(pair, []byte("="))
		switch string(name) {
		case "Action":
			call, _ = url.QueryUnescape(string(value))
		case "Version":
			version, _ = url.QueryUnescape(string(value))
		}
		if call != "" && version != "" {
			return call, version
		}
	}
	return call, version
}

// Signature is who signed a request, for which region and service.
type Signature struct {
	// AccessKey names the credentials; empty: the request is not signed.
	AccessKey string
	// Region and Service are the scope.
	Region, Service string
}

// SignatureOf reads the scope of a request's signature. The signature itself is not
// checked: nothing here is secret.
func SignatureOf(r *http.Request) Signature {
	_, rest, ok := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	if !ok {
		return Signature{}
	}
	rest, _, _ = strings.Cut(rest, ",")
	parts := strings.Split(strings.TrimSpace(rest), "/")
	if len(parts) != 5 {
		return Signature{}
	}
	return Signature{AccessKey: parts[0], Region: parts[2], Service: parts[3]}
}
