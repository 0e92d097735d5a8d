// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// OPS-200: what providers have in common is in one chart: a provider's has the same
// templates as the others, each of which is an inclusion.
func TestProvidersHaveNoTemplates(t *testing.T) {
	inclusion := regexp.MustCompile(`^\{\{- include "karpenter-common\.[A-Za-z]+" \. \}\}\n$`)
	included := map[string]map[string]string{}
	for _, provider := range providers {
		included[provider] = map[string]string{}
		files, err := filepath.Glob(filepath.Join(chart(provider, "karpenter"), "templates", "*"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s has no templates: %v", provider, err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !inclusion.Match(content) {
				t.Errorf("%s is more than an inclusion:\n%s", file, content)
			}
			included[provider][filepath.Base(file)] = string(content)
		}
	}
	for _, provider := range providers[1:] {
		if diff := cmp.Diff(included[providers[0]], included[provider]); diff != "" {
			t.Errorf("%s and %s differ: %s", providers[0], provider, diff)
		}
	}
}
