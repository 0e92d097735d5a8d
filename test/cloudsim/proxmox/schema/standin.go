// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// StandIn is a small description of our own. The error is that of a slip in it.
func StandIn() (*API, error) {
	paths := map[string]map[string]operation{}
	for _, c := range calls() {
		parameters, err := describe(inPath(c.path) + " " + c.parameters)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", c.method, c.path, err)
		}
		if paths[c.path] == nil {
			paths[c.path] = map[string]operation{}
		}
		o := operation{Closed: true, Parameters: parameters, Returns: c.returns}
		if c.permission != "" {
			o.Permissions = json.RawMessage(c.permission)
		}
		paths[c.path][c.method] = o
	}
	data, err := json.Marshal(paths)
	if err != nil {
		return nil, fmt.Errorf("writing the stand-in: %w", err)
	}
	return Parse(data)
}

// inPath describes the parameters of a path.
func inPath(path string) string {
	kinds := map[string]string{
		"node": "node:pve-node", "vmid": "vmid:vmid", "storage": "storage:pve-storage-id", "poolid": "poolid:pve-poolid",
		"pos": "pos?:natural", "upid": "upid:string", "volume": "volume:string", "vnet": "vnet:pve-sdn-vnet-id",
	}
	var out []string
	for segment := range strings.SplitSeq(path, "/") {
		if name, ok := strings.CutPrefix(segment, "{"); ok {
			out = append(out, kinds[strings.TrimSuffix(name, "}")])
		}
	}
	return strings.Join(out, " ")
}

// one matches a parameter: a name, "*" for the default key of a property string, "?" if
// it may be left out, and ":" with its kind or "=" with its values. "a~b" is another name
// of b, and "a~b~c" one that is itself the value of c.
var one = regexp.MustCompile(`^([a-z0-9-_]+(?:\[n\])?)(\*?)(\??)(?::(.+)|=(.+))$`)

// describe reads parameters. Kinds that are in kinds or propertyStrings are these, all
// others are the names of formats of texts.
func describe(text string) (map[string]described, error) {
	out := map[string]described{}
	for _, word := range strings.Fields(text) {
		if name, of, ok := strings.Cut(word, "~"); ok {
			of, key, _ := strings.Cut(of, "~")
			out[name] = described{Alias: of, KeyAlias: key}
			continue
		}
		m := one.FindStringSubmatch(word)
		if m == nil {
			return nil, fmt.Errorf("what is %q?", word)
		}
		d, err := ofKind(m[4])
		if err != nil {
			return nil, err
		}
		if m[5] != "" {
			d = described{Type: "string", Enum: strings.Split(m[5], "|")}
		}
		if m[2] != "" {
			d.DefaultKey = 1
		}
		if m[3] != "" {
			d.Optional = 1
		}
		out[m[1]] = d
	}
	return out, nil
}

func ofKind(kind string) (described, error) {
	bound := func(low, high number) described {
		return described{Type: "integer", Minimum: &low, Maximum: &high}
	}
	switch kind {
	case "string", "integer", "number", "boolean":
		return described{Type: kind}, nil
	case "natural":
		return described{Type: "integer", Minimum: new(number)}, nil
	case "positive":
		return described{Type: "integer", Minimum: new(number(1))}, nil
	case "vmid":
		d := bound(100, 999999999)
		d.Format = json.RawMessage(`"pve-vmid"`)
		return d, nil
	case "vlan":
		return bound(1, 4094), nil
	case "mtu":
		return bound(1, 65520), nil
	case "queues":
		return bound(0, 64), nil
	case "display":
		return bound(4, 512), nil
	case "megabytes":
		return described{Type: "integer", Minimum: new(number(16))}, nil
	case "cpus":
		return described{Type: "string", Pattern: `\d+(-\d+)?(;\d+(-\d+)?)*`}, nil
	case "seconds":
		return bound(1, 30), nil
	case "digest":
		return described{Type: "string", MaxLength: new(number(40))}, nil
	case "text64":
		return described{Type: "string", MaxLength: new(number(64))}, nil
	case "text8192":
		return described{Type: "string", MaxLength: new(number(8192))}, nil
	case "smbios":
		return described{Type: "string", MaxLength: new(number(512)), Format: json.RawMessage(`"pve-qm-smbios1"`)}, nil
	case "serial":
		return described{Type: "string", Pattern: `(/dev/.+|socket)`}, nil
	case "size":
		return described{Type: "string", Pattern: `\+?\d+(\.\d+)?[KMGT]?`}, nil
	case "action":
		return described{Type: "string", MinLength: new(number(2)), MaxLength: new(number(20)), Pattern: `[A-Za-z][A-Za-z0-9\-_]+`}, nil
	case "iface":
		return described{Type: "string", MinLength: new(number(2)), MaxLength: new(number(20)), Format: json.RawMessage(`"pve-iface"`)}, nil
	case "url":
		return described{Type: "string", Pattern: `https?://.*`}, nil
	case "file":
		return described{Type: "string", MaxLength: new(number(255))}, nil
	}
	if inner, ok := propertyStrings()[kind]; ok {
		properties, err := describe(inner)
		if err != nil {
			return described{}, err
		}
		return object(properties)
	}
	name, err := json.Marshal(kind)
	if err != nil {
		return described{}, fmt.Errorf("kind %s: %w", kind, err)
	}
	return described{Type: "string", Format: name}, nil
}

// object is a property string.
func object(properties map[string]described) (described, error) {
	format, err := json.Marshal(properties)
	if err != nil {
		return described{}, fmt.Errorf("writing a property string: %w", err)
	}
	return described{Type: "string", Format: format}, nil
}
