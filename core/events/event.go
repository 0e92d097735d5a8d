// SPDX-License-Identifier: Apache-2.0

package events

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Source is the component that all events name (OPS-167).
const Source = "karpenter"

// DefaultDedupeTimeout is the window of an event that names none.
const DefaultDedupeTimeout = 2 * time.Minute

// MaxMessage is the most bytes of a message; the API of events takes no more.
const MaxMessage = 1024

// Types of events.
const (
	Normal  = corev1.EventTypeNormal
	Warning = corev1.EventTypeWarning
)

// Event is something worth telling about an object.
type Event struct {
	// Object is what the event is about. It is not modified, and must not be
	// until the event is handed on.
	Object client.Object
	// Type is Normal or Warning.
	Type string
	// Reason is a word in CamelCase; Message a sentence. What exceeds MaxMessage
	// is cut off.
	Reason, Message string
	// DedupeValues tell this event from others of the same reason and object.
	// None: the event is never a repetition.
	DedupeValues []string
	// Gist is what makes the message news: two events of equal gist say the same,
	// although a number in their messages differs. Empty: the message itself.
	Gist string
	// DedupeTimeout is how long repetitions are dropped; zero means
	// DefaultDedupeTimeout.
	DedupeTimeout time.Duration
	// Limiter is a budget shared with other events; nil for none. It is asked
	// only for what is not a repetition.
	Limiter Limiter
}

// Limiter is a budget of events. *rate.Limiter is one.
type Limiter interface {
	AllowN(now time.Time, n int) bool
}

// Sentence makes a message from the text of an error: it begins with a capital
// (OPS-170).
func Sentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if first == utf8.RuneError {
		return text
	}
	return string(unicode.ToUpper(first)) + text[size:]
}

// key identifies repetitions: reason and dedupe values (LIF-250), and the
// object (OPS-168).
func (e Event) key() string {
	values := append([]string{strings.ToLower(e.Reason)}, e.DedupeValues...)
	object := fmt.Sprintf("%T/%s/%s", e.Object, e.Object.GetNamespace(), e.Object.GetName())
	return object + "/" + strings.Join(values, "-")
}

// gist tells news from repetitions.
func (e Event) gist() string {
	if e.Gist == "" {
		return e.Message
	}
	return e.Gist
}

// text is the message as it is handed on.
func (e Event) text() string {
	const more = "..."
	if len(e.Message) <= MaxMessage {
		return e.Message
	}
	end := MaxMessage - len(more)
	for end > 0 && !utf8.RuneStart(e.Message[end]) {
		end--
	}
	return e.Message[:end] + more
}

func (e Event) window() time.Duration {
	if e.DedupeTimeout == 0 {
		return DefaultDedupeTimeout
	}
	return e.DedupeTimeout
}
