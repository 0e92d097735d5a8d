// SPDX-License-Identifier: Apache-2.0

package localcluster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// tools runs the programs of the output directory on behalf of one cluster.
type tools struct {
	layout Layout
}

// env points every program at this cluster and away from the home directory.
func (t tools) env() []string {
	return append(os.Environ(),
		"KWOK_WORKDIR="+t.layout.Bin(),
		"KUBECONFIG="+t.layout.Kubeconfig(),
		"KUBECACHEDIR="+t.layout.Program(".kubecache"),
		"KUBERC=off",
		"PATH="+t.layout.Bin()+string(os.PathListSeparator)+os.Getenv("PATH"),
	)
}

// run runs a program to its end; an error carries the last it said.
func (t tools) run(ctx context.Context, program string, args ...string) error {
	_, err := t.output(ctx, program, args...)
	return err
}

// output is run, and returns what the program printed.
func (t tools) output(ctx context.Context, program string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, t.layout.Program(program), args...)
	cmd.Env = t.env()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("%s %s: %w", program, args[0], context.Cause(ctx))
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s", program, strings.Join(args, " "), err, lastLines(readable(stderr.String()), 15))
	}
	return stdout.Bytes(), nil
}

// readable shortens the JSON lines that kwokctl logs to what people need.
func readable(log string) string {
	lines := strings.Split(log, "\n")
	for i, line := range lines {
		var entry struct{ Level, Msg, Err string }
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg != "" {
			lines[i] = strings.TrimSpace(entry.Level + " " + entry.Msg + " " + entry.Err)
		}
	}
	return strings.Join(lines, "\n")
}

// await calls try until it succeeds, and returns its last error when the time
// is over.
func await(ctx context.Context, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	for {
		err := try(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("gave up after %s: %w", readyTimeout, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// tail returns the end of a log file, or a note that there is none.
func tail(path string, n int) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return "(no log: " + err.Error() + ")"
	}
	return lastLines(string(content), n)
}
