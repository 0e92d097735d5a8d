// SPDX-License-Identifier: Apache-2.0

package iam

import (
	"errors"
	"fmt"
	"regexp"
)

// Render returns a document with its placeholders filled. Its error names each
// placeholder that cannot be filled, once.
func Render(d Document, v Values) ([]byte, error) {
	text, err := files.ReadFile(string(d))
	if err != nil {
		return nil, fmt.Errorf("document %s: %w", d, ErrUnknownDocument)
	}
	out, err := Fill(text, v)
	if err != nil {
		return nil, fmt.Errorf("document %s: %w", d, err)
	}
	return out, nil
}

// Fill fills the placeholders of any text, such as a document of the user's own.
func Fill(text []byte, v Values) ([]byte, error) {
	known := v.placeholders()
	told := map[string]bool{}
	var errs []error
	out := regexp.MustCompile(`\$\{[^}]*\}?`).ReplaceAllFunc(text, func(found []byte) []byte {
		name := string(found[2:])
		if n := len(name); n > 0 && name[n-1] == '}' {
			name = name[:n-1]
		}
		p, ok := known[name]
		err := ErrUnknownPlaceholder
		if ok {
			err = p.check()
		}
		if err != nil && !told[name] {
			told[name] = true
			errs = append(errs, fmt.Errorf("placeholder %s: %w", found, err))
		}
		return []byte(p.value)
	})
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return out, nil
}
