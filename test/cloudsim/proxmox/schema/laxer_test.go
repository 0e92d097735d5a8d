// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"fmt"
	"maps"
	"slices"
)

// LaxerThan says where a description of a call lets through what another one of it does
// not: parameters that the other lacks, demands, has of another type, or bounds more.
// Formats that are texts here and property strings there are not compared.
func (o *Operation) LaxerThan(other *Operation) []string {
	return laxer("", o.parameters, other.parameters)
}

func laxer(prefix string, own, others map[string]*parameter) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(own)) {
		p, other := own[name], others[name]
		if other == nil {
			out = append(out, prefix+name+" is not there")
			continue
		}
		for _, difference := range p.laxerThan(other) {
			out = append(out, prefix+name+" "+difference)
		}
		if p.properties != nil && other.properties != nil {
			out = append(out, laxer(prefix+name+".", p.properties.byName, other.properties.byName)...)
			if p.properties.defaultKey != other.properties.defaultKey {
				out = append(out, fmt.Sprintf("%s%s has the default key %s, not %s", prefix, name, other.properties.defaultKey, p.properties.defaultKey))
			}
			for alias, of := range p.properties.aliases {
				if other.properties.aliases[alias] != of {
					out = append(out, prefix+name+" has no alias "+alias)
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(others)) {
		if own[name] == nil && !others[name].optional {
			out = append(out, prefix+name+" is demanded")
		}
	}
	return out
}

func (p *parameter) laxerThan(other *parameter) []string {
	var out []string
	if p.kind != other.kind {
		out = append(out, "is a "+other.kind)
	}
	if p.optional && !other.optional {
		out = append(out, "is demanded")
	}
	for _, bound := range []struct {
		what       string
		own, other *number
		sign       number
	}{
		{"minimum", p.minimum, other.minimum, 1}, {"minLength", p.minLength, other.minLength, 1},
		{"maximum", p.maximum, other.maximum, -1}, {"maxLength", p.maxLength, other.maxLength, -1},
	} {
		if len(p.enum) > 0 {
			break // the values themselves are compared
		}
		if bound.other != nil && (bound.own == nil || *bound.own*bound.sign < *bound.other*bound.sign) {
			out = append(out, fmt.Sprintf("has a %s of %v", bound.what, float64(*bound.other)))
		}
	}
	for _, value := range p.enum {
		if len(other.enum) > 0 && !slices.Contains(other.enum, value) {
			out = append(out, "has no value "+value)
		}
	}
	return out
}
