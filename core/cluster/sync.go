// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
)

const (
	// unsyncedGrace is how long the state may be unsynced before it is an error,
	// repeated at most every unsyncedRepeat (LIF-068).
	unsyncedGrace  = 30 * time.Second
	unsyncedRepeat = 10 * time.Second
	// nodePatience is how long the first sync waits for a Node that lacks its
	// provider ID or instance type (LIF-065). It has an end because such a Node
	// withholds nothing but itself: its pods are counted once it is tracked.
	nodePatience = time.Minute
)

// Inventory lists what the API server has, from a cache that has caught up with
// it.
type Inventory interface {
	// NodeNames are the names of all Nodes.
	NodeNames(ctx context.Context) ([]string, error)
	// NodeClaimNames are the names of all managed NodeClaims.
	NodeClaimNames(ctx context.Context) ([]string, error)
}

// syncState is what is remembered between checks. It has a lock of its own,
// which is never taken while that of the model is held.
type syncState struct {
	inventory Inventory
	log       logr.Logger
	loaded    atomic.Bool

	mu       sync.Mutex
	unsynced time.Time // first failing check, zero while synced
	logged   time.Time
}

// Loaded reports whether the model has ever known everything that the API server
// has: whoever decides must wait for it once after a start (LIF-067). The check is
// free after its first success.
func (c *Cluster) Loaded(ctx context.Context) bool {
	if !c.sync.loaded.Load() {
		c.Synced(ctx)
	}
	return c.sync.loaded.Load()
}

// Synced reports whether the model is complete: it is loaded, and no NodeClaim is
// unlaunched whose pods nobody knows. A NodeClaim created by this process never
// makes it false, however long its launch takes, because its pods and its share
// of the limits are known (LIF-066, LIF-069); an inherited one does until it is
// launched or gone or its launch has timed out.
func (c *Cluster) Synced(ctx context.Context) bool {
	c.sync.mu.Lock()
	defer c.sync.mu.Unlock()
	blockers, err := c.blockers(ctx)
	now := c.clock.Now()
	if err == nil && len(blockers) == 0 {
		c.sync.unsynced = time.Time{}
		c.metrics.synced.Set(1)
		c.metrics.unsyncedTime.Set(0)
		return true
	}
	keepFirst(&c.sync.unsynced, now)
	waited := now.Sub(c.sync.unsynced)
	c.metrics.synced.Set(0)
	c.metrics.unsyncedTime.Set(waited.Seconds())
	if waited > unsyncedGrace && now.Sub(c.sync.logged) >= unsyncedRepeat {
		c.sync.logged = now
		c.sync.log.Error(err, "waiting for cluster state to sync", "duration", waited.String(), "blockers", blockers)
	}
	return false
}

// blockers names what keeps the model from being synced.
func (c *Cluster) blockers(ctx context.Context) ([]string, error) {
	var out []string
	if !c.sync.loaded.Load() {
		missing, err := c.missing(ctx)
		if err != nil {
			return nil, err
		}
		out = missing
		c.sync.loaded.Store(len(missing) == 0)
	}
	now := c.clock.Now()
	for _, u := range c.Unlaunched() {
		if u.Inherited(now) {
			out = append(out, "nodeclaim/"+u.NodeClaim.Name)
		}
	}
	return out, nil
}

// missing names what the API server has and the model has not.
func (c *Cluster) missing(ctx context.Context) ([]string, error) {
	nodes, err := c.sync.inventory.NodeNames(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing nodes: %w", err)
	}
	claims, err := c.sync.inventory.NodeClaimNames(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing nodeclaims: %w", err)
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	var out []string
	for _, name := range claims {
		if c.claims[name] == nil {
			out = append(out, "nodeclaim/"+name)
		}
	}
	for _, name := range nodes {
		if !c.nodes[name].settled(c.clock.Now()) {
			out = append(out, "node/"+name)
		}
	}
	return out, nil
}

// settled reports whether the first sync need not wait for a Node.
func (r *nodeRef) settled(now time.Time) bool {
	return r != nil && (r.key != "" || now.Sub(r.since) >= nodePatience)
}
