// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"net/url"
	"strings"
)

// field is one part of the dotted names of a form.
type field struct {
	text  string
	given bool
	names []string // of its parts, in the order of the form
	parts []*field
	index map[string]int // once there are many
}

// manyParts is from how many parts on a field has an index.
const manyParts = 16

// readForm reads a form into a tree of fields, without call and version.
func readForm(body string) (*field, error) {
	root := &field{}
	err := eachPair(body, func(key, value string) {
		if key != "Action" && key != "Version" {
			root.set(key, value)
		}
	})
	return root, err
}

// eachPair reads the pairs of a form in order.
func eachPair(body string, do func(key, value string)) error {
	for pair := range strings.SplitSeq(body, "&") {
		if pair == "" {
			continue
		}
		key, value, _ := strings.Cut(pair, "=")
		key, err := url.QueryUnescape(key)
		if err != nil {
			return err
		}
		if value, err = url.QueryUnescape(value); err != nil {
			return err
		}
		do(key, value)
	}
	return nil
}

func (f *field) set(key, value string) {
	for part := range strings.SplitSeq(key, ".") {
		next := f.part(part)
		if next == nil {
			next = &field{}
			f.add(part, next)
		}
		f = next
	}
	if !f.given { // the first of several counts
		f.text, f.given = value, true
	}
}

// part is the part of this name; nil: there is none.
func (f *field) part(name string) *field {
	if f.index != nil {
		if n, ok := f.index[name]; ok {
			return f.parts[n]
		}
		return nil
	}
	for n := len(f.names) - 1; n >= 0; n-- { // the last is asked for most often
		if f.names[n] == name {
			return f.parts[n]
		}
	}
	return nil
}

func (f *field) add(name string, part *field) {
	f.names, f.parts = append(f.names, name), append(f.parts, part)
	switch {
	case f.index != nil:
		f.index[name] = len(f.names) - 1
	case len(f.names) == manyParts:
		f.index = map[string]int{}
		for n, known := range f.names {
			f.index[known] = n
		}
	}
}
