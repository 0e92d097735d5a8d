// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// HostsEvery is how often [Inventory.WatchHosts] is to be called: as old may a list be of
// hosts that machines are launched on (PVE-014).
const HostsEvery = 5 * time.Second

// WatchHosts asks every region, at the same time, for its hosts, and reads those anew whose
// hosts came, went, or can no longer be launched on (PVE-013, PVE-046, PVE-047). A region
// that does not answer is read anew too, which tells that it is silent; of one that was
// silent before only an answer is news.
func (i *Inventory) WatchHosts(ctx context.Context) error {
	errs := make([]error, len(i.regions))
	var all sync.WaitGroup
	for at, name := range i.Regions() {
		all.Go(func() { errs[at] = i.watchHosts(ctx, name) })
	}
	all.Wait()
	return errors.Join(errs...)
}

func (i *Inventory) watchHosts(ctx context.Context, name string) error {
	known, read := i.Reading(name)
	if !read {
		return nil // the first reading has its own turn
	}
	hosts, err := i.Client(name).Hosts(ctx)
	if ctx.Err() != nil {
		return fmt.Errorf("listing the hosts of region %s: %w", name, context.Cause(ctx))
	}
	now := Reading{Answers: err == nil, Hosts: known.Hosts}
	if err == nil {
		now.Hosts = byName(hosts)
	}
	if !now.sells(known) {
		i.Doubt(ctx, name)
	}
	return nil
}
