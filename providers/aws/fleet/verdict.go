// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/batch"
	"karpenter.sh/core/cloudprovider/kit/errortable"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/providers/aws/failure"
)

// Error is that of a launch which brought no machine. What it wraps is an error of the
// contract.
type Error struct {
	// Verdicts are what each failed offer means; none if EC2 did not say why.
	Verdicts []failure.Verdict
	err      error
	// quota says that EC2 was not asked, since no offer has room in its quota.
	quota bool
}

// QuotaShort reports whether EC2 was not asked, because what was to be launched exceeds
// the account's quotas by now. Other offerings may not (AWS-450).
func (e *Error) QuotaShort() bool { return e.quota }

// Error is the text of the error of the contract.
func (e *Error) Error() string { return e.err.Error() }

// Unwrap returns the error of the contract.
func (e *Error) Unwrap() error { return e.err }

// RowSpotRole reports whether the account lacks the role that spot needs, of which the
// NodeClaim is told by an event (AWS-293).
func (e *Error) RowSpotRole() bool {
	for _, v := range e.Verdicts {
		if strings.HasPrefix(v.Row, failure.RowSpotRole) {
			return true
		}
	}
	return false
}

// ProfileRefused reports whether EC2 refused the instance profile, which may have been
// deleted (AWS-342).
func (e *Error) ProfileRefused() bool {
	return slices.ContainsFunc(e.Verdicts, failure.Verdict.ProfileRefused)
}

// told bounds how many distinct errors a message names.
const told = 8

// outcome is the error of a request that got no machine (AWS-294): insufficient capacity
// if every failure is one, or if EC2 named none.
func outcome(verdicts []failure.Verdict) error {
	if len(verdicts) == 0 {
		return &Error{err: cloudprovider.NewInsufficientCapacityError(batch.ErrTooFew)}
	}
	var distinct []failure.Verdict
	var plain []errortable.Verdict
	seen := map[string]bool{}
	for _, v := range verdicts {
		if key := v.Row + v.Err.Error(); !seen[key] {
			seen[key] = true
			distinct = append(distinct, v)
			plain = append(plain, v.Verdict)
		}
	}
	err := errortable.Combine(plain[:min(len(plain), told)]...)
	for _, v := range distinct { // one that is none decides, however many there are
		if !v.Unfulfillable() {
			err = errortable.Combine(plain...)
			break
		}
	}
	if e, ok := cloudprovider.AsCreateError(err); ok {
		err = cloudprovider.NewCreateError(joined(distinct), e.Reason, e.Message)
	}
	return &Error{Verdicts: distinct, err: err}
}

func joined(verdicts []failure.Verdict) error {
	errs := make([]error, 0, told)
	for _, v := range verdicts[:min(len(verdicts), told)] {
		errs = append(errs, v.Err)
	}
	return errors.Join(errs...)
}

// failed is the error of a call, in terms of what was attempted (AWS-294).
func failed(v failure.Verdict, doing, message string) error {
	switch cloudprovider.ClassOf(v.Err) {
	case cloudprovider.ClassCreateError:
		cause := fmt.Errorf("%s: %w", doing, errors.Unwrap(v.Err))
		return &Error{Verdicts: []failure.Verdict{v}, err: cloudprovider.NewCreateError(cause, v.Reason, message+": "+v.Message)}
	default:
		return &Error{Verdicts: []failure.Verdict{v}, err: fmt.Errorf("%s: %w", doing, v.Err)}
	}
}

// classify is what an error of an answer means. Beyond the table, a reservation that has
// ended has no capacity (CP-070).
func classify(table *failure.Table, r refusal) (v failure.Verdict, usedUp bool) {
	v = table.Classify(r.failure, r.attempt)
	if r.attempt.CapacityType != label.Reserved {
		return v, false
	}
	if strings.HasPrefix(r.failure.Code, "InvalidCapacityReservation") {
		v.Err = cloudprovider.NewInsufficientCapacityError(fmt.Errorf("%s: %s", r.failure.Code, r.failure.Message))
		return v, true
	}
	return v, v.ReservationUsedUp()
}
