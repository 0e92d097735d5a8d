// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"karpenter.sh/test/cloudsim/wire"
)

// attributes are what a kind of resource can be filtered by.
type attributes[T any] struct {
	values map[string]func(T) []string
	tags   func(T) map[string]string // nil: it has none
}

// selectBy keeps what all filters accept. Values of a filter are alternatives and may
// hold * and ?.
func selectBy[T any](items []T, filters []wire.Tree, by attributes[T]) ([]T, error) {
	type test struct {
		read   func(T) []string
		wanted []string
	}
	var tests []test
	for _, f := range filters {
		read := by.reader(f.Str("Name"))
		if read == nil {
			return nil, wire.Errorf("InvalidParameterValue", "The filter '%s' is invalid", f.Str("Name"))
		}
		if len(f.Strs("Values")) == 0 {
			return nil, wire.Errorf("InvalidParameterValue", "The filter '%s' has no values", f.Str("Name"))
		}
		tests = append(tests, test{read, f.Strs("Values")})
	}
	var out []T
	for _, item := range items {
		if !slices.ContainsFunc(tests, func(t test) bool { return !anyMatch(t.wanted, t.read(item)) }) {
			out = append(out, item)
		}
	}
	return out, nil
}

func (a attributes[T]) reader(name string) func(T) []string {
	if read := a.values[name]; read != nil {
		return read
	}
	if a.tags == nil {
		return nil
	}
	if name == "tag-key" {
		return func(item T) []string {
			var keys []string
			for key := range a.tags(item) {
				keys = append(keys, key)
			}
			return keys
		}
	}
	if key, ok := strings.CutPrefix(name, "tag:"); ok {
		return func(item T) []string {
			if value, ok := a.tags(item)[key]; ok {
				return []string{value}
			}
			return nil
		}
	}
	return nil
}

func anyMatch(patterns, values []string) bool {
	for _, p := range patterns {
		for _, v := range values {
			if p == v || like(p, v) {
				return true
			}
		}
	}
	return false
}

// like compares with a filter's value: * and ? are wildcards, \ escapes them.
func like(pattern, text string) bool {
	if !strings.ContainsAny(pattern, `*?\`) {
		return pattern == text
	}
	clean := strings.NewReplacer("/", "\x00", "[", `\[`)
	ok, err := path.Match(clean.Replace(pattern), strings.ReplaceAll(text, "/", "\x00"))
	return err == nil && ok
}

// one is an attribute with a single value; "" is none.
func one[T any](read func(T) string) func(T) []string {
	return func(item T) []string {
		if v := read(item); v != "" {
			return []string{v}
		}
		return nil
	}
}

func compare(a, b string) int { return cmp.Compare(a, b) }

func boolText(b bool) string {
	if b {
		return "true"
	}
	return "false"
}
