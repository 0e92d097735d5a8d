// SPDX-License-Identifier: Apache-2.0

// Package command is what the measuring commands have in common: interrupts, help, and
// the one line that says what went wrong.
//
// It knows nothing of what they measure.
package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// Run runs a command with the arguments of the process and returns its exit code. The
// first interrupt ends its context, a second one the process.
func Run(name string, run func(ctx context.Context, args []string, out io.Writer) error) int {
	log.SetLogger(logr.Discard()) // the client library's, which nobody needs here
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	err := run(ctx, os.Args[1:], os.Stdout)
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return 0
	}
	fmt.Fprintln(os.Stderr, name+":", err)
	return 1
}
