// SPDX-License-Identifier: Apache-2.0

package events_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/time/rate"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clocktesting "k8s.io/utils/clock/testing"

	"karpenter.sh/core/events"
)

// sink counts what it is handed.
type sink struct{ messages []string }

func (s *sink) Event(_ runtime.Object, _, _, message string) {
	s.messages = append(s.messages, message)
}

type fixture struct {
	events.Recorder
	sink  *sink
	clock *clocktesting.FakePassiveClock
}

func setup() fixture {
	f := fixture{sink: &sink{}, clock: clocktesting.NewFakePassiveClock(time.Unix(0, 0))}
	f.Recorder = events.NewRecorder(f.sink, f.clock)
	return f
}

func (f fixture) step(d time.Duration) { f.clock.SetTime(f.clock.Now().Add(d)) }

func pod(namespace string) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "web-0"}}
}

func event(values ...string) events.Event {
	return events.Event{Object: pod("a"), Type: events.Normal, Reason: "Evicted", DedupeValues: values}
}

// LIF-250, OPS-168, SCH-220
func TestDedupe(t *testing.T) {
	other := event("uid")
	other.Object = pod("b")
	reason := event("uid")
	reason.Reason = "Disrupted"
	message := event("uid")
	message.Message = "another message"
	kind := event("uid")
	kind.Object = &corev1.Node{ObjectMeta: pod("a").ObjectMeta}
	gist := func(message string) events.Event {
		e := event("uid")
		e.Message, e.Gist = message, "pods wait"
		return e
	}
	short, long := event("uid"), event("uid")
	short.DedupeTimeout, long.DedupeTimeout = time.Minute, 15*time.Minute

	tests := []struct {
		name          string
		first, second events.Event
		after         time.Duration
		handedOn      int
	}{
		{name: "a repetition is dropped", first: event("uid"), second: event("uid"), handedOn: 1},
		{name: "also shortly before the default window ends", first: event("uid"), second: event("uid"), after: 2*time.Minute - 1, handedOn: 1},
		{name: "but not after it", first: event("uid"), second: event("uid"), after: 2 * time.Minute, handedOn: 2},
		{name: "a shorter window", first: short, second: short, after: time.Minute, handedOn: 2},
		{name: "a longer window", first: long, second: long, after: 14 * time.Minute, handedOn: 1},
		{name: "another value is another event", first: event("uid"), second: event("uid", "PDB"), handedOn: 2},
		{name: "another reason is another event", first: event("uid"), second: reason, handedOn: 2},
		{name: "another message is another event", first: event("uid"), second: message, handedOn: 2},
		{name: "another message of the same gist is not", first: gist("1 pod waits"), second: gist("2 pods wait"), handedOn: 1},
		{name: "the same name in another namespace is another object", first: event("uid"), second: other, handedOn: 2},
		{name: "another kind is another object", first: event("uid"), second: kind, handedOn: 2},
		{name: "without values nothing is a repetition", first: event(), second: event(), handedOn: 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := setup()
			f.Publish(tt.first)
			f.step(tt.after)
			f.Publish(tt.second)
			if got := len(f.sink.messages); got != tt.handedOn {
				t.Errorf("%d events handed on, want %d", got, tt.handedOn)
			}
		})
	}
}

// LIF-250: two messages in turn are told once each while their windows are open,
// and a message that never is the same does not flood the API server.
func TestNewsIsBounded(t *testing.T) {
	say := func(message string) events.Event {
		e := event("uid")
		e.Message = message
		return e
	}
	t.Run("in turn", func(t *testing.T) {
		f := setup()
		for i := range 20 {
			f.Publish(say([]string{"a", "b"}[i%2]))
			f.step(5 * time.Second)
		}
		if got := len(f.sink.messages); got != 2 {
			t.Errorf("%d events handed on, want one of each", got)
		}
		f.step(time.Minute)
		f.Publish(say("a"))
		if got := len(f.sink.messages); got != 3 {
			t.Errorf("%d events handed on, want the first again after its window", got)
		}
	})
	t.Run("never the same", func(t *testing.T) {
		f := setup()
		for i := range 120 {
			f.Publish(say(fmt.Sprint(i)))
			f.step(time.Second)
		}
		if got := len(f.sink.messages); got != 5 {
			t.Errorf("%d events handed on in two minutes, want 5", got)
		}
	})
}

// OPS-170: the API takes no longer messages.
func TestMessagesAreCut(t *testing.T) {
	for _, letter := range []string{"x", "é"} {
		f := setup()
		e := event("uid")
		e.Message = strings.Repeat(letter, 2000)
		f.Publish(e)
		got := f.sink.messages[0]
		if len(got) > events.MaxMessage || len(got) < events.MaxMessage-2 || !utf8.ValidString(got) || !strings.HasSuffix(got, letter+"...") {
			t.Errorf("%q: %d bytes, ending in %q", letter, len(got), got[len(got)-8:])
		}
	}
}

// LIF-250, OPS-169
func TestBudget(t *testing.T) {
	f := setup()
	budget := rate.NewLimiter(5, 10)
	nominated := func(i int) events.Event {
		e := event(fmt.Sprint(i))
		e.Limiter = budget
		return e
	}
	for i := range 20 {
		f.Publish(nominated(i))
	}
	if got := len(f.sink.messages); got != 10 {
		t.Fatalf("%d events handed on at once, want the burst of 10", got)
	}
	f.step(time.Second)
	f.Publish(nominated(0)) // a repetition takes nothing from the budget
	for i := 10; i < 20; i++ {
		f.Publish(nominated(i)) // the refused ones have begun no window
	}
	if got := len(f.sink.messages); got != 15 {
		t.Errorf("%d events handed on after a second, want 5 more", got)
	}
}

// OPS-170
func TestSentence(t *testing.T) {
	for text, want := range map[string]string{
		"no capacity": "No capacity",
		"Already":     "Already",
		"éclair":      "Éclair",
		"":            "",
	} {
		if got := events.Sentence(text); got != want {
			t.Errorf("Sentence(%q) = %q, want %q", text, got, want)
		}
	}
}
