// SPDX-License-Identifier: Apache-2.0

package markdown_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"karpenter.sh/core/testkit/markdown"
)

const text = "# What `it` does: 1.2 & more\n" + `
See [the other](other.md#part), or ![a picture](shape.png). It says ` + "`some\nwords`" + `.

| To | Run |
|---|---|
| look | ` + "`make help`" + `, [here](#twice) |

## Twice
## Twice

- in a list:

  ` + "```sh" + `
  make up
  ` + "```" + `

` + "```yaml" + `
a: [b](not-a-link)
` + "```\n\n```\nplain\n```\n"

func TestParse(t *testing.T) {
	page := markdown.Parse([]byte(text))
	for _, tc := range []struct {
		why       string
		got, want any
	}{
		{"links in sentences and tables, none in code", page.Links, []string{"other.md#part", "shape.png", "#twice"}},
		{"code within sentences", page.Spans, []string{"it", "some words", "make help"}},
		{"a heading that comes again has a number", slices.Sorted(maps.Keys(page.Anchors)),
			[]string{"twice", "twice-1", "what-it-does-12--more"}},
		{"blocks, without the indentation of their list", page.Blocks, []markdown.Block{
			{Language: "sh", Text: "make up\n", Line: 16}, {Language: "yaml", Text: "a: [b](not-a-link)\n", Line: 20}, {Text: "plain\n", Line: 24}}},
		{"blocks of a language", page.Of("sh"), []markdown.Block{{Language: "sh", Text: "make up\n", Line: 16}}},
	} {
		if diff := cmp.Diff(tc.want, tc.got); diff != "" {
			t.Errorf("%s: %s", tc.why, diff)
		}
	}
}

func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.md")
	if _, err := markdown.Read(path); err == nil {
		t.Error("a page that is not there was read")
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if page, err := markdown.Read(path); err != nil || page.Text != text || len(page.Blocks) != 3 {
		t.Errorf("got %+v, %v", page, err)
	}
}

func TestSection(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(path, []byte("b **A-1** one b two **A-1**"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := markdown.Section(path, "**A-1**", "b"); err != nil || got != " one " {
		t.Errorf("got %q, %v", got, err)
	}
	for _, missing := range [][3]string{{path, "**A-2**", "b"}, {path, "two", "one"}, {path + ".not", "b", "b"}} {
		if got, err := markdown.Section(missing[0], missing[1], missing[2]); err == nil {
			t.Errorf("from %q to %q: %q", missing[1], missing[2], got)
		}
	}
}
