// SPDX-License-Identifier: Apache-2.0

package catalogue_test

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/catalogue"
)

func TestViews(t *testing.T) {
	listed := types(2)
	base, looks := catalogue.NewBase(listed), 0
	counting := func(i catalogue.Item) *cloudprovider.Offering { looks++; return i.Offering }
	views := catalogue.NewViews[int](2)

	t.Run("KIT-026: an equal key looks at no offering", func(t *testing.T) {
		first, second := views.Of(1, base, counting), views.Of(1, base, counting)
		if looks != 12 || !slices.Equal(first, second) {
			t.Errorf("%d looks", looks)
		}
	})
	t.Run("KIT-027: the list is the caller's", func(t *testing.T) {
		slices.Reverse(views.Of(1, base, counting))
		if got := views.Of(1, base, counting); got[0] != listed[0] {
			t.Error("a caller reordered the kept view")
		}
	})
	t.Run("KIT-026: the one not used for longest leaves", func(t *testing.T) {
		views.Of(2, base, counting)
		views.Of(1, base, counting)
		looks = 0
		views.Of(3, base, counting) // 2 leaves
		views.Of(1, base, counting)
		if looks != 12 {
			t.Errorf("%d looks for one new view", looks)
		}
		if views.Of(2, base, counting); looks != 24 {
			t.Error("more views than allowed are kept")
		}
	})
}

// KIT-026, KIT-028: many who ask for one key at once make it once, and do not
// hold up others.
func TestMemoMakesOnce(t *testing.T) {
	memo, made := catalogue.NewMemo[string, int](0), atomic.Int32{}
	inside, leave := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			got := memo.Get("slow", func() int {
				close(inside)
				<-leave
				return int(made.Add(1))
			})
			if got != 1 {
				t.Errorf("got %d", got)
			}
		})
	}
	<-inside
	if got := memo.Get("other", func() int { return 7 }); got != 7 {
		t.Errorf("got %d", got)
	}
	close(leave)
	wg.Wait()
}

// KIT-026: what could not be made is made anew by the next who asks.
func TestMemoAfterPanic(t *testing.T) {
	memo := catalogue.NewMemo[string, int](0)
	func() {
		defer func() { _ = recover() }()
		memo.Get("k", func() int { panic("broken") })
	}()
	if got := memo.Get("k", func() int { return 1 }); got != 1 {
		t.Errorf("got %d", got)
	}
}

// KIT-026, CP-033: who waits for a value that cannot be made gets no empty one.
func TestMemoWaitsForPanic(t *testing.T) {
	memo := catalogue.NewMemo[string, int](0)
	var wg sync.WaitGroup
	began := make(chan bool)
	ask := func() {
		began <- true
		if got := memo.Get("k", func() int { return 1 }); got != 1 {
			t.Errorf("got %d", got)
		}
	}
	func() {
		defer func() { _ = recover() }()
		memo.Get("k", func() int {
			for range 8 {
				wg.Go(ask)
				<-began
			}
			for range 10_000 { // until they wait for this one
				runtime.Gosched()
			}
			panic("broken")
		})
	}()
	wg.Wait()
}
