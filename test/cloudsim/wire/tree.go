// SPDX-License-Identifier: Apache-2.0

package wire

import "time"

// Tree is a structure or map of a request or answer, by the names of its members.
// Values are Tree, []any, string, int64, float64, bool, time.Time and []byte. In
// answers int, []string and []Tree are taken as well. The methods return zero
// values for what is absent.
type Tree map[string]any

// Has reports whether a member was given.
func (t Tree) Has(name string) bool { _, ok := t[name]; return ok }

// Str is a string member.
func (t Tree) Str(name string) string { s, _ := t[name].(string); return s }

// Int is a member that is a whole number.
func (t Tree) Int(name string) int {
	switch n := t[name].(type) {
	case int64:
		return int(n)
	case int:
		return n
	}
	return 0
}

// Float is a member that is a number.
func (t Tree) Float(name string) float64 {
	f, ok := t[name].(float64)
	if !ok {
		return float64(t.Int(name))
	}
	return f
}

// Bool is a boolean member.
func (t Tree) Bool(name string) bool { b, _ := t[name].(bool); return b }

// Time is a timestamp member.
func (t Tree) Time(name string) time.Time { at, _ := t[name].(time.Time); return at }

// Tree is a structure or map member; nil if absent.
func (t Tree) Tree(name string) Tree { inner, _ := t[name].(Tree); return inner }

// Trees are the structures of a list member.
func (t Tree) Trees(name string) []Tree {
	if trees, ok := t[name].([]Tree); ok {
		return trees
	}
	items, _ := t[name].([]any)
	trees := make([]Tree, 0, len(items))
	for _, item := range items {
		if tree, ok := item.(Tree); ok {
			trees = append(trees, tree)
		}
	}
	return trees
}

// Strs are the strings of a list member.
func (t Tree) Strs(name string) []string {
	if strs, ok := t[name].([]string); ok {
		return strs
	}
	items, _ := t[name].([]any)
	strs := make([]string, 0, len(items))
	for _, item := range items {
		if s, ok := item.(string); ok {
			strs = append(strs, s)
		}
	}
	return strs
}

// items are the elements of any of the forms of a list; ok is false for what is
// no list.
func items(value any) (list []any, ok bool) {
	switch v := value.(type) {
	case []any:
		return v, true
	case []string:
		for _, s := range v {
			list = append(list, s)
		}
		return list, true
	case []Tree:
		for _, t := range v {
			list = append(list, t)
		}
		return list, true
	}
	return nil, false
}
