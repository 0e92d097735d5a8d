// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/cloudprovider/kit/batch"
	"karpenter.sh/providers/aws/failure"
	"karpenter.sh/providers/aws/instance"
	"karpenter.sh/providers/aws/launchtemplate"
)

// window is what the batcher collects.
type window = batch.Window[string, Request, instance.Instance]

// waiting is a request that has no machine yet.
type waiting struct {
	batch.Caller[Request, instance.Instance]
	// offers are those of its own that have not failed yet.
	offers []Offer
	// others are those that take the place of one that fails.
	others map[place][]Offer
	needs  needs
	// verdicts are what those that have failed mean.
	verdicts []failure.Verdict
}

func (w *waiting) fail(err error) { w.Answer(batch.Result[instance.Instance]{Err: err}) }

// rounds bounds how often a request is asked for again. In the last round only equal
// lists share a fleet, so that nobody is left who could still be served.
const rounds = 3

func (l *Launcher) serve(ctx context.Context, w window) {
	all := make([]*waiting, len(w.Callers))
	for i, c := range w.Callers {
		r := &waiting{Caller: c}
		r.offers, r.others = choices(c.Item.Offers)
		r.needs = needsOf(r.offers)
		r.offers = bare(r.offers)
		all[i] = r
	}
	l.round(ctx, w, all, 1)
}

// round asks for fleets, all at the same time. Who got nothing although its own offers
// are more is asked for again as soon as its fleet has been answered.
func (l *Launcher) round(ctx context.Context, w window, all []*waiting, n int) {
	all = slices.DeleteFunc(all, func(r *waiting) bool { return !r.Waits() })
	if len(all) == 0 {
		return
	}
	terms := all[0].Item.Terms
	s := terms.strategy()
	if n == rounds {
		s = atRandom
	}
	lists := make([][]Offer, len(all))
	for i, r := range all {
		lists[i] = r.offers
	}
	var work sync.WaitGroup
	for _, part := range divide(s, lists) {
		work.Go(func() {
			members := make([]*waiting, len(part.Members))
			for i, m := range part.Members {
				members[i] = all[m]
			}
			f := &fleet{Launcher: l, terms: terms, offers: part.Offers, members: members, requested: w.Requested}
			again := f.run(ctx)
			if n < rounds && len(again) > 0 {
				l.round(ctx, w, again, n+1)
				return
			}
			for _, r := range again {
				r.fail(outcome(r.verdicts))
			}
		})
	}
	work.Wait()
}

// fleet is one part on its way.
type fleet struct {
	*Launcher
	terms     Terms
	offers    []Offer
	members   []*waiting
	requested func(int)
	// repaired says that vanished templates were made again, which is done once (AWS-292).
	repaired bool
}

// run asks for the fleet and gives out its machines. It returns those who got nothing and
// may get something yet; all others have been answered.
func (f *fleet) run(ctx context.Context) []*waiting {
	if f.slot(ctx) {
		defer func() { <-f.slots }()
	}
	f.offers = within(f.offers[:min(len(f.offers), f.opts.MaxOverrides)], maxTemplates)
	for {
		f.members = slices.DeleteFunc(f.members, func(r *waiting) bool { return !r.Waits() })
		if len(f.members) == 0 {
			return nil
		}
		again := f.attempt(ctx)
		if again == nil {
			return nil
		}
		if !again.once {
			return again.members
		}
		f.members = again.members
	}
}

func (f *fleet) slot(ctx context.Context) bool {
	select {
	case f.slots <- struct{}{}:
		return true
	case <-ctx.Done():
		return false // the call will say why it cannot be made
	}
}

// left are members without a machine.
type left struct {
	members []*waiting
	// once says to ask for the same fleet again, changed as the fleet now is.
	once bool
}

// attempt makes one request. Nil means that everybody has been answered.
func (f *fleet) attempt(ctx context.Context) *left {
	uids := make([]types.UID, len(f.members))
	for i, m := range f.members {
		uids[i] = m.Item.UID
	}
	for _, launch := range f.holds.drop(uids) {
		f.opts.Subnets.Release(launch) // it is asked for again, and counted again
	}
	launch := f.name(f.members[0].Item)
	p, ok := f.place(launch)
	if !ok {
		return f.nowhere()
	}
	lease, err := f.opts.Templates.Acquire(ctx, f.contents(p.offers)...)
	if err != nil {
		f.opts.Subnets.Release(launch)
		return f.failAll(failed(f.opts.Table.Classify(failure.Of(err)), "getting launch templates", "Error getting launch template configs"))
	}
	defer lease.Release()
	f.requested(len(f.members))
	out, doubtful, err := f.call(ctx, uids, p)
	if err != nil {
		f.unreserve(launch, uids, err)
		return f.refused(p, err)
	}
	a, lost := f.living(ctx, p.read(out, f.opts.Clock.Now()), doubtful)
	return f.answered(launch, p, a, lost)
}

// unreserve gives back what a failed call has reserved, unless something may have been
// launched: then it stays counted until its members ask again.
func (f *fleet) unreserve(launch string, uids []types.UID, err error) {
	if unknown(err) && !failure.IsUnsent(err) {
		f.holds.keep(launch, uids)
		return
	}
	f.opts.Subnets.Release(launch)
}

// contents are those of the templates that offers use. All members have them, since they
// have the offers.
func (f *fleet) contents(offers []Offer) []launchtemplate.Content {
	names := templates(offers)
	out := make([]launchtemplate.Content, len(names))
	for i, name := range names {
		out[i] = f.members[0].Item.Templates[name]
	}
	return out
}

func (f *fleet) failAll(err error) *left {
	for _, m := range f.members {
		m.fail(err)
	}
	return nil
}
