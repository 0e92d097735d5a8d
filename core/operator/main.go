// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	opmetrics "github.com/awslabs/operatorpkg/metrics"
	"k8s.io/utils/clock"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"karpenter.sh/core/operator/logging"
	"karpenter.sh/core/operator/options"
)

// Exit codes of [Main].
const (
	exitOK = iota
	exitFailed
	exitUsage
)

// Main runs a binary until a signal ends it, and exits the process. It reads
// the arguments and the environment, and sets the globals of libraries.
func Main(c Config) {
	os.Exit(c.main(process{args: os.Args[1:], environ: os.Environ(), stdout: os.Stdout, stderr: os.Stderr}))
}

// process is what a binary was started with.
type process struct {
	args, environ  []string
	stdout, stderr io.Writer
}

func (c Config) main(p process) int {
	parsed, err := options.Parse(options.Input{Args: p.args, Environ: p.environ, Declare: c.DeclareOptions})
	if errors.Is(err, options.ErrHelp) {
		if err := parsed.Usage(p.stdout, c.Name); err != nil {
			return exitFailed
		}
		return exitOK
	}
	if errors.Is(err, options.ErrVersion) {
		if _, err := fmt.Fprintln(p.stdout, c.Name, buildOf(c.Version)); err != nil {
			return exitFailed
		}
		return exitOK
	}
	if err != nil {
		fmt.Fprintf(p.stderr, "%s: %v\n%[1]s: see --help\n", c.Name, err)
		return exitUsage
	}
	build := buildOf(c.Version)
	logger, err := newLogger(parsed.Options, build)
	if err != nil {
		fmt.Fprintf(p.stderr, "%s: %v\n", c.Name, err)
		return exitFailed
	}
	defer logger.Flush()
	if err := c.start(signalContext(), parsed, build, logger); err != nil {
		logger.Logr().Error(err, "stopped by an error")
		return exitFailed
	}
	return exitOK
}

func newLogger(o options.Options, b build) (*logging.Logger, error) {
	return logging.New(logging.Options{
		Level:            o.LogLevel,
		OutputPaths:      o.LogOutputPaths,
		ErrorOutputPaths: o.LogErrorOutputPaths,
		Commit:           b.commit,
		Clock:            clock.RealClock{},
	})
}

// start sets what the whole process shares and runs the operator.
func (c Config) start(ctx context.Context, parsed options.Result, b build, logger *logging.Logger) error {
	logger.Install()
	for _, warning := range parsed.Warnings {
		logger.Logr().Info(warning)
	}
	if limit, ok := softMemoryLimit(parsed.Options); ok {
		debug.SetMemoryLimit(limit)
	}
	opmetrics.RegisterClientMetrics(ctrlmetrics.Registry)
	return c.run(ctx, environment{
		options: parsed.Options,
		build:   b,
		log:     logger.Logr(),
		clock:   clock.RealClock{},
		metrics: ctrlmetrics.Registry,
	})
}

// signalContext is cancelled by the first SIGTERM or SIGINT. The second ends
// the process at once (OPS-060).
func signalContext() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-signals
		cancel()
		<-signals
		os.Exit(exitFailed)
	}()
	return ctx
}
