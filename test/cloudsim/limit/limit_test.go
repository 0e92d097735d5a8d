// SPDX-License-Identifier: Apache-2.0

package limit_test

import (
	"testing"
	"time"

	"karpenter.sh/test/cloudsim/limit"
)

// SIM-023
func TestBuckets(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	l := limit.New(map[string]limit.Rate{"a": {Burst: 2, Refill: 0.5}})
	for n, want := range []bool{true, true, false} {
		if got := l.Allow("a", 1, at); got != want {
			t.Errorf("call %d: %v", n+1, got)
		}
	}
	if !l.Allow("b", 1000, at) {
		t.Error("a call without a bucket is throttled")
	}
	if l.Allow("a", 1, at.Add(time.Second)) || !l.Allow("a", 1, at.Add(2*time.Second)) {
		t.Error("half a token per second is one after two")
	}
	l.Set("a", limit.Rate{Burst: 1, Refill: 1})
	if !l.Allow("a", 1, at.Add(2*time.Second)) {
		t.Error("a new rate does not start with a full bucket")
	}
}
