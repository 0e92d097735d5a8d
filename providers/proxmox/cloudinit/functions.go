// SPDX-License-Identifier: Apache-2.0

package cloudinit

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"text/template"

	"go.yaml.in/yaml/v3"
)

// functions are what templates may call (PVE-095).
func functions() template.FuncMap {
	return template.FuncMap{
		"default": orDefault, "coalesce": coalesce, "ternary": ternary,
		"empty": empty, "list": func(values ...any) []any { return values }, "dict": dict,
		"toJson": func(v any) (string, error) { return toJSON(v, "") }, "toPrettyJson": func(v any) (string, error) { return toJSON(v, "  ") },
		"toYaml":       func(v any) (string, error) { return toYAML(v, 4) },
		"toYamlPretty": func(v any) (string, error) { return toYAML(v, 2) }, "toPrettyYaml": func(v any) (string, error) { return toYAML(v, 2) },
		"indent": indent, "nindent": func(n int, text string) (string, error) { out, err := indent(n, text); return "\n" + out, err },
		"quote": func(v any) string { return fmt.Sprintf("%q", fmt.Sprint(v)) },
		"upper": strings.ToUpper, "lower": strings.ToLower, "trim": strings.TrimSpace,
		"trimSuffix": func(suffix, text string) string { return strings.TrimSuffix(text, suffix) },
		"trimPrefix": func(prefix, text string) string { return strings.TrimPrefix(text, prefix) },
		"split":      strings.Split, "join": join,
		"replace":   func(old, with, text string) string { return strings.ReplaceAll(text, old, with) },
		"contains":  func(part, text string) bool { return strings.Contains(text, part) },
		"hasPrefix": func(prefix, text string) bool { return strings.HasPrefix(text, prefix) },
		"hasSuffix": func(suffix, text string) bool { return strings.HasSuffix(text, suffix) },
		"hasKey":    hasKey, "hasTag": slices.Contains[[]string],
		"get":      func(values map[string]string, key string) string { return values[key] },
		"getValue": getValue,
		"b64enc":   func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }, "b64dec": decode,
		"regexFind": regexFind, "regexFindString": regexFindString, "regexReplaceAll": regexReplaceAll,
		"cidrhost": cidrHost, "cidrslaac": cidrSLAAC,
	}
}

// empty reports whether a value is nothing: zero, or without elements.
func empty(value any) bool {
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Slice, reflect.Map, reflect.Array, reflect.String:
		return v.Len() == 0
	}
	return v.IsZero()
}

// orDefault is the value, if it is something.
func orDefault(otherwise, value any) any {
	if empty(value) {
		return otherwise
	}
	return value
}

// coalesce is the first value that is something, else an empty text.
func coalesce(values ...any) any {
	for _, value := range values {
		if !empty(value) {
			return value
		}
	}
	return ""
}

func ternary(yes, no any, condition bool) any {
	if condition {
		return yes
	}
	return no
}

func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, errors.New("dict wants keys with values")
	}
	out := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		out[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return out, nil
}

func toJSON(value any, indentation string) (string, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indentation)
	if err := encoder.Encode(value); err != nil {
		return "", fmt.Errorf("writing JSON: %w", err)
	}
	return strings.TrimSuffix(out.String(), "\n"), nil
}

// toYAML writes a value by the names that it has in JSON, with keys in order. Texts that
// older readers, such as cloud-init's, take for something else are quoted.
func toYAML(value any, indentation int) (string, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("writing YAML: %w", err)
	}
	var tree any
	if err := yaml.Unmarshal(text, &tree); err != nil { // JSON is YAML, and its integers stay such
		return "", fmt.Errorf("writing YAML: %w", err)
	}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(indentation)
	if err := errors.Join(encoder.Encode(tree), encoder.Close()); err != nil {
		return "", fmt.Errorf("writing YAML: %w", err)
	}
	return strings.TrimSuffix(out.String(), "\n"), nil
}

func indent(n int, text string) (string, error) {
	if n < 0 || n > 1000 {
		return "", fmt.Errorf("indent wants 0 to 1000 blanks, not %d", n)
	}
	blanks := strings.Repeat(" ", n)
	return blanks + strings.ReplaceAll(text, "\n", "\n"+blanks), nil
}

func join(values any, separator string) (string, error) {
	v := reflect.ValueOf(values)
	if v.Kind() != reflect.Slice && v.Kind() != reflect.Array {
		return "", fmt.Errorf("join wants a list, not %T", values)
	}
	parts := make([]string, v.Len())
	for i := range parts {
		parts[i] = fmt.Sprint(v.Index(i).Interface())
	}
	return strings.Join(parts, separator), nil
}

func hasKey(values any, key string) (bool, error) {
	v := reflect.ValueOf(values)
	if v.Kind() != reflect.Map || v.Type().Key().Kind() != reflect.String {
		return false, fmt.Errorf("hasKey wants a map by text, not %T", values)
	}
	return v.MapIndex(reflect.ValueOf(key).Convert(v.Type().Key())).IsValid(), nil
}

// getValue reads "a=1;b=2".
func getValue(text, key string) string {
	for part := range strings.SplitSeq(text, ";") {
		if name, value, ok := strings.Cut(part, "="); ok && strings.TrimSpace(name) == key {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func decode(text string) (string, error) {
	out, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return "", fmt.Errorf("b64dec: %w", err)
	}
	return string(out), nil
}
