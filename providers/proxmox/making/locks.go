// SPDX-License-Identifier: Apache-2.0

package making

import (
	"context"
	"sync"
)

// locks are held by name. What they guard is in a cluster: two templates may want one image.
type locks struct {
	mu   sync.Mutex
	held map[string]chan struct{}
}

// take waits for a lock, and returns what gives it back.
func (l *locks) take(ctx context.Context, name string) (func(), error) {
	for {
		l.mu.Lock()
		other, taken := l.held[name]
		if !taken {
			mine := make(chan struct{})
			l.held[name] = mine
			l.mu.Unlock()
			return func() { l.drop(name, mine) }, nil
		}
		l.mu.Unlock()
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-other:
		}
	}
}

func (l *locks) drop(name string, mine chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.held, name)
	close(mine)
}
