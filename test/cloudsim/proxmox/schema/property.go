// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// properties are those of a property string.
type properties struct {
	byName     map[string]*parameter
	aliases    map[string]alias
	defaultKey string
}

// alias is another name of a property. If key is set, the name itself is the value of
// the property key: in "virtio=<address>" the model is virtio.
type alias struct{ name, key string }

func newProperties(in map[string]described) (*properties, error) {
	out := &properties{byName: map[string]*parameter{}, aliases: map[string]alias{}}
	for name, d := range in {
		if d.Alias != "" {
			out.aliases[name] = alias{d.Alias, d.KeyAlias}
			continue
		}
		p, err := newParameter(d)
		if err != nil {
			return nil, fmt.Errorf("property %s: %w", name, err)
		}
		out.byName[name] = p
		if d.DefaultKey != 0 {
			out.defaultKey = name
		}
	}
	return out, nil
}

// check says what is wrong with a property string; empty: nothing.
func (ps *properties) check(text string) string {
	given, problem := ps.split(text)
	if problem != "" {
		return problem
	}
	for _, name := range slices.Sorted(maps.Keys(ps.byName)) {
		value, ok := given[name]
		if !ok {
			if !ps.byName[name].optional && name != ps.defaultKey {
				return "invalid format - format error\n" + name + ": property is missing and it is not optional"
			}
			continue
		}
		if problem := ps.byName[name].check(value); problem != "" {
			return "invalid format - format error\n" + name + ": " + problem
		}
	}
	return ""
}

func (ps *properties) split(text string) (map[string]string, string) {
	given := map[string]string{}
	for part := range strings.SplitSeq(text, ",") {
		name, value, named := strings.Cut(part, "=")
		switch {
		case part == "":
			continue
		case !named && ps.defaultKey == "":
			return nil, "invalid format - value without key, but schema does not define a default key"
		case !named:
			name, value = ps.defaultKey, part
		}
		if a, ok := ps.aliases[name]; ok {
			if a.key != "" {
				given[a.key] = name
			}
			name = a.name
		}
		if ps.byName[name] == nil {
			return nil, "invalid format - format error\n" + name + ": property is not defined in schema and the schema does not allow additional properties"
		}
		if _, twice := given[name]; twice {
			return nil, "invalid format - duplicate key in comma-separated list property: " + name
		}
		given[name] = value
	}
	return given, ""
}
