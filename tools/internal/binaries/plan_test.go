// SPDX-License-Identifier: Apache-2.0

package binaries_test

import (
	"maps"
	"slices"
	"testing"

	"karpenter.sh/tools/internal/binaries"
)

func names(programs []binaries.Program) []string {
	out := []string{}
	for _, p := range programs {
		out = append(out, p.Name)
	}
	return out
}

func TestPlan(t *testing.T) {
	set := binaries.Set{Programs: []binaries.Program{
		{Name: "multi", Runs: []string{"one", "two"}},
		{Name: "single"},
	}}
	own := map[string]string{"one": "multi", "two": "multi"}
	tests := []struct {
		reason string
		found  binaries.Found
		build  []string
		link   map[string]string
	}{
		{
			reason: "an empty directory needs everything",
			build:  []string{"multi", "single"},
			link:   own,
		},
		{
			reason: "with current stamps and links nothing is left to do",
			found:  binaries.Found{Stamps: map[string]string{"multi": "k", "single": "k"}, Links: own},
			build:  []string{},
			link:   map[string]string{},
		},
		{
			reason: "another key means that the sources changed",
			found:  binaries.Found{Stamps: map[string]string{"multi": "old", "single": "k"}, Links: own},
			build:  []string{"multi"},
			link:   map[string]string{},
		},
		{
			reason: "an asset that covers some names of a multi-call binary does not save its build",
			found:  binaries.Found{AssetsDir: "/a", Assets: map[string]bool{"one": true}},
			build:  []string{"multi", "single"},
			link:   map[string]string{"one": "/a/one", "two": "multi"},
		},
		{
			reason: "assets that cover every name save the build",
			found:  binaries.Found{AssetsDir: "/a", Assets: map[string]bool{"one": true, "two": true, "single": true}},
			build:  []string{},
			link:   map[string]string{"one": "/a/one", "two": "/a/two", "single": "/a/single"},
		},
		{
			reason: "a link to assets that are no longer named gives way to an own build",
			found:  binaries.Found{Stamps: map[string]string{"multi": "k"}, Links: map[string]string{"one": "/a/one", "two": "multi", "single": "/a/single"}},
			build:  []string{"single"},
			link:   map[string]string{"one": "multi"},
		},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			steps := binaries.Plan(set, "k", tc.found)
			if got := names(steps.Build); !slices.Equal(got, tc.build) {
				t.Errorf("build %v, want %v", got, tc.build)
			}
			if !maps.Equal(steps.Link, tc.link) {
				t.Errorf("link %v, want %v", steps.Link, tc.link)
			}
			if steps.Empty() != (len(tc.build) == 0 && len(tc.link) == 0) {
				t.Errorf("Empty() = %v for %+v", steps.Empty(), steps)
			}
		})
	}
}
