// SPDX-License-Identifier: Apache-2.0

package nomination

import (
	"context"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"karpenter.sh/core/controllers/provisioning/batch"
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
	window *batch.Batcher
	open   chan struct{} // closed when all have been told
}

// join adds a node with its pods, and waits until the pods of all nodes of the
// gathering have been told. Tell does that; it is called once for each gathering.
func (t *together) join(ctx context.Context, node string, pods []*corev1.Pod, tell func(map[string][]*corev1.Pod)) {
	t.mu.Lock()
	g := t.current
	if g == nil {
		g = &gathering{
			nodes: map[string][]*corev1.Pod{}, open: make(chan struct{}),
			window: batch.New(batch.Options{Idle: idle, Max: most, Clock: t.clock}),
		}
		t.current = g
		go t.gather(g, tell)
	}
	g.nodes[node] = pods
	g.window.Trigger(types.UID(node))
	t.mu.Unlock()
	select {
	case <-g.open:
	case <-ctx.Done():
	}
}

// gather waits for more nodes, and ends. The wait has an end of its own, whoever
// gives up meanwhile.
func (t *together) gather(g *gathering, tell func(map[string][]*corev1.Pod)) {
	g.window.Wait(context.Background())
	t.mu.Lock()
	t.current = nil
	t.mu.Unlock()
	tell(g.nodes)
	close(g.open)
}
