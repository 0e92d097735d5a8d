// SPDX-License-Identifier: Apache-2.0

package logging

import (
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
	if !c.Enabled(entry.Level) || announcesEvent(entry) {
		return checked
	}
	return checked.AddCore(entry, c)
}

// Write implements zapcore.Core.
func (c *recordCore) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	return c.Core.Write(entry, shaped(fields))
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
