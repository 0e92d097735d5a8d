// SPDX-License-Identifier: Apache-2.0

package logging

import (
	"fmt"
	"log"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/zapr"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"karpenter.sh/core/operator/options"
)

// rootName is the first part of the key "logger".
const rootName = "controller"

// Options are what a logger is made from.
type Options struct {
	// Level is the least severe level that is written.
	Level options.LogLevel
	// OutputPaths are the sinks of the records: "stdout", "stderr" or files.
	OutputPaths []string
	// ErrorOutputPaths are the sinks of the logger's own failures.
	ErrorOutputPaths []string
	// Commit is the value of the field "commit"; without one the field is left
	// out and a record says so (OPS-075).
	Commit string
	// Clock stamps the records.
	Clock clock.PassiveClock
}

// Logger is the logger of a process.
type Logger struct {
	zap  *zap.Logger
	logr logr.Logger
}

// New opens the sinks. The error names one that cannot be opened (OPS-024).
func New(o Options) (*Logger, error) {
	records, closeRecords, err := zap.Open(o.OutputPaths...)
	if err != nil {
		return nil, fmt.Errorf("opening the log outputs %q: %w", o.OutputPaths, err)
	}
	failures, _, err := zap.Open(o.ErrorOutputPaths...)
	if err != nil {
		closeRecords()
		return nil, fmt.Errorf("opening the outputs for failures of the log %q: %w", o.ErrorOutputPaths, err)
	}
	written := &recordCore{zapcore.NewCore(zapcore.NewJSONEncoder(encoding()), records, levelOf(o.Level))}
	z := zap.New(newSamplingCore(written), zap.ErrorOutput(failures), zap.WithCaller(o.Level == options.LogDebug), zap.WithClock(zapClock{o.Clock})).Named(rootName)
	if o.Commit != "" {
		z = z.With(zap.String("commit", o.Commit))
	}
	l := &Logger{zap: z, logr: zapr.NewLoggerWithOptions(z)}
	if o.Commit == "" {
		l.logr.Info("the build has no revision, records carry no commit")
	}
	return l, nil
}

// Logr returns the logger for code to log with.
func (l *Logger) Logr() logr.Logger { return l.logr }

// Install makes the libraries log through this logger: controller-runtime, klog
// (which client-go uses) and the standard library's log. Their loggers belong
// to the process, so only the entry point of a binary calls it.
func (l *Logger) Install() {
	ctrllog.SetLogger(l.logr)
	klog.SetLoggerWithOptions(l.logr, klog.ContextualLogger(true))
	standard := zap.NewStdLog(l.zap)
	log.SetFlags(0)
	log.SetOutput(standard.Writer())
}

// Flush writes what sinks hold back. Terminals and pipes refuse to be flushed
// and hold nothing back, so there is no error to act on.
func (l *Logger) Flush() { _ = l.zap.Sync() }

func levelOf(level options.LogLevel) zapcore.Level {
	switch level {
	case options.LogDebug:
		return zapcore.DebugLevel
	case options.LogError:
		return zapcore.ErrorLevel
	default:
		return zapcore.InfoLevel
	}
}

// encoding gives the keys in the order of OPS-072.
func encoding() zapcore.EncoderConfig {
	return zapcore.EncoderConfig{
		LevelKey:       "level",
		TimeKey:        "time",
		NameKey:        "logger",
		CallerKey:      "caller",
		MessageKey:     "message",
		EncodeLevel:    zapcore.CapitalLevelEncoder,
		EncodeTime:     zapcore.ISO8601TimeEncoder,
		EncodeDuration: zapcore.StringDurationEncoder,
		EncodeCaller:   zapcore.ShortCallerEncoder,
		EncodeName:     zapcore.FullNameEncoder,
	}
}

// zapClock lets zap read a clock that is passed in.
type zapClock struct{ clock.PassiveClock }

// NewTicker implements zapcore.Clock. Only buffered sinks use it, and there are
// none.
func (zapClock) NewTicker(d time.Duration) *time.Ticker {
	return time.NewTicker(d)
}
