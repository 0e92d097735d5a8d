// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// described is how a description has a parameter, or a property within one.
type described struct {
	Type       string          `json:"type"`
	Optional   number          `json:"optional"`
	Minimum    *number         `json:"minimum"`
	Maximum    *number         `json:"maximum"`
	MinLength  *number         `json:"minLength"`
	MaxLength  *number         `json:"maxLength"`
	Pattern    string          `json:"pattern"`
	Enum       []string        `json:"enum"`
	Format     json.RawMessage `json:"format"`
	DefaultKey number          `json:"default_key"`
	Alias      string          `json:"alias"`
	KeyAlias   string          `json:"keyAlias"`
}

// number is a number that may be written as a text.
type number float64

// UnmarshalJSON implements json.Unmarshaler.
func (n *number) UnmarshalJSON(data []byte) error {
	value, err := strconv.ParseFloat(strings.Trim(string(data), `"`), 64)
	if err != nil {
		return fmt.Errorf("want a number, not %s", data)
	}
	*n = number(value)
	return nil
}

// parameter is what is known of one.
type parameter struct {
	kind                                   string
	optional                               bool
	minimum, maximum, minLength, maxLength *number
	pattern                                *regexp.Regexp
	enum                                   []string
	format                                 string
	properties                             *properties // nil: no property string
}

func newParameter(d described) (*parameter, error) {
	p := &parameter{
		kind: d.Type, optional: d.Optional != 0, minimum: d.Minimum, maximum: d.Maximum,
		minLength: d.MinLength, maxLength: d.MaxLength, enum: d.Enum,
	}
	if d.Pattern != "" {
		// The pattern is Perl's, in which "^" puts flags back, and has to match all of the text.
		pattern, err := regexp.Compile(`^(?:` + strings.ReplaceAll(d.Pattern, "(?^", "(?") + `)$`)
		if err != nil {
			return nil, fmt.Errorf("pattern: %w", err)
		}
		p.pattern = pattern
	}
	if len(d.Format) == 0 || string(d.Format) == "null" {
		return p, nil
	}
	if json.Unmarshal(d.Format, &p.format) == nil {
		return p, nil
	}
	var inner map[string]described
	if err := json.Unmarshal(d.Format, &inner); err != nil {
		return nil, fmt.Errorf("format: %w", err)
	}
	var err error
	p.properties, err = newProperties(inner)
	return p, err
}
