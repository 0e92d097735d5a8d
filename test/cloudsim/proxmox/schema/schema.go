// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// API is a description. It is immutable.
type API struct {
	operations []*Operation
}

// Operation is a call.
type Operation struct {
	// Method and Path are such as "GET" and "/nodes/{node}/status".
	Method, Path string
	// Returns is the kind of its result: null, string, object, ...
	Returns string

	closed     bool // unknown parameters are refused
	parameters map[string]*parameter
	permission permission // nil: whoever is known
	segments   []string
}

// Name is method and path, as fault rules and the journal have it.
func (o *Operation) Name() string { return o.Method + " " + o.Path }

// Integers reports whether a parameter is a number or a boolean, which answers show as
// a number.
func (o *Operation) Integers(name string) bool {
	p := o.parameter(name)
	return p != nil && (p.kind == "integer" || p.kind == "boolean")
}

// operation is how a description has a call.
type operation struct {
	Closed      bool                 `json:"closed"`
	Parameters  map[string]described `json:"parameters"`
	Permissions json.RawMessage      `json:"permissions"`
	Returns     string               `json:"returns"`
}

// Parse reads a description. The error names the call and the parameter that it does not
// understand.
func Parse(data []byte) (*API, error) {
	var paths map[string]map[string]operation
	if err := json.Unmarshal(data, &paths); err != nil {
		return nil, fmt.Errorf("reading the description of the API: %w", err)
	}
	api := &API{}
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		for _, method := range slices.Sorted(maps.Keys(paths[path])) {
			o, err := newOperation(method, path, paths[path][method])
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", method, path, err)
			}
			api.operations = append(api.operations, o)
		}
	}
	api.order()
	return api, nil
}

// order puts literal segments before parameters, so that the first match is the closest.
func (a *API) order() {
	slices.SortStableFunc(a.operations, func(x, y *Operation) int {
		return cmp.Or(cmp.Compare(strings.Count(x.Path, "{"), strings.Count(y.Path, "{")), cmp.Compare(x.Name(), y.Name()))
	})
}

func newOperation(method, path string, in operation) (*Operation, error) {
	o := &Operation{
		Method: method, Path: path, Returns: in.Returns, closed: in.Closed,
		parameters: map[string]*parameter{}, segments: strings.Split(path, "/"),
	}
	for name, d := range in.Parameters {
		p, err := newParameter(d)
		if err != nil {
			return nil, fmt.Errorf("parameter %s: %w", name, err)
		}
		o.parameters[name] = p
	}
	var err error
	o.permission, err = newPermission(in.Permissions)
	return o, err
}

// Operations are all calls, by path and method.
func (a *API) Operations() []*Operation { return slices.Clone(a.operations) }

// The errors of [API.Route].
var (
	// ErrNoPath means that there is nothing under a path.
	ErrNoPath = errors.New("no such path")
	// ErrNoMethod means that a path has other methods.
	ErrNoMethod = errors.New("no such method")
)

// Route finds a call, and the parameters within its path. The last one takes the rest of
// the path if it is the volume of a storage, whose names have slashes. path is escaped.
func (a *API) Route(method, path string) (*Operation, map[string]string, error) {
	found := false
	segments := strings.Split(path, "/")
	for _, o := range a.operations {
		in, ok := o.match(segments)
		if !ok {
			continue
		}
		if o.Method == method {
			return o, in, nil
		}
		found = true
	}
	if found {
		return nil, nil, fmt.Errorf("%w: %s %s", ErrNoMethod, method, path)
	}
	return nil, nil, fmt.Errorf("%w: %s", ErrNoPath, path)
}

// openSegment takes the rest of a path.
const openSegment = "{volume}"

func (o *Operation) match(segments []string) (map[string]string, bool) {
	last := len(o.segments) - 1
	if len(segments) < len(o.segments) || len(segments) > len(o.segments) && o.segments[last] != openSegment {
		return nil, false
	}
	in := map[string]string{}
	for i, want := range o.segments {
		given := segments[i]
		if i == last {
			given = strings.Join(segments[i:], "/")
		}
		name, isParameter := strings.CutPrefix(want, "{")
		if !isParameter {
			if want != given {
				return nil, false
			}
			continue
		}
		text, err := url.PathUnescape(given)
		if err != nil || text == "" {
			return nil, false
		}
		in[strings.TrimSuffix(name, "}")] = text
	}
	return in, true
}

// numbered matches the name of one of several like parameters.
var numbered = regexp.MustCompile(`^([a-z]+)[0-9]+$`)

// parameter finds a parameter, such as "net[n]" for "net0"; nil: there is none.
func (o *Operation) parameter(name string) *parameter {
	if p := o.parameters[name]; p != nil {
		return p
	}
	if m := numbered.FindStringSubmatch(name); m != nil {
		return o.parameters[m[1]+"[n]"]
	}
	return nil
}
