// SPDX-License-Identifier: Apache-2.0

package logging

import (
	"time"

	"go.uber.org/zap/zapcore"
)

// Of equal records within a second, the first sampledFirst are written and then
// every sampledEvery-th (OPS-074).
const (
	sampledFirst = 100
	sampledEvery = 100
)

// samplingCore drops some of many equal records, but none of those that tell the
// life of a node: of two hundred nodes that are created in one second each has
// its record.
type samplingCore struct {
	// Core samples.
	zapcore.Core
	whole zapcore.Core
}

func newSamplingCore(whole zapcore.Core) *samplingCore {
	return &samplingCore{zapcore.NewSamplerWithOptions(whole, time.Second, sampledFirst, sampledEvery), whole}
}

// With implements zapcore.Core.
func (c *samplingCore) With(fields []zapcore.Field) zapcore.Core {
	return &samplingCore{c.Core.With(fields), c.whole.With(fields)}
}

// Check implements zapcore.Core.
func (c *samplingCore) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if tellsLife(entry.Message) {
		return c.whole.Check(entry, checked)
	}
	return c.Core.Check(entry, checked)
}

// tellsLife tells the records of what becomes of one node (OPS-083).
func tellsLife(message string) bool {
	switch message {
	case "created nodeclaim", "launched nodeclaim", "registered nodeclaim", "initialized nodeclaim",
		"failed launching nodeclaim", "terminating due to timeout", "failed consistency check",
		"disrupting node(s)", "not disrupting node", "deleting nodeclaim", "deleting expired nodeclaim", "deleting unhealthy node",
		"garbage collecting nodeclaim without instance",
		"annotated nodeclaim", "tainted node", "deleted node", "deleted nodeclaim":
		return true
	}
	return false
}
