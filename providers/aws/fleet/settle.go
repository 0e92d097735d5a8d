// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/cloudprovider/kit/health"
	"karpenter.sh/core/cloudprovider/kit/retry"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/providers/aws/failure"
)

// call makes the request until it is known what came of it, always with the same token, and
// as long as somebody waits for it. Doubtful says that machines of the answer may have been
// ended meanwhile.
func (f *fleet) call(ctx context.Context, uids []types.UID, p plan) (out *ec2.CreateFleetOutput, doubtful bool, err error) {
	in := p.input()
	u, err := f.tokens.of(uids, in)
	if err != nil {
		return nil, false, err
	}
	in.ClientToken = aws.String(u.token)
	policy := f.opts.Retry
	policy.Throttled = func(err error) bool { return repeatable(err) && slices.ContainsFunc(f.members, (*waiting).Waits) }
	began, calls := f.opts.Clock.Now(), 0
	out, err = retry.Do(ctx, policy, func(ctx context.Context) (*ec2.CreateFleetOutput, error) {
		calls++
		return f.opts.API.CreateFleet(ctx, in)
	})
	if err == nil || !repeatable(err) {
		f.tokens.spend(u.name)
	}
	doubtful = u.repeated || calls > 1 || f.opts.Clock.Since(began) > prompt || f.opts.Clock.Since(f.born) < giftsFor
	return out, doubtful, err
}

// prompt is how long an answer may take whose machines nobody can have taken for orphans
// (AWS-326).
const prompt = 20 * time.Second

// refused deals with an error of the call.
func (f *fleet) refused(p plan, err error) *left {
	v := f.opts.Table.Classify(failure.Of(err), p.attempts()...)
	switch {
	case v.TooLarge() && len(p.offers) > 1:
		f.offers = p.offers[:len(p.offers)/2] // AWS-434; they are in order of price
		return &left{members: f.members, once: true}
	case v.TemplateGone() && !f.repaired:
		f.repaired = true
		f.opts.Templates.Invalidate(templates(p.offers)...)
		return &left{members: f.members, once: true}
	}
	f.mark(v)
	for _, o := range p.offers {
		f.quotaRefused(v, o, nil)
	}
	return f.failAll(failed(v, fmt.Sprintf("creating a fleet for %d machines", len(f.members)), "Error creating fleet request"))
}

// answered deals with an answer: marks first, so that nobody is told of a failure which
// the next listing does not show (CP-018), then machines, then what is left.
func (f *fleet) answered(launch string, p plan, a answer, lost int) *left {
	r := f.refusals(a)
	for _, m := range a.machines {
		if m.offer.ReservationID != "" {
			f.opts.Reservations.Launched(m.offer.ReservationID)
		}
	}
	if taken := f.taken(a.machines); len(taken) > 0 {
		f.opts.Subnets.Settle(launch, taken)
	} else {
		f.opts.Subnets.Release(launch)
	}
	f.members = f.give(a)
	for ; lost > 0 && len(f.members) > 0; lost-- {
		f.members[0].fail(errEnding)
		f.members = f.members[1:]
	}
	if len(f.members) == 0 {
		return nil
	}
	for _, m := range f.members {
		m.verdicts = append(m.verdicts, r.verdicts...)
	}
	if r.gone && !f.repaired {
		f.repaired = true
		f.opts.Templates.Invalidate(templates(p.offers)...)
		return &left{members: f.members, once: true}
	}
	return f.again(p, r)
}

// refusals are what the errors of an answer mean together.
type refusals struct {
	verdicts []failure.Verdict
	// failed are the offers that need not be tried again.
	failed map[Offer]bool
	// full says that a subnet was, so that another may do.
	full bool
	// gone says that a template was.
	gone bool
	// all says that nothing of the capacity type can be had.
	all bool
}

func (f *fleet) refusals(a answer) refusals {
	r := refusals{failed: map[Offer]bool{}}
	for _, e := range a.refused {
		v, usedUp := classify(f.opts.Table, e)
		f.opts.Metrics.failed(failedLaunch{
			zone: e.attempt.Zone, zoneID: f.terms.zoneID(e.attempt.Zone), capacityType: f.terms.CapacityType, reason: v.Reason,
		})
		f.mark(v)
		if e.offer != nil {
			f.quotaRefused(v, *e.offer, a.machines)
		}
		if usedUp && e.offer != nil && e.offer.ReservationID != "" {
			f.opts.Reservations.Refused(e.offer.ReservationID)
		}
		switch {
		case v.TemplateGone() && !f.repaired:
			r.gone = true
			continue // it is no failure of the offer
		case v.SubnetFull():
			r.full = true
			if e.attempt.SubnetID != "" {
				f.opts.Subnets.Exhausted(e.attempt.SubnetID)
			}
		case e.offer != nil:
			r.failed[*e.offer] = true
		}
		r.all = r.all || slices.ContainsFunc(v.Marks, func(m health.Mark) bool { return m.Scope == health.Scope{CapacityType: label.Spot} })
		r.verdicts = append(r.verdicts, v)
	}
	return r
}

func (f *fleet) mark(v failure.Verdict) {
	for _, m := range v.Marks {
		if err := f.opts.Health.Mark(m); err != nil {
			f.opts.Failed(fmt.Errorf("after a failed launch for EC2NodeClass %s: %w", f.terms.NodeClass, err))
		}
	}
}

// again sorts out who may get something yet: whose own offers are more than those of the
// fleet, or for whom another subnet may have room.
func (f *fleet) again(p plan, r refusals) *left {
	var members []*waiting
	for _, m := range f.members {
		own := len(m.offers)
		more := m.drop(r.failed) || own > len(p.offers) || r.full
		if len(m.offers) == 0 || r.all || !more {
			m.fail(outcome(m.verdicts))
			continue
		}
		members = append(members, m)
	}
	if len(members) == 0 {
		return nil
	}
	return &left{members: members}
}

// drop leaves out offers that failed. It reports whether others took the place of some.
func (w *waiting) drop(failed map[Offer]bool) bool {
	var left []Offer
	replaced := false
	for _, o := range w.offers {
		if !failed[o] {
			left = append(left, o)
			continue
		}
		if others := w.others[o.place()]; len(others) > 0 {
			left = append(left, others[0])
			w.others[o.place()] = others[1:]
			replaced = true
		}
	}
	w.offers = left
	return replaced
}
