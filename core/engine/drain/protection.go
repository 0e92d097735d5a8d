// SPDX-License-Identifier: Apache-2.0

package drain

import "time"

// Protection is the meaning of a pod's do-not-disrupt annotation. The zero
// Protection is that of a pod without one.
type Protection struct {
	kind protectionKind
	span time.Duration
}

type protectionKind int

const (
	unprotected protectionKind = iota
	forever
	limited
	invalid
)

// ParseProtection reads the value of the annotation: "true" protects always, a
// positive Go duration protects for that long after the start of the pod, and
// everything else is invalid, which protects from nothing (LIF-146).
func ParseProtection(value string) Protection {
	if value == "true" {
		return Protection{kind: forever}
	}
	if span, err := time.ParseDuration(value); err == nil && span > 0 {
		return Protection{kind: limited, span: span}
	}
	return Protection{kind: invalid}
}

// Active reports whether the pod is protected. A limited protection holds while
// the start of the pod is not known, which started tells by the zero time.
func (p Protection) Active(started, now time.Time) bool {
	switch p.kind {
	case forever:
		return true
	case limited:
		return started.IsZero() || now.Sub(started) < p.span
	}
	return false
}

// Until returns the end of a limited protection, and false when there is none
// or when it is not known yet.
func (p Protection) Until(started time.Time) (time.Time, bool) {
	if p.kind != limited || started.IsZero() {
		return time.Time{}, false
	}
	return started.Add(p.span), true
}

// Invalid reports whether the annotation was given and could not be understood.
func (p Protection) Invalid() bool {
	return p.kind == invalid
}
