// SPDX-License-Identifier: Apache-2.0

package markdown

import (
	"fmt"
	"strings"
	"unicode"
)

// anchor adds that of a heading. One that is there already gets a number.
func (p *Page) anchor(heading string) {
	base := slug(heading)
	name := base
	for i := 1; p.Anchors[name]; i++ {
		name = fmt.Sprintf("%s-%d", base, i)
	}
	p.Anchors[name] = true
}

// slug is how GitHub turns a heading into an anchor: letters, digits and dashes in lower
// case, dashes for spaces.
func slug(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-', r == '_', unicode.IsLetter(r), unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}
