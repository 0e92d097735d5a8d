// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"slices"
	"strings"
)

// comparison is how one value of the request is compared with one of the policy.
func comparison(operator string) (compare func(wanted, got string) bool, ok bool) {
	_, base, found := strings.Cut(operator, ":")
	if !found {
		base = operator
	}
	base = strings.TrimSuffix(base, "IfExists")
	switch base {
	case "StringEquals", "StringNotEquals", "Bool":
		return func(wanted, got string) bool { return wanted == got }, true
	case "StringEqualsIgnoreCase":
		return strings.EqualFold, true
	case "StringLike", "StringNotLike", "ArnLike", "ArnEquals":
		return like, true
	case "Null":
		return nil, true
	}
	return nil, false
}

// holds judges one condition: all of its keys' values are alternatives.
func holds(operator string, wanted Strings, context map[string][]string, key string) bool {
	got, present := context[key]
	if operator == "Null" {
		return slices.Contains(wanted, boolText(!present))
	}
	compare, _ := comparison(operator)
	matches := func(value string) bool {
		return slices.ContainsFunc(wanted, func(w string) bool { return compare(w, value) })
	}
	switch {
	case strings.HasPrefix(operator, "ForAllValues:"):
		return !slices.ContainsFunc(got, func(v string) bool { return !matches(v) })
	case !present:
		return strings.HasSuffix(operator, "IfExists") || strings.Contains(operator, "Not")
	case strings.Contains(operator, "StringNot"):
		return !slices.ContainsFunc(got, matches)
	}
	return slices.ContainsFunc(got, matches)
}

func boolText(b bool) string {
	if b {
		return "true"
	}
	return "false"
}
