// SPDX-License-Identifier: Apache-2.0

package lag_test

import (
	"errors"
	"testing"
	"time"

	"karpenter.sh/test/cloudsim/lag"
)

// SIM-022
func TestDelays(t *testing.T) {
	d := lag.NewDelays()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	if !d.Shows("a", at, at) {
		t.Error("without a delay a write shows at once")
	}
	d.Set("a", time.Second)
	if d.Shows("a", at, at.Add(999*time.Millisecond)) || !d.Shows("a", at, at.Add(time.Second)) || !d.Shows("b", at, at) {
		t.Error("a write shows after its delay, and other kinds at once")
	}
}

// SIM-021: also when the list changes between pages.
func TestPages(t *testing.T) {
	id := func(s string) string { return s }
	one, next, err := lag.Page([]string{"a", "b", "c", "d"}, id, "", 2)
	if err != nil || len(one) != 2 || next == "" {
		t.Fatalf("%v %q %v", one, next, err)
	}
	// b is gone, and aa is new: c and d were there all the time.
	two, next, err := lag.Page([]string{"a", "aa", "c", "d"}, id, next, 2)
	if err != nil || len(two) != 2 || two[0] != "c" || next != "" {
		t.Errorf("%v %q %v", two, next, err)
	}
	_, token, err := lag.Page([]string{"a", "b", "c"}, id, "", 1)
	if err != nil {
		t.Fatal(err)
	}
	if page, _, err := lag.Page([]string{"a", "b", "c"}, id, token, 1); err != nil || page[0] != "b" {
		t.Errorf("the page after a is %v, %v", page, err)
	}
	if all, _, _ := lag.Page([]string{"a", "b"}, id, "", 0); len(all) != 2 {
		t.Errorf("without a limit: %v", all)
	}
	for _, token := range []string{"x", "eA==", "cGFnZTo=", "cGFnZTo1OmE="} {
		if _, _, err := lag.Page([]string{"a"}, id, token, 2); !errors.Is(err, lag.ErrToken) {
			t.Errorf("token %q: %v", token, err)
		}
	}
}
