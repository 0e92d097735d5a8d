// SPDX-License-Identifier: Apache-2.0

package scaling

import (
	"context"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/kit/batch"
	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/claim"
)

// caller is a NodeClaim that waits for a Machine.
type caller struct {
	batch.Caller[*v1.NodeClaim, *capi.Machine]
}

// since is when it began to wait: the NodeClaim's birth, so that an attempt which is
// repeated may take what the first one ordered.
func (c *caller) since() time.Time { return c.Item.CreationTimestamp.Time }

// give answers with a Machine. A caller who has left finds it by its claim.
func (c *caller) give(m *capi.Machine) { c.Answer(batch.Result[*capi.Machine]{Value: m}) }

func (c *caller) fail(err error) { c.Answer(batch.Result[*capi.Machine]{Err: err}) }

// desk is where a deployment is served. All but visitors is only touched by who has the
// turn.
type desk struct {
	// turn is exclusive access to the deployment; it holds one while nobody has it.
	turn chan struct{}
	// visitors are the windows that are served; guarded by the desks' lock.
	visitors int

	// waiting are the callers of all windows that have no Machine.
	waiting map[*caller]bool
	// taken are the Machines that were given to callers: caches may not show it yet.
	taken map[types.UID]bool
	// raises are those that Cluster API may not have looked at yet.
	raises []raise
}

// raise is a write of the replicas.
type raise struct {
	// deployment is its UID: a namesake that came after it has generations of its own.
	deployment types.UID
	// generation of the deployment that has it.
	generation int64
	by         int
}

// unseen forgets the raises that Cluster API has looked at, or never will, and is by how
// much the others raised the replicas.
func (d *desk) unseen(deployment *capi.MachineDeployment) int {
	d.raises = slices.DeleteFunc(d.raises, func(r raise) bool {
		return r.deployment != deployment.UID || r.generation <= deployment.Status.ObservedGeneration
	})
	n := 0
	for _, r := range d.raises {
		n += r.by
	}
	return n
}

// callers are those of all windows that still wait.
func (d *desk) callers() []*caller {
	var out []*caller
	for c := range d.waiting {
		if c.Waits() {
			out = append(out, c)
		}
	}
	return out
}

// since is when the caller who has waited longest began to.
func (d *desk) since() time.Time {
	var oldest time.Time
	for _, c := range d.callers() {
		if oldest.IsZero() || c.since().Before(oldest) {
			oldest = c.since()
		}
	}
	return oldest
}

// untaken are those of some Machines that were not given to anybody.
func (d *desk) untaken(candidates []claim.Candidate) []claim.Candidate {
	var out []claim.Candidate
	for _, c := range candidates {
		if !d.taken[c.Machine.UID] {
			out = append(out, c)
		}
	}
	return out
}

// exclusively runs a function with the turn of the deployment.
func (d *desk) exclusively(ctx context.Context, run func() error) error {
	select {
	case <-d.turn:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { d.turn <- struct{}{} }()
	return run()
}

// desks are open while somebody is served, or while a raise may not have been looked at.
type desks struct {
	mu   sync.Mutex
	open map[types.NamespacedName]*desk
}

func (ds *desks) enter(deployment types.NamespacedName) *desk {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	d, ok := ds.open[deployment]
	if !ok {
		d = &desk{turn: make(chan struct{}, 1), waiting: map[*caller]bool{}, taken: map[types.UID]bool{}}
		d.turn <- struct{}{}
		ds.open[deployment] = d
	}
	d.visitors++
	return d
}

func (ds *desks) leave(deployment types.NamespacedName, d *desk) {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	d.visitors--
	if d.visitors > 0 {
		return
	}
	clear(d.taken) // caches have caught up by the next time, and conditions guard the rest
	if len(d.raises) == 0 {
		delete(ds.open, deployment)
	}
}

// idle are the deployments whose desks are open although nobody is served.
func (ds *desks) idle() []types.NamespacedName {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	var out []types.NamespacedName
	for deployment, d := range ds.open {
		if d.visitors == 0 {
			out = append(out, deployment)
		}
	}
	return out
}

func (ds *desks) has(deployment types.NamespacedName) bool {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	d, open := ds.open[deployment]
	return open && d.visitors > 0
}
