// SPDX-License-Identifier: Apache-2.0

package proxmox

import "strings"

// properties are those of a property string, in their order.
type properties []property

// property is one of them. The first may have no name.
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

// String writes them.
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

// get is the value of the first property with any of the names.
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

// set replaces the value of a property, or appends it.
func (ps properties) set(name, value string) properties {
	for i := range ps {
		if ps[i].name == name {
			ps[i].value = value
			return ps
		}
	}
	return append(ps, property{name, value})
}

// without leaves out properties.
func (ps properties) without(names ...string) properties {
	var out properties
	for _, p := range ps {
		dropped := false
		for _, name := range names {
			dropped = dropped || p.name == name
		}
		if !dropped {
			out = append(out, p)
		}
	}
	return out
}
