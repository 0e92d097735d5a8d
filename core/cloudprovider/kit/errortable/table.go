// SPDX-License-Identifier: Apache-2.0

package errortable

import (
	"errors"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/health"
)

// Table is rows in the order in which they are tried. It is immutable.
type Table struct{ rows []Row }

// New checks the rows and returns their table. The error holds a *RowError for
// each thing that is wrong (KIT-064).
func New(rows ...Row) (*Table, error) {
	if err := check(rows); err != nil {
		return nil, err
	}
	return &Table{rows: append([]Row(nil), rows...)}, nil
}

// Verdict is what a failure means.
type Verdict struct {
	// Row is the name of the row that decided; empty if none matched.
	Row string
	// Err is the error of the contract; never nil.
	Err error
	// Throttled says that the cloud wants fewer calls.
	Throttled bool
	// Marks are to be made before Err is returned (CP-018).
	Marks []health.Mark
	// Reason is the row's, for metrics and conditions; LaunchFailed without one.
	Reason string
}

// Classify says what a failure of these attempts means: the first matching row
// decides (KIT-061). Several attempts are given where one request tried several
// offerings at once and all failed by it; the first decides the row, and those of a
// capacity type that the row is not for are not marked.
func (t *Table) Classify(f Failure, attempts ...health.Offering) Verdict {
	var first health.Offering
	if len(attempts) > 0 {
		first = attempts[0]
	}
	for i := range t.rows {
		if t.rows[i].When.matches(f, first) {
			return t.rows[i].verdict(f, attempts)
		}
	}
	return Verdict{Err: f.cause(), Reason: cloudprovider.ReasonLaunchFailed}
}

func (r *Row) verdict(f Failure, attempts []health.Offering) Verdict {
	v := Verdict{Row: r.Name, Err: r.error(f), Throttled: r.Throttled, Reason: r.Reason}
	if v.Reason == "" {
		v.Reason = cloudprovider.ReasonLaunchFailed
	}
	seen := map[health.Scope]bool{}
	for _, attempt := range attempts {
		if !r.When.isFor(attempt) {
			continue
		}
		for _, mark := range r.marks(attempt) {
			if !seen[mark.Scope] {
				seen[mark.Scope] = true
				v.Marks = append(v.Marks, mark)
			}
		}
	}
	return v
}

// error is that of the contract, with the cloud's as its cause (KIT-062).
func (r *Row) error(f Failure) error {
	cause := f.cause()
	switch r.Class {
	case cloudprovider.ClassInsufficientCapacity:
		return cloudprovider.NewInsufficientCapacityError(cause)
	case cloudprovider.ClassNodeClassNotReady:
		return cloudprovider.NewNodeClassNotReadyError(cause)
	case cloudprovider.ClassNodeClaimNotFound:
		return cloudprovider.NewNodeClaimNotFoundError(cause)
	case cloudprovider.ClassCreateError:
		message := r.Message
		if message == "" {
			message = f.Message
		}
		return cloudprovider.NewCreateError(cause, r.Reason, message)
	}
	return cause
}

// Combine returns the error of a launch that failed in all these ways (KIT-068):
// an InsufficientCapacityError only if each of them is one, because others may
// succeed when tried again; nil without any.
func Combine(verdicts ...Verdict) error {
	var capacity []error
	var create error
	for _, v := range verdicts {
		switch cloudprovider.ClassOf(v.Err) {
		case cloudprovider.ClassInsufficientCapacity:
			capacity = append(capacity, v.Err)
		case cloudprovider.ClassOther:
			return v.Err
		default:
			if create == nil {
				create = v.Err
			}
		}
	}
	if create != nil || len(capacity) == 0 {
		return create
	}
	if len(capacity) == 1 {
		return capacity[0]
	}
	return cloudprovider.NewInsufficientCapacityError(errors.Join(capacity...))
}
