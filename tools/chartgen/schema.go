// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"maps"

	"go.yaml.in/yaml/v3"
)

// definitions are what @schema comments may refer to. A template is evaluated by the
// chart, so the schema cannot judge it.
func definitions() map[string]any {
	return map[string]any{
		"duration": map[string]any{"type": "string", "pattern": `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$|\{\{`},
		"port":     map[string]any{"type": "integer", "minimum": 1, "maximum": 65535},
	}
}

// schemaOf returns the JSON schema of values. Helm adds the values of dependencies
// and those that all charts share.
func schemaOf(a about, values []*value) (string, error) {
	root, err := object(values)
	if err != nil {
		return "", err
	}
	properties := root["properties"].(map[string]any)
	properties["global"] = map[string]any{"type": "object"}
	for _, d := range a.Dependencies {
		properties[d.Name] = map[string]any{"type": "object"}
	}
	root["$schema"] = "http://json-schema.org/draft-07/schema#"
	root["title"] = "Values of the chart " + a.path
	root["definitions"] = definitions()
	text, err := json.MarshalIndent(root, "", "  ")
	return string(text) + "\n", err
}

func object(values []*value) (map[string]any, error) {
	properties := map[string]any{}
	for _, v := range values {
		s, err := v.schemaOf()
		if err != nil {
			return nil, fmt.Errorf("value %s: %w", v.path, err)
		}
		properties[v.name] = s
	}
	return map[string]any{"type": "object", "additionalProperties": false, "properties": properties}, nil
}

func (v *value) schemaOf() (map[string]any, error) {
	if ref, found := v.schema["$ref"]; found {
		return map[string]any{"$ref": ref}, nil // whatever stands beside it is ignored
	}
	s := map[string]any{}
	if v.children != nil {
		var err error
		if s, err = object(v.children); err != nil {
			return nil, err
		}
	}
	if kind := kindOf(v.node); kind != "" {
		s["type"] = kind
	}
	maps.Copy(s, v.schema)
	if v.doc != "" {
		s["description"] = v.doc
	}
	if s["type"] == nil {
		return nil, fmt.Errorf("its type does not follow from the default: say it in a comment %s", schemaMark)
	}
	return s, nil
}

// kindOf is the type of a default in the words of JSON schema; empty for null.
func kindOf(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "object"
	case yaml.SequenceNode:
		return "array"
	}
	switch node.ShortTag() {
	case "!!bool":
		return "boolean"
	case "!!int":
		return "integer"
	case "!!float":
		return "number"
	case "!!str":
		return "string"
	}
	return ""
}
