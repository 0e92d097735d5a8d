// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
)

// version is a semantic one: 1.2.3, or 1.2.3-rc.1 (OPS-257).
type version struct {
	numbers [3]int
	// stage is alpha, beta or rc; empty for a release. count is which one.
	stage string
	count int
}

func parseVersion(s string) (version, error) {
	m := regexp.MustCompile(`^(\d+)\.(\d+)\.(\d+)(?:-(alpha|beta|rc)\.(\d+))?$`).FindStringSubmatch(s)
	if m == nil {
		return version{}, fmt.Errorf("-version %q: want one like 1.2.3 or 1.2.3-rc.1, without v", s)
	}
	v := version{stage: m[4]}
	for i, part := range []*int{&v.numbers[0], &v.numbers[1], &v.numbers[2], &v.count} {
		text := m[i+1]
		if i == 3 {
			text = cmp.Or(m[5], "0")
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return version{}, fmt.Errorf("-version %q: %w", s, err)
		}
		*part = n
	}
	return v, nil
}

// compare orders versions: candidates come before their release.
func (v version) compare(w version) int {
	return cmp.Or(slices.Compare(v.numbers[:], w.numbers[:]), cmp.Compare(v.rank(), w.rank()), cmp.Compare(v.count, w.count))
}

// String is the version as tags of images and charts have it, without v.
func (v version) String() string {
	text := fmt.Sprintf("%d.%d.%d", v.numbers[0], v.numbers[1], v.numbers[2])
	if v.stage != "" {
		text += fmt.Sprintf("-%s.%d", v.stage, v.count)
	}
	return text
}

// branch is where a release is tagged, and where what it wrote goes back to: patches have
// a branch of their minor (OPS-257).
func (v version) branch() string {
	if v.numbers[2] == 0 {
		return "main"
	}
	return fmt.Sprintf("release-v%d.%d.x", v.numbers[0], v.numbers[1])
}

// isCommit tells the version of a snapshot, which is the hash of its commit (OPS-259).
func isCommit(version string) bool { return regexp.MustCompile(`^[0-9a-f]{40}$`).MatchString(version) }

// chartVersion is the version of the charts of a release or snapshot: those of snapshots
// come before every release.
func chartVersion(version string) (string, error) {
	if isCommit(version) {
		return "0-" + version, nil
	}
	v, err := parseVersion(version)
	if err != nil {
		return "", fmt.Errorf("%w, or the 40 digits of a commit for a snapshot", err)
	}
	return v.String(), nil
}

func (v version) rank() int {
	return slices.Index([]string{"alpha", "beta", "rc", ""}, v.stage)
}
