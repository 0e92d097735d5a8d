// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"cmp"
	"errors"
	"math"
	"slices"

	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/ration"
	"karpenter.sh/providers/aws/failure"
	"karpenter.sh/providers/aws/instance"
	"karpenter.sh/providers/aws/quota"
)

// Quotas count what launches take of the account's quotas; a *quota.Account (AWS-450).
type Quotas interface {
	// Begin takes what a launch draws before it is asked for; the error is a lack of
	// capacity, and nothing is taken then.
	Begin(nodeClaim types.UID, draws []ration.Draw) error
	// Settle tells which machine a launch brought and what that draws, Release that it
	// brought nothing.
	Settle(nodeClaim types.UID, instanceID string, draws []ration.Draw)
	Release(nodeClaim types.UID)
	// Refused tells that EC2 refused a draw.
	Refused(ration.Draw)
	// Left is what is left of a limit; false if that is not known.
	Left(limit string) (int64, bool)
}

// draws are what a machine launched by an offer takes.
func (o Offer) draws(capacityType string) []ration.Draw {
	return quota.Draws(capacityType, o.Type, o.VCPUs)
}

// withinQuota launches what the quotas leave room for, and counts it. Offers that are left
// out at first are asked for when the others cannot be had. A launch whose outcome nobody
// knows stays counted until its NodeClaim is launched again (KIT-031).
func (l *Launcher) withinQuota(r Request, launch func(Request) (instance.Instance, error)) (instance.Instance, error) {
	q, capacityType := l.opts.Quotas, r.Terms.CapacityType
	if q == nil || capacityType == label.Reserved {
		return launch(r)
	}
	var failed error
	for {
		asked, rest, err := affordable(q, r)
		if err != nil {
			return instance.Instance{}, cmp.Or[error](failed, &Error{err: err, quota: true})
		}
		r.Offers = asked
		machine, err := launch(r)
		switch {
		case err == nil:
			q.Settle(r.UID, machine.ID, drawsOf(asked, machine.Type, capacityType))
		case nothingLaunched(err):
			q.Release(r.UID)
		}
		if !cloudprovider.IsInsufficientCapacityError(err) || len(rest) == 0 {
			return machine, err
		}
		failed, r.Offers = err, rest
	}
}

// drawsOf are what a machine of a type takes.
func drawsOf(offers []Offer, kind, capacityType string) []ration.Draw {
	for _, o := range offers {
		if o.Type == kind {
			return o.draws(capacityType)
		}
	}
	return nil
}

// nothingLaunched reports whether it is known that a failed launch has left no machine.
// It is not where somebody has stopped waiting: the call goes on.
func nothingLaunched(err error) bool {
	if class := cloudprovider.ClassOf(err); class != cloudprovider.ClassOther || errors.Is(err, errEnding) {
		return true
	}
	return !unknown(err) || failure.IsUnsent(err)
}

// choiceShare is the part of what is left of a limit that a launch may let EC2 choose a
// machine within, for each one that is larger than need be: many launches are under way
// at a time, and none takes what it does not need.
const choiceShare = 8

// affordable takes quota for the cheapest offer that there is room for, and tells the
// offers that a launch may ask for then from the rest. Those of the same limit are no
// larger than that offer, unless much is left, and those of others take only what is
// plenty there. So what was taken is mostly what comes (AWS-450). The error is that no
// offer has room.
func affordable(q Quotas, r Request) (asked, rest []Offer, err error) {
	byPrice := slices.SortedStableFunc(slices.Values(r.Offers), func(a, b Offer) int { return cmp.Compare(a.Price, b.Price) })
	taken, err := takeFirst(q, r, byPrice)
	if err != nil {
		return nil, nil, err
	}
	plenty := map[string]int64{}
	for _, o := range r.Offers {
		if slices.ContainsFunc(o.draws(r.Terms.CapacityType), func(d ration.Draw) bool { return exceeds(q, d, taken, plenty) }) {
			rest = append(rest, o)
			continue
		}
		asked = append(asked, o)
	}
	return asked, rest, nil
}

// exceeds reports whether a draw is more than what was taken of its limit, and than what
// is plenty, which is remembered.
func exceeds(q Quotas, d ration.Draw, taken []ration.Draw, plenty map[string]int64) bool {
	if slices.ContainsFunc(taken, func(t ration.Draw) bool { return t.Limit == d.Limit && d.Amount <= t.Amount }) {
		return false
	}
	if _, known := plenty[d.Limit]; !known {
		plenty[d.Limit] = plentyOf(q, d.Limit)
	}
	return d.Amount > plenty[d.Limit]
}

// takeFirst takes what the first offer draws that there is room for.
func takeFirst(q Quotas, r Request, offers []Offer) ([]ration.Draw, error) {
	var first error
	tried := map[ration.Draw]bool{}
	for _, o := range offers {
		draws := o.draws(r.Terms.CapacityType)
		if len(draws) == 1 {
			if tried[draws[0]] {
				continue
			}
			tried[draws[0]] = true
		}
		err := q.Begin(r.UID, draws)
		if err == nil {
			return draws, nil
		}
		first = cmp.Or(first, err)
	}
	return nil, first
}

// plentyOf is how large a machine may be that a limit has plenty for, by powers of two, so
// that launches side by side ask for the same.
func plentyOf(q Quotas, limit string) int64 {
	left, known := q.Left(limit)
	if !known {
		return math.MaxInt64
	}
	share := left / choiceShare
	if share == 0 {
		return 0
	}
	size := int64(1)
	for size <= share/2 {
		size *= 2
	}
	return size
}

// quotaRefused tells the quotas of an error by which EC2 said that there is no room for
// a machine. Those that the same fleet was given are not settled yet: their part is added.
func (f *fleet) quotaRefused(v failure.Verdict, o Offer, machines []launched) {
	if f.opts.Quotas == nil || !v.QuotaExceeded() {
		return
	}
	for _, d := range o.draws(f.terms.CapacityType) {
		for _, m := range machines {
			for _, other := range m.offer.draws(f.terms.CapacityType) {
				if other.Limit == d.Limit {
					d.Amount += other.Amount
				}
			}
		}
		f.opts.Quotas.Refused(d)
	}
}
