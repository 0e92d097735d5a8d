// SPDX-License-Identifier: Apache-2.0

package news_test

import (
	"testing"
	"time"

	"karpenter.sh/core/reconcile/news"
)

// OPS-286
func TestNews(t *testing.T) {
	var n news.News
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, step := range []struct {
		why           string
		after         time.Duration
		subject, what string
		news          bool
	}{
		{"nothing was said yet", 0, "a", "x", true},
		{"it was said", time.Minute, "a", "x", false},
		{"of another it was not", time.Minute, "b", "x", true},
		{"something else", time.Minute, "a", "y", true},
		{"the first again is a change, too", time.Minute, "a", "x", true},
		{"not yet ten minutes", 10*time.Minute + 59*time.Second, "a", "x", false},
		{"ten minutes", 11 * time.Minute, "a", "x", true},
		{"they begin anew", 12 * time.Minute, "a", "x", false},
		{"of the other it was said before", 12 * time.Minute, "b", "x", true},
	} {
		if got := n.Tell(step.subject, step.what, start.Add(step.after)); got != step.news {
			t.Errorf("%s: news %t", step.why, got)
		}
	}
}
