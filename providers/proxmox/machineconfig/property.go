// SPDX-License-Identifier: Apache-2.0

package machineconfig

import "strings"

// properties are those of a property string, in their order.
type properties []property

// property is one of them; the first may have no name.
type property struct{ name, value string }

func parseProperties(text string) properties {
	var out properties
	for part := range strings.SplitSeq(text, ",") {
		name, value, named := strings.Cut(part, "=")
		if !named {
			name, value = "", part
		}
		out = append(out, property{name, value})
	}
	return out
}

// String writes them as they were read.
func (ps properties) String() string {
	parts := make([]string, len(ps))
	for i, p := range ps {
		parts[i] = p.value
		if p.name != "" {
			parts[i] = p.name + "=" + p.value
		}
	}
	return strings.Join(parts, ",")
}

// get is the value of the first property with any of the names; empty: there is none.
func (ps properties) get(names ...string) string {
	for _, p := range ps {
		for _, name := range names {
			if p.name == name {
				return p.value
			}
		}
	}
	return ""
}

// with has another value of a property, at its place, else at the end.
func (ps properties) with(name, value string) properties {
	out := append(properties(nil), ps...)
	for i := range out {
		if out[i].name == name {
			out[i].value = value
			return out
		}
	}
	return append(out, property{name, value})
}
