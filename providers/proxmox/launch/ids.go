// SPDX-License-Identifier: Apache-2.0

package launch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"karpenter.sh/providers/proxmox/pve"
)

// rest is how long an ID is not used again: a Node with its provider ID may linger.
const rest = 5 * time.Minute

// highest is the highest ID that Proxmox VE has.
const highest = 999999999

// ErrNoID means that all IDs are taken. It is a matter of capacity.
var ErrNoID = errors.New("no free ID for a machine")

// ErrNoTemplate means that a template is not there. It is a matter of capacity: other hosts
// have others.
var ErrNoTemplate = errors.New("there is no such template")

// IDs gives out those of machines. It is safe for concurrent use.
type IDs struct {
	lowest int
	clock  clock.Clock

	mu   sync.Mutex
	used map[taken]time.Time // when it was handed out or freed last
}

// taken is an ID of a region.
type taken struct {
	region string
	id     int
}

// NewIDs returns IDs from the lowest on.
func NewIDs(lowest int, c clock.Clock) *IDs {
	return &IDs{lowest: lowest, clock: c, used: map[taken]time.Time{}}
}

// Next is an ID that no machine of the region has, and that was neither handed out nor
// freed lately (PVE-064).
func (i *IDs) Next(ctx context.Context, region string, c *pve.Client) (int, error) {
	for id := i.lowest; id <= highest; id++ {
		if !i.take(region, id) {
			continue
		}
		free, err := c.Free(ctx, id)
		if err != nil {
			i.forget(region, id)
			return 0, fmt.Errorf("looking for a free ID in region %s: %w", region, err)
		}
		if free {
			return id, nil
		}
	}
	return 0, fmt.Errorf("region %s: %w", region, ErrNoID)
}

// Ours reports whether an ID is one of those that are given out.
func (i *IDs) Ours(id int) bool { return id >= i.lowest }

// Freed says that a machine has gone.
func (i *IDs) Freed(region string, id int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.used[taken{region, id}] = i.clock.Now()
}

func (i *IDs) take(region string, id int) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	now := i.clock.Now()
	for key, at := range i.used {
		if now.Sub(at) >= rest {
			delete(i.used, key)
		}
	}
	key := taken{region, id}
	if _, resting := i.used[key]; resting {
		return false
	}
	i.used[key] = now
	return true
}

func (i *IDs) forget(region string, id int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.used, taken{region, id})
}
