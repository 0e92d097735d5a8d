// SPDX-License-Identifier: Apache-2.0

package failure

import (
	"slices"
	"strings"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/errortable"
	"karpenter.sh/core/cloudprovider/kit/health"
)

// Classifier is an errortable.Table, or an errortable.Coverage in tests.
type Classifier interface {
	Classify(f errortable.Failure, attempts ...health.Offering) errortable.Verdict
}

// Table says what failed launches mean. It is immutable.
type Table struct{ rows Classifier }

// New returns the table of Rows.
func New() (*Table, error) {
	rows, err := errortable.New(Rows()...)
	if err != nil {
		return nil, err
	}
	return Over(rows), nil
}

// Over is the table of rows that somebody else holds.
func Over(rows Classifier) *Table { return &Table{rows: rows} }

// Verdict is what a failed launch means.
type Verdict struct {
	errortable.Verdict
	// Message for conditions; never empty.
	Message string
}

// QuotaExceeded reports whether the account's quota of vCPUs or instances leaves no room
// (AWS-441).
func (v Verdict) QuotaExceeded() bool {
	return slices.Contains([]string{"spot-quota", "vcpu-quota", "instance-quota"}, v.Row)
}

// Unfulfillable reports whether other offerings may be had (AWS-294).
func (v Verdict) Unfulfillable() bool { return cloudprovider.IsInsufficientCapacityError(v.Err) }

// TemplateGone reports whether the launch template is to be made again (AWS-292).
func (v Verdict) TemplateGone() bool { return v.Row == RowTemplateID || v.Row == RowTemplateName }

// TooLarge reports whether the request may succeed with fewer overrides (AWS-434).
func (v Verdict) TooLarge() bool { return strings.HasPrefix(v.Row, RowTooLarge) }

// SubnetFull reports whether the subnet has no free addresses left (AWS-131).
func (v Verdict) SubnetFull() bool { return v.Row == RowSubnetFull }

// ReservationUsedUp reports whether the reservation's count becomes 0 (AWS-293).
func (v Verdict) ReservationUsedUp() bool { return strings.HasPrefix(v.Row, reservedPrefix) }

// ProfileRefused reports whether EC2 did not take the instance profile (AWS-342).
func (v Verdict) ProfileRefused() bool { return strings.HasPrefix(v.Row, profilePrefix) }

// Classify says what a failure of these attempts means; without attempts, of the whole
// request. The marks are to be made before Err is returned (CP-018).
func (t *Table) Classify(f errortable.Failure, attempts ...Attempt) Verdict {
	offerings := make([]health.Offering, len(attempts))
	for i, a := range attempts {
		offerings[i] = a.Offering()
	}
	v := Verdict{Verdict: t.rows.Classify(f, offerings...), Message: f.Message}
	v.Marks = slices.DeleteFunc(v.Marks, wholeZone)
	if e, ok := cloudprovider.AsCreateError(v.Err); ok {
		v.Message = e.Message
	} else if m := messages(v.Reason); m != "" {
		v.Message = m
	}
	if v.Message == "" {
		v.Message = "Instance launch failed"
	}
	if strings.HasPrefix(v.Row, unauthorizedPrefix) {
		v.Message = withPermission(v.Message, f)
	}
	if cloudprovider.ClassOf(v.Err) == create {
		v.Err = cloudprovider.NewCreateError(cause(v.Err), v.Reason, v.Message)
	}
	return v
}

// wholeZone finds the mark of a spread group whose attempt names none (KIT-063 leaves
// just the place out): it would take the zone from everybody.
func wholeZone(m health.Mark) bool { return m.Scope == health.Scope{Zone: m.Scope.Zone} }

// cause is the cloud's error within one of the contract.
func cause(err error) error {
	if inner, ok := err.(interface{ Unwrap() error }); ok {
		return inner.Unwrap()
	}
	return err
}
