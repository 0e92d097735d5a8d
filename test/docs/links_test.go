// SPDX-License-Identifier: Apache-2.0

package docs_test

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"karpenter.sh/core/testkit/markdown"
)

// OPS-342: every link to a file of the repository leads to one, and to a heading of it if it
// names one.
func TestLinks(t *testing.T) {
	pages, followed := everyPage(t), 0
	for name, page := range pages {
		for _, link := range page.Links {
			if strings.Contains(link, "://") {
				continue
			}
			followed++
			if why := broken(pages, name, link); why != "" {
				t.Errorf("%s: %s: %s", name, link, why)
			}
		}
	}
	if followed < 100 {
		t.Errorf("%d links were followed", followed)
	}
}

// broken says what is wrong with a link, or "".
func broken(pages map[string]markdown.Page, from, link string) string {
	file, anchor, _ := strings.Cut(link, "#")
	to := from
	if file != "" {
		to = path.Join(path.Dir(from), file)
	}
	if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(to))); err != nil {
		return "there is no such file"
	}
	if page, ok := pages[to]; ok && anchor != "" && !page.Anchors[anchor] {
		return "there is no such heading"
	}
	return ""
}

// Every page of the guide, and every example, is found from its index.
func TestIndex(t *testing.T) {
	pages := everyPage(t)
	linked := map[string]bool{}
	for name, page := range pages {
		if !isGuide(name) {
			continue
		}
		for _, link := range page.Links {
			file, _, _ := strings.Cut(link, "#")
			linked[path.Join(path.Dir(name), file)] = true
		}
	}
	for name := range pages {
		if isGuide(name) && name != guide+"/README.md" && !linked[name] {
			t.Errorf("no page links to %s", name)
		}
	}
	for _, file := range exampleFiles(t) {
		if !linked[file] {
			t.Errorf("no page shows %s", file)
		}
	}
}
