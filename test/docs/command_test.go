// SPDX-License-Identifier: Apache-2.0

package docs_test

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"karpenter.sh/core/testkit/markdown"
)

// command is one that a page tells readers to run.
type command struct {
	// where it stands: page and line, or page alone.
	where string
	// text is the command without comments.
	text string
}

// excuse is why a command is not tried.
type excuse struct{ text, why string }

// excuses lists the commands that nobody tries.
func excuses() []excuse {
	return []excuse{
		{"kubectl apply -f parameters.yaml", "the reader writes this copy; core/policies tries the original"},
		{"kubectl apply -f core/policies/nodeclaims.yaml -f core/policies/status.yaml -f core/policies/nodepools.yaml",
			"without a ConfigMap they would admit nothing; core/policies tries them"},
		{"cosign", "it needs a registry that has a release"},
		{"gh", "it needs a registry that has a release"},
		{"tilt up", "it needs Tilt; tools/tiltfile tries what it would be told"},
		{"dlv test", "it needs the debugger"},
		{"dlv attach", "it needs the debugger and a process"},
		{"go install github.com/go-delve/delve/cmd/dlv@latest", "it downloads the debugger"},
	}
}

func (c command) excused() bool {
	return slices.ContainsFunc(excuses(), func(e excuse) bool { return c.text == e.text || strings.HasPrefix(c.text, e.text+" ") })
}

// words are those of the command, quoted ones whole.
func (c command) words() []string {
	words := regexp.MustCompile(`(?:[^\s"']|"[^"]*"|'[^']*')+`).FindAllString(c.text, -1)
	for i, w := range words {
		words[i] = strings.NewReplacer(`"`, "", `'`, "").Replace(w)
	}
	return words
}

// program is its first word, without the directory.
func (c command) program() string { return path.Base(c.words()[0]) }

// commands are those in the shell blocks of a page, in their order. A command whose output is
// assigned stands for itself.
func commands(name string, page markdown.Page) (out []command) {
	for _, block := range page.Of("sh") {
		text := strings.ReplaceAll(block.Text, "\\\n", " ")
		for i, line := range strings.Split(text, "\n") {
			line, _, _ = strings.Cut(line, " #")
			line = strings.TrimSpace(line)
			if assigned := regexp.MustCompile(`^export \w+=(?:\$\((.*)\)|[\w./-]+)$`).FindStringSubmatch(line); assigned != nil {
				line = assigned[1]
			}
			if line != "" && !strings.HasPrefix(line, "#") {
				out = append(out, command{where: fmt.Sprintf("%s:%d", name, block.Line+i), text: line})
			}
		}
	}
	return out
}

// mentioned are the commands within the sentences of a page that can be told by their
// first words.
func mentioned(name string, page markdown.Page) (out []command) {
	for _, span := range page.Spans {
		if regexp.MustCompile(`^(make [a-z]|go (run|test) \./)`).MatchString(span) {
			out = append(out, command{where: name, text: span})
		}
	}
	return out
}
