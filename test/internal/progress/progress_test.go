// SPDX-License-Identifier: Apache-2.0

package progress_test

import (
	"strings"
	"testing"
	"time"

	"karpenter.sh/test/internal/progress"
)

func shown(terminal bool) string {
	var out strings.Builder
	start := time.Unix(1_700_000_000, 0)
	d := progress.New(&out, terminal, start)
	d.Show(start, "a")
	d.Show(start.Add(500*time.Millisecond), "b")
	d.Show(start.Add(1500*time.Millisecond), "c")
	d.Show(start.Add(3*time.Second), "c")
	d.End(start.Add(3200*time.Millisecond), "d")
	return out.String()
}

func TestTerminalKeepsOneLine(t *testing.T) {
	want := "\r\x1b[K   0.0s  a\r\x1b[K   0.5s  b\r\x1b[K   1.5s  c\r\x1b[K   3.0s  c\r\x1b[K   3.2s  d\n"
	if got := shown(true); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLogGetsChangesNowAndThen(t *testing.T) {
	if got, want := shown(false), "   0.0s  a\n   1.5s  c\n   3.2s  d\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
