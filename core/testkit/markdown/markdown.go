// SPDX-License-Identifier: Apache-2.0

package markdown

import (
	"bytes"
	"fmt"
	"os"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// Page is what a text in Markdown holds, each in the order of the text.
type Page struct {
	// Text is the source.
	Text string
	// Blocks are the fenced blocks of code.
	Blocks []Block
	// Spans are the pieces of code within sentences and tables.
	Spans []string
	// Links are the destinations of links and images, as written.
	Links []string
	// Anchors are what a link to a heading of the page has after its #.
	Anchors map[string]bool
}

// Block is a fenced block of code.
type Block struct {
	// Language is the word after the fence, or "".
	Language string
	// Text is the code, which ends with a newline.
	Text string
	// Line of the page at which the code begins, from 1.
	Line int
}

// Read reads the page in a file.
func Read(path string) (Page, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return Page{}, fmt.Errorf("reading a page: %w", err)
	}
	return Parse(source), nil
}

// Parse reads a page. Any text is one.
func Parse(source []byte) Page {
	page := Page{Text: string(source), Anchors: map[string]bool{}}
	root := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(source))
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // visit never fails
		if entering {
			page.visit(n, source)
		}
		return ast.WalkContinue, nil
	})
	return page
}

// Of are the blocks of a language.
func (p Page) Of(language string) []Block {
	var out []Block
	for _, b := range p.Blocks {
		if b.Language == language {
			out = append(out, b)
		}
	}
	return out
}

func (p *Page) visit(n ast.Node, source []byte) {
	switch n := n.(type) {
	case *ast.FencedCodeBlock:
		p.Blocks = append(p.Blocks, block(n, source))
	case *ast.CodeSpan:
		p.Spans = append(p.Spans, plain(n, source))
	case *ast.Link:
		p.Links = append(p.Links, string(n.Destination))
	case *ast.Image:
		p.Links = append(p.Links, string(n.Destination))
	case *ast.Heading:
		p.anchor(plain(n, source))
	}
}

func block(n *ast.FencedCodeBlock, source []byte) Block {
	b := Block{Language: string(n.Language(source)), Text: string(n.Lines().Value(source))}
	if n.Lines().Len() > 0 {
		b.Line = 1 + bytes.Count(source[:n.Lines().At(0).Start], []byte("\n"))
	}
	return b
}

// plain is the text of a node without its markup.
func plain(n ast.Node, source []byte) string {
	var out bytes.Buffer
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // never fails
		if t, ok := n.(*ast.Text); ok && entering {
			out.Write(t.Value(source))
			if t.SoftLineBreak() {
				out.WriteByte(' ')
			}
		}
		return ast.WalkContinue, nil
	})
	return strings.ReplaceAll(out.String(), "\n", " ") // a span may be broken between lines
}
