// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/utils/clock"
)

var (
	// ErrEmpty says that a loader succeeded and returned nothing.
	ErrEmpty = errors.New("nothing is on sale")
	// ErrNotLoaded says that no load has succeeded yet.
	ErrNotLoaded = errors.New("nothing has been loaded yet")
)

// StoreOptions is what a Store is made of.
type StoreOptions[T any] struct {
	// Name of what is loaded, for errors: "instance types".
	Name string
	// Load reads everything from the cloud. Required.
	Load func(ctx context.Context) ([]T, error)
	// Clock is required.
	Clock clock.PassiveClock
	// Merge returns what to keep of a load, given what was kept before, and whether
	// that differs; it may take objects of the old list where the content is equal.
	// Nil keeps every load and calls it different. For instance types, see MergeTypes.
	Merge func(known, loaded []T) (merged []T, changed bool)
}

// Loaded is what a load returned. It is immutable.
type Loaded[T any] struct {
	Items []T
	// Generation is 1 for the first load and changes with the content.
	Generation uint64
	// At is when the loader was last called that returned this content.
	At time.Time
}

// Store keeps what is on sale. It is safe for concurrent use; readers never wait.
type Store[T any] struct {
	opts    StoreOptions[T]
	loading sync.Mutex
	latest  atomic.Pointer[Loaded[T]]
}

// NewStore returns a store that has nothing yet.
func NewStore[T any](opts StoreOptions[T]) *Store[T] {
	if opts.Merge == nil {
		opts.Merge = func(_, loaded []T) ([]T, bool) { return loaded, true }
	}
	return &Store[T]{opts: opts}
}

// Refresh loads anew. If that fails or returns nothing (ErrEmpty), what was there
// stays (KIT-021). At start-up an error must end the process (CP-088).
func (s *Store[T]) Refresh(ctx context.Context) error {
	s.loading.Lock()
	defer s.loading.Unlock()
	at := s.opts.Clock.Now()
	items, err := s.opts.Load(ctx)
	if err == nil && len(items) == 0 {
		err = ErrEmpty
	}
	if err != nil {
		return fmt.Errorf("loading %s: %w", s.opts.Name, err)
	}
	s.keep(items, at)
	return nil
}

func (s *Store[T]) keep(items []T, at time.Time) {
	known := s.latest.Load()
	if known == nil {
		s.latest.Store(&Loaded[T]{Items: items, Generation: 1, At: at})
		return
	}
	next := &Loaded[T]{Items: known.Items, Generation: known.Generation, At: at}
	if merged, changed := s.opts.Merge(known.Items, items); changed {
		next.Items, next.Generation = merged, known.Generation+1
	}
	s.latest.Store(next)
}

// Current returns what was loaded last; ErrNotLoaded before the first success.
func (s *Store[T]) Current() (*Loaded[T], error) {
	if loaded := s.latest.Load(); loaded != nil {
		return loaded, nil
	}
	return nil, fmt.Errorf("reading %s: %w", s.opts.Name, ErrNotLoaded)
}
