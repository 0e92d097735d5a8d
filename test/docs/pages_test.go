// SPDX-License-Identifier: Apache-2.0

package docs_test

import (
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"karpenter.sh/core/testkit/markdown"
)

// root is the directory of the repository.
var root = filepath.Join("..", "..") //nolint:gochecknoglobals // a constant

// guide is where the pages for users are.
const guide = "core/docs"

// everyPage reads all pages of the repository, by their paths below the root.
func everyPage(t *testing.T) map[string]markdown.Page {
	t.Helper()
	pages := map[string]markdown.Page{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains([]string{".git", "bin", "testdata"}, entry.Name()):
			return filepath.SkipDir
		case entry.IsDir() || filepath.Ext(path) != ".md":
			return nil
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		pages[filepath.ToSlash(name)], err = markdown.Read(path)
		return err
	})
	if err != nil || len(pages) < 15 {
		t.Fatalf("%d pages: %v", len(pages), err)
	}
	return pages
}

// guidePages are those for users and contributors, sorted.
func guidePages(t *testing.T) (names []string, pages map[string]markdown.Page) {
	t.Helper()
	pages = everyPage(t)
	maps.DeleteFunc(pages, func(name string, _ markdown.Page) bool {
		return !isGuide(name) && name != "README.md" && name != "CONTRIBUTING.md"
	})
	return slices.Sorted(maps.Keys(pages)), pages
}

func isGuide(name string) bool {
	rest, ok := strings.CutPrefix(name, guide+"/")
	return ok && !strings.Contains(rest, "/")
}
