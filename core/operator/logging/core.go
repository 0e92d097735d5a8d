// SPDX-License-Identifier: Apache-2.0

package logging

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/awslabs/operatorpkg/serrors"
	"github.com/go-logr/logr"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// eventLogger is the name under which recorders announce published events.
const eventLogger = "events"

// recordCore shapes records on their way to the sinks.
type recordCore struct{ zapcore.Core }

// With implements zapcore.Core.
func (c *recordCore) With(fields []zapcore.Field) zapcore.Core {
	return &recordCore{c.Core.With(shaped(fields))}
}

// Check implements zapcore.Core.
func (c *recordCore) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if entry.Level == zapcore.InfoLevel && isBustle(entry.Message) {
		entry.Level = zapcore.DebugLevel
	}
	if !c.Enabled(entry.Level) || announcesEvent(entry) {
		return checked
	}
	return checked.AddCore(entry, c)
}

// Write implements zapcore.Core.
func (c *recordCore) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	if entry.Message == afterStop && slices.ContainsFunc(fields, isLeaseReleased) {
		return nil
	}
	if entry.Level == zapcore.ErrorLevel && slices.ContainsFunc(fields, isCanceled) {
		if entry.Level = zapcore.DebugLevel; !c.Enabled(entry.Level) {
			return nil
		}
	}
	return c.Core.Write(entry, shaped(fields))
}

// afterStop is how the manager logs what it is told by what it is stopping.
const afterStop = "error received after stop sequence was engaged"

// isLeaseReleased tells the error by which the manager hears that it gave up the
// lease, as it was meant to (OPS-288).
func isLeaseReleased(f zapcore.Field) bool {
	err, isError := f.Interface.(error)
	return isError && err.Error() == "leader election lost"
}

// isCanceled tells the error of a request that the process broke off itself: the
// write of a reconcile or the renewal of the lease that was under way when it was
// told to stop (OPS-288). Requests that take too long end otherwise.
func isCanceled(f zapcore.Field) bool {
	err, isError := f.Interface.(error)
	return isError && errors.Is(err, context.Canceled)
}

// isBustle tells the records in which libraries say, for each controller, watch
// and server, that it starts or ends, and that a probe failed, of which our own
// record says why. They are debug records (OPS-288).
func isBustle(message string) bool {
	switch message {
	case "Starting EventSource", "Starting Controller", "Starting workers", "starting server", "shutting down server",
		"Shutdown signal received, waiting for all workers to finish", "All workers finished",
		"Wait completed, proceeding to shutdown the manager", "healthz check failed":
		return true
	}
	return strings.HasPrefix(message, "Stopping and waiting for ")
}

// announcesEvent tells the debug records that would flood the log whenever many
// events are published (OPS-078).
func announcesEvent(entry zapcore.Entry) bool {
	if entry.Level != zapcore.DebugLevel {
		return false
	}
	return entry.LoggerName == eventLogger || strings.HasSuffix(entry.LoggerName, "."+eventLogger)
}

// shaped writes errors as plain text, since zap would add a stack trace where
// an error offers one (OPS-072), and the values of structured errors as fields
// beside it (OPS-077).
func shaped(fields []zapcore.Field) []zapcore.Field {
	var result []zapcore.Field
	for i, field := range fields {
		err, isError := field.Interface.(error)
		if field.Type != zapcore.ErrorType || !isError {
			if result != nil {
				result = append(result, field)
			}
			continue
		}
		if result == nil {
			result = append(make([]zapcore.Field, 0, len(fields)+4), fields[:i]...)
		}
		result = append(result, zap.String(field.Key, err.Error()))
		result = append(result, valuesOf(err)...)
	}
	if result == nil {
		return fields
	}
	return result
}

// valuesOf returns the keys and values of a structured error as fields.
func valuesOf(err error) []zapcore.Field {
	pairs := serrors.UnwrapValues(err)
	fields := make([]zapcore.Field, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		key, _ := pairs[i].(string)
		fields = append(fields, zap.Any(key, loggable(pairs[i+1])))
	}
	return fields
}

// loggable lets references to objects appear as objects, alone or in a list.
func loggable(value any) any {
	switch v := value.(type) {
	case logr.Marshaler:
		return v.MarshalLog()
	case []any:
		values := make([]any, len(v))
		for i := range v {
			values[i] = loggable(v[i])
		}
		return values
	}
	return value
}
