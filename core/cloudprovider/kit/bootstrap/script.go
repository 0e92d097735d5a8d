// SPDX-License-Identifier: Apache-2.0

package bootstrap

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// ErrUnquotable is what a text fails with that no quoting makes one word.
var ErrUnquotable = errors.New("the text holds a zero byte")

// Script is a shell script whose words are quoted. An error of any line is kept
// for Bytes.
type Script struct {
	text strings.Builder
	err  error
}

// NewScript begins a script with lines as they are, such as "#!/bin/bash -e".
func NewScript(lines ...string) *Script {
	s := &Script{}
	for _, line := range lines {
		s.Line(line)
	}
	return s
}

// Line adds a line as it is. It must not hold text from elsewhere.
func (s *Script) Line(line string) { s.text.WriteString(line + "\n") }

// Run adds a command: each argument becomes one word.
func (s *Script) Run(arguments ...string) {
	words := make([]string, len(arguments))
	for i, argument := range arguments {
		words[i] = s.quote(argument)
	}
	s.Line(strings.Join(words, " "))
}

// Assign adds an assignment to a variable.
func (s *Script) Assign(name, value string) {
	if !regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`).MatchString(name) {
		s.err = errors.Join(s.err, fmt.Errorf("assigning to %q: it is no name of a variable", name))
	}
	s.Line(name + "=" + s.quote(value))
}

// Bytes returns the script.
func (s *Script) Bytes() ([]byte, error) {
	if s.err != nil {
		return nil, fmt.Errorf("writing a script: %w", s.err)
	}
	return []byte(s.text.String()), nil
}

func (s *Script) quote(text string) string {
	word, err := Quote(text)
	s.err = errors.Join(s.err, err)
	return word
}

// Quote makes a text one word of a POSIX shell: plain where that is safe, else in
// single quotes.
func Quote(text string) (string, error) {
	if strings.ContainsRune(text, 0) {
		return "", ErrUnquotable
	}
	if text != "" && strings.IndexFunc(text, needsQuotes) < 0 {
		return text, nil
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'", nil
}

func needsQuotes(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return false
	}
	return !strings.ContainsRune("_-./:,@+", r)
}

// PowerShellQuote makes a text one word of PowerShell, in single quotes. It takes
// the curved single quotes for straight ones, and so they are doubled too.
func PowerShellQuote(text string) (string, error) {
	if strings.ContainsRune(text, 0) {
		return "", ErrUnquotable
	}
	var out strings.Builder
	out.WriteByte('\'')
	for _, r := range text {
		if strings.ContainsRune("'\u2018\u2019\u201a\u201b", r) {
			out.WriteRune(r)
		}
		out.WriteRune(r)
	}
	out.WriteByte('\'')
	return out.String(), nil
}
