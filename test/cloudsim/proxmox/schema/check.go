// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Check says what is wrong with the parameters of a request, those of the path included,
// by name, as the API says it. Nothing is wrong with what is not in the map.
func (o *Operation) Check(in map[string]string) map[string]string {
	problems := map[string]string{}
	for name, value := range in {
		p := o.parameter(name)
		if p == nil {
			if o.closed {
				problems[name] = "property is not defined in schema and the schema does not allow additional properties"
			}
			continue
		}
		if problem := p.check(value); problem != "" {
			problems[name] = problem
		}
	}
	for name, p := range o.parameters {
		if _, ok := in[name]; !ok && !p.optional && !strings.HasSuffix(name, "[n]") {
			problems[name] = "property is missing and it is not optional"
		}
	}
	return problems
}

// check says what is wrong with a value; empty: nothing.
func (p *parameter) check(value string) string {
	if problem := p.checkType(value); problem != "" {
		return problem
	}
	switch size := number(utf8.RuneCountInString(value)); {
	case p.minLength != nil && size < *p.minLength:
		return fmt.Sprintf("value must be at least %v characters long", float64(*p.minLength))
	case p.maxLength != nil && size > *p.maxLength:
		return fmt.Sprintf("value may only be %v characters long", float64(*p.maxLength))
	case p.pattern != nil && !p.pattern.MatchString(value):
		return "value does not match the regex pattern"
	case len(p.enum) > 0 && !slices.Contains(p.enum, value):
		return fmt.Sprintf("value '%s' does not have a value in the enumeration '%s'", value, strings.Join(p.enum, ", "))
	}
	if p.properties != nil {
		return p.properties.check(value)
	}
	return checkFormat(p.format, value)
}

var (
	integers = regexp.MustCompile(`^[+-]?\d+$`)
	numbers  = regexp.MustCompile(`^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$`)
	booleans = regexp.MustCompile(`^(?i:1|on|yes|true|0|off|no|false)$`)
)

func (p *parameter) checkType(value string) string {
	pattern := map[string]*regexp.Regexp{"integer": integers, "number": numbers, "boolean": booleans}[p.kind]
	if pattern == nil {
		return ""
	}
	if !pattern.MatchString(value) {
		return fmt.Sprintf("type check ('%s') failed - got '%s'", p.kind, value)
	}
	if p.kind == "boolean" {
		return ""
	}
	n, err := strconv.ParseFloat(value, 64)
	switch {
	case err != nil:
		return fmt.Sprintf("type check ('%s') failed - got '%s'", p.kind, value)
	case p.minimum != nil && n < float64(*p.minimum):
		return fmt.Sprintf("value must have a minimum value of %v", float64(*p.minimum))
	case p.maximum != nil && n > float64(*p.maximum):
		return fmt.Sprintf("value must have a maximum value of %v", float64(*p.maximum))
	}
	return ""
}
