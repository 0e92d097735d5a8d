// SPDX-License-Identifier: Apache-2.0

package model

import (
	"fmt"
	"slices"
)

// Trim returns a service with the named calls only, and the shapes they reach.
// Enums longer than limit are dropped: such lists (instance types, regions) grow
// every week and services know more than was published; limit 0 keeps all.
func Trim(s *Service, calls []string, limit int) (*Service, error) {
	out := &Service{Name: s.Name, Metadata: s.Metadata, Operations: map[string]*Operation{}, Shapes: map[string]*Shape{}}
	for _, name := range calls {
		op := s.Operations[name]
		if op == nil {
			return nil, fmt.Errorf("trim the model of %s: there is no call %s", s.Name, name)
		}
		out.Operations[name] = op
		for _, ref := range op.refs() {
			out.reach(s, ref.Shape)
		}
	}
	for name, shape := range out.Shapes {
		if limit > 0 && len(shape.Enum) > limit {
			short := *shape
			short.Enum = nil
			out.Shapes[name] = &short
		}
	}
	return out, nil
}

func (s *Service) reach(from *Service, name string) {
	shape := from.Shapes[name]
	if shape == nil || s.Shapes[name] != nil {
		return
	}
	s.Shapes[name] = shape
	for _, ref := range shape.refs() {
		s.reach(from, ref.Shape)
	}
}

// Calls are the names of all calls, sorted.
func (s *Service) Calls() []string {
	names := make([]string, 0, len(s.Operations))
	for name := range s.Operations {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
