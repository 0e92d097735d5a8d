// SPDX-License-Identifier: Apache-2.0

package progress

import (
	"fmt"
	"io"
	"os"
	"time"
)

// every is the least time between two lines where there is no terminal.
const every = time.Second

// Display is used by one goroutine.
type Display struct {
	out      io.Writer
	terminal bool
	start    time.Time

	shown   string
	shownAt time.Time
}

// New returns a display that counts the time from start.
func New(out io.Writer, terminal bool, start time.Time) *Display {
	return &Display{out: out, terminal: terminal, start: start}
}

// IsTerminal tells whether a person watches the file.
func IsTerminal(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// Show replaces the text that is shown. Without a terminal a text is left out if
// it is the one before or comes within a second of it.
func (d *Display) Show(now time.Time, text string) {
	line := fmt.Sprintf("%6.1fs  %s", now.Sub(d.start).Seconds(), text)
	if d.terminal {
		fmt.Fprintf(d.out, "\r\x1b[K%s", line)
		return
	}
	if text != d.shown && now.Sub(d.shownAt) >= every {
		fmt.Fprintln(d.out, line)
		d.shown, d.shownAt = text, now
	}
}

// End shows the last text in any case and leaves the line.
func (d *Display) End(now time.Time, text string) {
	d.shownAt = time.Time{}
	d.Show(now, text)
	if d.terminal {
		fmt.Fprintln(d.out)
	}
}
