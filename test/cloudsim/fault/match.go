// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"fmt"
	"path"
	"reflect"
	"strings"
)

// matches compares a text with a pattern. A slash is a letter like any other.
func matches(pattern, text string) bool {
	const slash = "\x00" // no request holds it
	ok, err := path.Match(strings.ReplaceAll(pattern, "/", slash), strings.ReplaceAll(text, "/", slash))
	return err == nil && ok
}

// within reports whether a member of this name, at any depth, holds a scalar or a
// list with a scalar that the pattern matches.
func within(value any, name, pattern string) bool {
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			member := it.Value().Interface()
			if it.Key().String() == name && holds(member, pattern) || within(member, name, pattern) {
				return true
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if within(v.Index(i).Interface(), name, pattern) {
				return true
			}
		}
	}
	return false
}

func holds(value any, pattern string) bool {
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Map, reflect.Invalid:
		return false
	case reflect.Slice:
		for i := range v.Len() {
			if holds(v.Index(i).Interface(), pattern) {
				return true
			}
		}
		return false
	}
	return matches(pattern, fmt.Sprint(value))
}
