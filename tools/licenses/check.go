// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// pkg is a package that is depended on: its import path, its directory, and that of its
// module.
type pkg struct{ path, dir, root string }

// allowed are the licenses that dependencies may have, by their SPDX identifiers.
func allowed() []string {
	return []string{"MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MPL-2.0"}
}

// enough is how much of a file, in percent, must be known text: the rest is names,
// years and headings.
const enough = 75

// scanner reads files of licenses, each once.
type scanner struct {
	// files are the license files of directories, and problems what is wrong with files.
	files    map[string][]string
	problems map[string]string
}

func newScanner() *scanner {
	return &scanner{files: map[string][]string{}, problems: map[string]string{}}
}

// check says what is wrong with the licenses of a package, or "".
func (s *scanner) check(p pkg) (string, error) {
	found := false
	for dir := p.dir; ; dir = filepath.Dir(dir) {
		files, err := s.in(dir)
		if err != nil {
			return "", err
		}
		found = found || len(files) > 0
		for _, file := range files {
			if why := s.problems[file]; why != "" {
				return fmt.Sprintf("%s: %s", file, why), nil
			}
		}
		if dir == p.root || !strings.HasPrefix(dir, p.root) {
			break
		}
	}
	if !found {
		return "there is no license in " + p.root, nil
	}
	return "", nil
}

// in are the license files of a directory, of which it finds out what is wrong.
func (s *scanner) in(dir string) ([]string, error) {
	if files, known := s.files[dir]; known {
		return files, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("looking for licenses: %w", err)
	}
	name := regexp.MustCompile(`(?i)^(licen[cs]e|copying|unlicense)([-.].*)?$`)
	files := []string{}
	for _, entry := range entries {
		if entry.IsDir() || !name.MatchString(entry.Name()) || filepath.Ext(entry.Name()) == ".go" {
			continue
		}
		file := filepath.Join(dir, entry.Name())
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading a license: %w", err)
		}
		files, s.problems[file] = append(files, file), problem(text)
	}
	s.files[dir] = files
	return files, nil
}

// problem says why a text is no license that is allowed, or "".
func problem(text []byte) string {
	coverage := licensecheck.Scan(text)
	var names []string
	for _, match := range coverage.Match {
		if !match.IsURL && !slices.Contains(names, match.ID) {
			names = append(names, match.ID)
		}
	}
	switch other := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return slices.Contains(allowed(), n) }); {
	case len(other) > 0:
		return "its license is " + strings.Join(other, " and ")
	case len(names) == 0:
		return "no license that is known"
	case coverage.Percent < enough:
		return fmt.Sprintf("only %.0f%% of it is text of %s", coverage.Percent, strings.Join(names, " and "))
	}
	return ""
}
