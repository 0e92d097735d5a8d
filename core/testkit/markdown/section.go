// SPDX-License-Identifier: Apache-2.0

package markdown

import (
	"fmt"
	"os"
	"strings"
)

// Section returns what a file has between a text and the next text after it. It is an
// error if either is not there: what is looked for in nothing is never missing.
func Section(path, from, to string) (string, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("reading a page: %w", err)
	}
	_, rest, begins := strings.Cut(string(source), from)
	section, _, ends := strings.Cut(rest, to)
	if !begins || !ends {
		return "", fmt.Errorf("%s has no section from %q to %q", path, from, to)
	}
	return section, nil
}
