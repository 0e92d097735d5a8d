// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
)

// heads are the first lines of the two tables of the compatibility page: of the minors of
// Kubernetes, and of the releases.
const (
	minorsHead   = "| Kubernetes | Tested |\n|---|---|\n"
	releasesHead = "| Release | Kubernetes | Charts and definitions | Documentation |\n|---|---|---|---|\n"
)

// addRelease puts a release into the table of the page, the latest first, in place of what
// stood there of it (OPS-258, OPS-260).
func addRelease(page string, v version) error {
	content, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	text, err := withRelease(string(content), v)
	if err != nil {
		return fmt.Errorf("adding the release to %s: %w", page, err)
	}
	return os.WriteFile(page, []byte(text), 0o644)
}

func withRelease(page string, v version) (string, error) {
	_, minors, found := strings.Cut(page, minorsHead)
	supported := regexp.MustCompile(`(?m)\A(?:\| (\d+\.\d+) \|.*\n)+`).FindString(minors)
	numbers := regexp.MustCompile(`(?m)^\| (\d+\.\d+) \|`).FindAllStringSubmatch(supported, -1)
	before, after, also := strings.Cut(page, releasesHead)
	if !found || !also || len(numbers) == 0 {
		return "", errors.New("want a table of the minors of Kubernetes and one of the releases")
	}
	size := len(regexp.MustCompile(`\A(?:\|.*\n)*`).FindString(after))
	rows := slices.Collect(strings.Lines(after[:size]))
	rows = slices.DeleteFunc(rows, func(row string) bool { return strings.HasPrefix(row, "| "+v.String()+" |") })
	rows = append(rows, fmt.Sprintf("| %s | %s to %s | %[1]s | `v%[1]s` |\n", v, numbers[0][1], numbers[len(numbers)-1][1]))
	slices.SortStableFunc(rows, func(a, b string) int { return releaseOf(b).compare(releaseOf(a)) })
	return before + releasesHead + strings.Join(rows, "") + after[size:], nil
}

// releaseOf is the release that a row is about; the zero version if it is about none.
func releaseOf(row string) version {
	v, err := parseVersion(strings.TrimSpace(strings.Split(row, "|")[1]))
	if err != nil {
		return version{}
	}
	return v
}
