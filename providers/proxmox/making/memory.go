// SPDX-License-Identifier: Apache-2.0

package making

import (
	"context"
	"sync"
)

// imagePlace is an image on a storage; host is empty if the storage is shared.
type imagePlace struct{ region, host, storage, image string }

// images remembers which are being fetched, since two templates may want one, and why the
// last download failed.
type images struct {
	mu     sync.Mutex
	held   map[imagePlace]chan struct{}
	failed map[imagePlace]error
}

func newImages() images {
	return images{held: map[imagePlace]chan struct{}{}, failed: map[imagePlace]error{}}
}

// take waits until nobody fetches an image, and returns what lets others do so.
func (i *images) take(ctx context.Context, at imagePlace) (func(), error) {
	for {
		other, mine := i.try(at)
		if mine != nil {
			return func() { i.drop(at, mine) }, nil
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-other:
		}
	}
}

// try takes an image, or says who has it.
func (i *images) try(at imagePlace) (other, mine chan struct{}) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if other = i.held[at]; other == nil {
		mine = make(chan struct{})
		i.held[at] = mine
	}
	return other, mine
}

func (i *images) drop(at imagePlace, mine chan struct{}) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.held, at)
	close(mine)
}

// note remembers how a download ended.
func (i *images) note(at imagePlace, err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if delete(i.failed, at); err != nil {
		i.failed[at] = err
	}
}

func (i *images) failure(at imagePlace) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.failed[at]
}

// made remembers the machines that were begun for a template in a region: nobody else can
// tell whose one is while its host is away. The next process knows those of the template's
// status only.
type made struct {
	mu  sync.Mutex
	ids map[madeFor]map[int]bool
}

type madeFor struct{ region, name string }

func (m *made) begin(of madeFor, id int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ids[of] == nil {
		m.ids[of] = map[int]bool{}
	}
	m.ids[of][id] = true
}

// gone forgets a machine that is not there, or is somebody else's.
func (m *made) gone(of madeFor, id int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if delete(m.ids[of], id); len(m.ids[of]) == 0 {
		delete(m.ids, of)
	}
}

func (m *made) has(of madeFor, id int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ids[of][id]
}

// end forgets all machines of a template in a region.
func (m *made) end(of madeFor) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.ids, of)
}

// busy counts what is under way, by name.
type busy struct {
	mu    sync.Mutex
	names map[string]int
}

func (b *busy) begin(name string) (end func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.names[name]++
	return sync.OnceFunc(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.names[name]--; b.names[name] == 0 {
			delete(b.names, name)
		}
	})
}

func (b *busy) is(name string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.names[name] > 0
}
