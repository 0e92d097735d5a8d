// SPDX-License-Identifier: Apache-2.0

package nomination

import (
	"context"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/clock"
)

const (
	// idle ends a gathering of nodes when no other joined for this long, most ends
	// it this long after it began.
	idle = 150 * time.Millisecond
	most = time.Second
)

// together gathers nodes that come up side by side: the pods of all are told before
// the first is opened, and then they open at once. A pod whose own node opens a
// moment later would go to another one otherwise (SCH-311).
type together struct {
	clock clock.WithTicker

	mu      sync.Mutex
	current *gathering
}

// gathering is nodes that wait for each other.
type gathering struct {
	nodes  map[string][]*corev1.Pod
	joined chan struct{} // holds one token while a node joined that was not noticed
	open   chan struct{} // closed when all have been told
}

// join adds a node with its pods, and waits until the pods of all nodes of the
// gathering have been told. Tell does that; it is called once for each gathering.
func (t *together) join(ctx context.Context, node string, pods []*corev1.Pod, tell func(map[string][]*corev1.Pod)) {
	t.mu.Lock()
	g := t.current
	if g == nil {
		g = &gathering{nodes: map[string][]*corev1.Pod{}, joined: make(chan struct{}, 1), open: make(chan struct{})}
		t.current = g
		go t.gather(g, tell)
	}
	g.nodes[node] = pods
	select {
	case g.joined <- struct{}{}:
	default: // about to be noticed
	}
	t.mu.Unlock()
	select {
	case <-g.open:
	case <-ctx.Done():
	}
}

// gather waits for more nodes, and ends.
func (t *together) gather(g *gathering, tell func(map[string][]*corev1.Pod)) {
	limit, quiet := t.clock.NewTimer(most), t.clock.NewTimer(idle)
	defer limit.Stop()
	defer quiet.Stop()
	for more := true; more; {
		select {
		case <-g.joined:
			quiet.Reset(idle)
		case <-quiet.C():
			more = false
		case <-limit.C():
			more = false
		}
	}
	t.mu.Lock()
	t.current = nil
	t.mu.Unlock()
	tell(g.nodes)
	close(g.open)
}
