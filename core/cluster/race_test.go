// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/cluster"
	"karpenter.sh/core/engine/resource"
)

// LIF-061: readers and writers at the same time. Run it with -race. Besides,
// every snapshot must add up: a reader never sees half a change.
func TestConcurrentReadersAndWriters(t *testing.T) {
	w := newWorld(t)
	w.node(newNode("n0", "id0", initialized("pool"))) // keeps a pod at any time
	w.UpdateDaemonSet(daemonSet())
	var writers, readers sync.WaitGroup
	var done atomic.Bool
	for worker := range 4 {
		writers.Go(func() { churn(w.Cluster, worker) })
	}
	for range 3 {
		readers.Go(func() {
			for !done.Load() {
				checkSnapshot(t, w.Cluster)
			}
		})
	}
	writers.Wait()
	done.Store(true)
	readers.Wait()
}

// churn sends events of objects that no other worker touches, as the work queues
// of the controllers do. Nodes are shared.
func churn(c *cluster.Cluster, worker int) {
	r := rand.New(rand.NewPCG(uint64(worker), 2))
	for i := range 300 {
		key := fmt.Sprintf("id%d-%d", worker, r.IntN(4))
		name := "n" + key
		switch r.IntN(8) {
		case 0:
			n := newNode(name, key, initialized("pool"))
			c.UpdateNode(n)
		case 1:
			c.DeleteNode(name)
		case 2:
			c.UpdateNodeClaim(newClaim("c"+key, key))
		case 3:
			c.InsertNodeClaim(cluster.CreatedNodeClaim{NodeClaim: newClaim("u"+key, ""), Pods: []types.NamespacedName{waiting}})
			c.DeleteNodeClaim("u" + key)
		case 4:
			c.MarkForDeletion(key)
			c.Nominate(key)
			c.UnmarkForDeletion(key)
		case 5:
			c.DeletePod(types.NamespacedName{Namespace: "default", Name: fmt.Sprint("p", worker)})
		case 6:
			c.Release("pool", c.Reserve("pool", 100, 1))
			c.SetBufferPods(map[string]int{key: i})
		default:
			c.UpdatePod(newPod(fmt.Sprint("p", worker), "n0"), settled)
			c.UpdatePod(newPod(fmt.Sprint("q", worker), name, owner("apps/v1", "DaemonSet")), settled)
		}
	}
}

func checkSnapshot(t *testing.T, c *cluster.Cluster) {
	s := c.Snapshot()
	c.Synced(context.Background())
	nodes := int64(0)
	for _, n := range s.Nodes() {
		if got := n.Requests().Get(resource.Pods); got != int64(len(n.Pods())) {
			t.Errorf("%d pods requested, %d there", got, len(n.Pods()))
		}
		if n.NodePool() == "pool" && !n.MarkedForDeletion() {
			nodes++
		}
	}
	if got := s.Capacity("pool").Get(resource.Nodes); got != nodes {
		t.Errorf("the pool counts %d nodes, there are %d", got, nodes)
	}
	if got := s.Usage("pool").Get(resource.Nodes); got < nodes {
		t.Errorf("usage counts %d nodes, there are %d", got, nodes)
	}
	s.Awaiting(waiting)
	if targets := s.Targets(); len(targets.Nodes) > len(s.Nodes())+len(s.Unlaunched()) {
		t.Error("more targets than nodes")
	}
}
