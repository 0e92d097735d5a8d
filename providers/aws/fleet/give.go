// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"karpenter.sh/core/cloudprovider/kit/batch"
	"karpenter.sh/providers/aws/instance"
)

// errEnding is what a request gets whose machine was ended before it was given: an answer
// came so late that nobody waited for it, or that its machine was taken for an orphan. The
// next call has another token.
var errEnding = errors.New("the instance that was launched is being terminated")

// living drops machines that are ending, or that are somebody's, and counts them. All that
// it leaves are claimed.
func (f *fleet) living(ctx context.Context, a answer, doubtful bool) (answer, int) {
	gone := make([]bool, len(a.machines))
	if doubtful && f.opts.Ended != nil {
		var work sync.WaitGroup
		for i, m := range a.machines {
			work.Go(func() { gone[i] = f.opts.Ended(ctx, m.instance) })
		}
		work.Wait()
	}
	living := make([]launched, 0, len(a.machines))
	for i, m := range a.machines {
		switch {
		case gone[i]:
			f.fates.away(m.instance.ID)
		case f.fates.claim(m.instance.ID, false):
			living = append(living, m)
		}
	}
	lost := len(a.machines) - len(living)
	a.machines = living
	a.strays = slices.DeleteFunc(a.strays, func(i instance.Instance) bool { return !f.fates.claim(i.ID, true) })
	return a, lost
}

// taken is how many addresses machines take from each subnet, given out as they will be.
func (f *fleet) taken(machines []launched) map[string]int64 {
	taken := map[string]int64{}
	members := slices.DeleteFunc(slices.Clone(f.members), func(m *waiting) bool { return !m.Waits() })
	for i, m := range machines {
		need := int64(1) // nobody's pods will run on it
		if i < len(members) {
			need = members[i].needs.of(m.offer.place())
		}
		taken[m.instance.SubnetID] += need
	}
	return taken
}

// give gives out machines, in the order in which their requests came, and returns who got
// none. What nobody takes is surplus.
func (f *fleet) give(a answer) []*waiting {
	machines := a.machines
	var none []*waiting
	for _, m := range f.members {
		if len(machines) == 0 {
			none = append(none, m)
			continue
		}
		if m.Answer(batch.Result[instance.Instance]{Value: machines[0].instance}) {
			machines = machines[1:]
		}
	}
	surplus := a.strays
	for _, m := range machines {
		f.fates.away(m.instance.ID)
		surplus = append(surplus, m.instance)
	}
	if len(surplus) > 0 {
		f.putAway(surplus)
	}
	return none
}

// surplusFor bounds how long ending surplus may take. Garbage collection ends the rest.
const surplusFor = 2 * time.Minute

// putAway ends machines that nobody waits for, apart from the call that brought them: that
// may be about to end, and others wait for its place.
func (l *Launcher) putAway(machines []instance.Instance) {
	l.work.Go(func() {
		ctx, cancel := context.WithTimeout(l.base, surplusFor)
		defer cancel()
		l.opts.Surplus(ctx, machines)
	})
}
