// SPDX-License-Identifier: Apache-2.0

package localcluster

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"karpenter.sh/tools/internal/process"
)

// background is a program that goes on after this one has ended, and ends with the
// cluster.
type background struct {
	// name of the process and of its log, program the path of what runs.
	name, program string
	args          []string
	// probe is an URL that answers as soon as the program works.
	probe string
}

// start starts the program, detached from this one, and waits until its probe answers.
func (b background) start(ctx context.Context, opts UpOptions) (process.Identity, error) {
	var none process.Identity
	if err := linkProgram(b.program, opts.link(b.name)); err != nil {
		return none, fmt.Errorf("link %s into cluster %s: %w", b.name, opts.Name, err)
	}
	log, err := os.OpenFile(opts.Log(b.name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return none, fmt.Errorf("open the log of %s: %w", b.name, err)
	}
	defer log.Close() // the process has its own copy of the descriptor

	cmd := exec.Command(opts.link(b.name), b.args...) //nolint:noctx // it outlives this program
	cmd.Dir, cmd.Stdout, cmd.Stderr = opts.Dir(), log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return none, fmt.Errorf("start %s: %w", b.name, err)
	}
	id, err := process.Of(cmd.Process.Pid)
	if err != nil {
		return none, fmt.Errorf("start %s: %w: it ended at once", b.name, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	if err := awaitProbe(ctx, b.probe, ended); err != nil {
		return none, fmt.Errorf("start %s: %w\nlast lines of its log:\n%s", b.name, err, tail(opts.Log(b.name), 15))
	}
	return id, nil
}
