// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// commit is what the message of a commit says by the rules of Conventional Commits.
type commit struct {
	Hash string
	// Kind is feat, fix, perf and so on; empty if the message does not follow the
	// rules.
	Kind, Scope, Subject string
	// Breaking is what users have to do about it; empty if nothing.
	Breaking string
}

// parseCommit reads the first line and the rest of a message.
func parseCommit(hash, subject, body string) commit {
	m := regexp.MustCompile(`^([a-z]+)(?:\(([^)]+)\))?(!)?: (.+)$`).FindStringSubmatch(subject)
	if m == nil {
		return commit{Hash: hash, Subject: subject}
	}
	c := commit{Hash: hash, Kind: m[1], Scope: m[2], Subject: m[4]}
	if b := regexp.MustCompile(`(?ms)^BREAKING[ -]CHANGE: (.+?)(?:\n\n|\z)`).FindStringSubmatch(body); b != nil {
		c.Breaking = strings.Join(strings.Fields(b[1]), " ")
	} else if m[3] != "" {
		c.Breaking = c.Subject
	}
	return c
}

// release is what notes are about.
type release struct {
	Version string
	// Before is the tag of the release before; empty for the first.
	Before  string
	Commits []commit // the newest first
}

// notes are the notes of a release in Markdown: what users have to do first, then what
// is new, mended and faster, by scope. What changes nothing for users is left out.
func notes(r release) string {
	var out strings.Builder
	fmt.Fprintf(&out, "# Karpenter %s\n", r.Version)
	if r.Before != "" {
		fmt.Fprintf(&out, "\nChanges since %s.\n", strings.TrimPrefix(r.Before, "v"))
	}
	section(&out, "What you have to do", r.Commits, func(c commit) (string, bool) { return c.Breaking, c.Breaking != "" })
	for _, s := range []struct{ kind, title string }{{"feat", "New"}, {"fix", "Mended"}, {"perf", "Faster"}} {
		section(&out, s.title, r.Commits, func(c commit) (string, bool) { return c.Subject, c.Kind == s.kind })
	}
	if !strings.Contains(out.String(), "\n## ") {
		out.WriteString("\nNothing changes for users.\n")
	}
	return out.String()
}

func section(out *strings.Builder, title string, commits []commit, pick func(commit) (string, bool)) {
	var lines []string
	for _, c := range slices.Backward(commits) {
		text, ok := pick(c)
		if !ok {
			continue
		}
		if c.Scope != "" {
			text = "**" + c.Scope + "**: " + text
		}
		lines = append(lines, fmt.Sprintf("- %s (%s)", text, c.Hash))
	}
	if len(lines) == 0 {
		return
	}
	slices.SortStableFunc(lines, func(a, b string) int { return strings.Compare(scopeOf(a), scopeOf(b)) })
	fmt.Fprintf(out, "\n## %s\n\n%s\n", title, strings.Join(lines, "\n"))
}

// scopeOf is what a line is sorted by; lines without a scope come last.
func scopeOf(line string) string {
	if scope, _, found := strings.Cut(strings.TrimPrefix(line, "- **"), "**: "); found && strings.HasPrefix(line, "- **") {
		return scope
	}
	return "\xff"
}
