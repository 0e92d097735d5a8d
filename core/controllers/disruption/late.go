// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/log"
)

// lateness is how long the loop or a method may not have run before it is told.
const lateness = 15 * time.Minute

// late remembers when things last ran, by name.
type late map[string]time.Time

// ran notes that something runs now, and tells if it had not for long (DIS-027).
func (l late) ran(ctx context.Context, name string, now time.Time) {
	if last, ok := l[name]; ok && now.Sub(last) > lateness {
		log.FromContext(ctx).V(1).Info("disruption is late", "name", name, "time_since", now.Sub(last).String())
	}
	l[name] = now
}
