// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
)

// probe runs a row and returns what it said against the provider, without failing
// the test.
func probe(t testing.TB, run func(testing.TB)) []string {
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() { // Fatal ends the goroutine it is called on
		defer close(done)
		run(r)
	}()
	<-done
	return r.said
}

// recorder is a test that notes failures instead of failing.
type recorder struct {
	testing.TB
	mu   sync.Mutex
	said []string
}

func (r *recorder) note(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said = append(r.said, text)
}

// Fail implements testing.TB.
func (r *recorder) Fail() { r.note("failed") }

// FailNow implements testing.TB.
func (r *recorder) FailNow() {
	r.Fail()
	runtime.Goexit()
}

// Failed implements testing.TB.
func (r *recorder) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.said) > 0
}

// Error implements testing.TB.
func (r *recorder) Error(args ...any) { r.note(fmt.Sprint(args...)) }

// Errorf implements testing.TB.
func (r *recorder) Errorf(format string, args ...any) { r.note(fmt.Sprintf(format, args...)) }

// Fatal implements testing.TB.
func (r *recorder) Fatal(args ...any) {
	r.note(fmt.Sprint(args...))
	runtime.Goexit()
}

// Fatalf implements testing.TB.
func (r *recorder) Fatalf(format string, args ...any) {
	r.note(fmt.Sprintf(format, args...))
	runtime.Goexit()
}

// Skip implements testing.TB: a row that ends early has not failed.
func (*recorder) Skip(...any) { runtime.Goexit() }

// Skipf implements testing.TB.
func (*recorder) Skipf(string, ...any) { runtime.Goexit() }

// SkipNow implements testing.TB.
func (*recorder) SkipNow() { runtime.Goexit() }
