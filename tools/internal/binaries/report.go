// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync/atomic"
	"time"
)

// interval between two lines of progress.
const interval = 10 * time.Second

// report counts the lines of a go command that stand for one unit of work
// and passes all others on.
type report struct {
	out   io.Writer
	what  string
	total int
	done  atomic.Int64
	start time.Time
}

// newReport reports on out; a total of 0 means that nobody knows it.
func newReport(out io.Writer, what string, total int) *report {
	return &report{out: out, what: what, total: total, start: time.Now()}
}

// watch runs cmd to its end. Lines on its standard error for which unit holds
// are counted, the rest (warnings, compiler errors) is printed.
func (r *report) watch(cmd *exec.Cmd, unit func(line string) bool) error {
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	stop := r.tick()
	lines := bufio.NewScanner(stderr)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if unit(lines.Text()) {
			r.done.Add(1)
		} else {
			fmt.Fprintln(r.out, lines.Text())
		}
	}
	stop()
	return cmd.Wait()
}

// tick prints a line per interval until stopped.
func (r *report) tick() (stop func()) {
	ticker, done := time.NewTicker(interval), make(chan struct{})
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		for {
			select {
			case <-ticker.C:
				fmt.Fprintln(r.out, r.line())
			case <-done:
				return
			}
		}
	}()
	return func() { ticker.Stop(); close(done); <-finished }
}

func (r *report) line() string {
	count := fmt.Sprint(r.done.Load())
	if r.total > 0 {
		count += fmt.Sprintf(" (%d in all, those in the build cache are not counted)", r.total)
	}
	return fmt.Sprintf("%s: %s, %s", r.what, count, elapsed(time.Since(r.start)))
}

func elapsed(d time.Duration) time.Duration {
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Second)
}

func isDownload(line string) bool { return strings.HasPrefix(line, "go: downloading ") }

// isPackage tells the import paths that go build -v prints from its errors.
func isPackage(line string) bool {
	return isDownload(line) || (line != "" && !strings.ContainsAny(line, " \t:"))
}
