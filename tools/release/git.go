// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// repository is a git repository.
type repository struct{ dir string }

func (r repository) git(ctx context.Context, args ...string) (string, error) {
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = r.dir, &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(errs.String()))
	}
	return out.String(), nil
}

// changes lists the files that are not as they were committed.
func (r repository) changes(ctx context.Context) (string, error) {
	out, err := r.git(ctx, "status", "--porcelain")
	return strings.TrimRight(out, "\n"), err
}

// tagged tells whether the commit of the tree has a tag.
func (r repository) tagged(ctx context.Context, tag string) (bool, error) {
	out, err := r.git(ctx, "tag", "--points-at", "HEAD", "--list", tag)
	return strings.TrimSpace(out) == tag, err
}

// head is the hash of the commit of the tree.
func (r repository) head(ctx context.Context) (string, error) {
	out, err := r.git(ctx, "rev-parse", "HEAD")
	return strings.TrimSpace(out), err
}

// releaseBefore returns the tag of the latest version before v that is part of the
// history; empty if v is the first. A release looks past its own candidates.
func (r repository) releaseBefore(ctx context.Context, v version) (string, error) {
	out, err := r.git(ctx, "tag", "--merged", "HEAD", "--list", "v*")
	if err != nil {
		return "", err
	}
	best, tag := version{}, ""
	for line := range strings.Lines(out) {
		name := strings.TrimSpace(line)
		w, err := parseVersion(strings.TrimPrefix(name, "v"))
		if err != nil || w.compare(v) >= 0 || v.stage == "" && w.stage != "" {
			continue
		}
		if tag == "" || w.compare(best) > 0 {
			best, tag = w, name
		}
	}
	return tag, nil
}

// commits returns the commits since a tag, the newest first; all without one.
func (r repository) commits(ctx context.Context, since string) ([]commit, error) {
	args := []string{"log", "--no-merges", "--format=%h%x1f%s%x1f%b%x1e"}
	if since != "" {
		args = append(args, since+"..HEAD")
	}
	out, err := r.git(ctx, args...)
	if err != nil {
		return nil, err
	}
	var commits []commit
	for record := range strings.SplitSeq(out, "\x1e") {
		fields := strings.Split(strings.TrimLeft(record, "\n"), "\x1f")
		if len(fields) == 3 {
			commits = append(commits, parseCommit(fields[0], fields[1], fields[2]))
		}
	}
	return commits, nil
}
