// SPDX-License-Identifier: Apache-2.0

package zonalshift

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/arczonalshift"
	"github.com/aws/aws-sdk-go-v2/service/arczonalshift/types"
)

// API is what of ARC is called. *arczonalshift.Client is one.
type API interface {
	GetManagedResource(context.Context, *arczonalshift.GetManagedResourceInput, ...func(*arczonalshift.Options)) (*arczonalshift.GetManagedResourceOutput, error)
}

// Source is where the shifts of a cluster are read. All fields are required.
type Source struct {
	API API
	// ClusterARN is the ARN of the cluster, as EKS tells it.
	ClusterARN string
}

// ErrNotManaged says that ARC does not know the cluster.
var ErrNotManaged = errors.New("the cluster is not registered with ARC zonal shift: enable zonal shift for it, or switch it off here")

// Start reads the shifts for the first time, before any controller runs. Its error
// must end the process (AWS-367).
func (s Source) Start(ctx context.Context, shifts *Shifts) error {
	if shifts == nil {
		return nil
	}
	return s.update(ctx, shifts)
}

// update replaces the shifts by what ARC says. A cluster that is not registered any
// more has none; any other failure leaves them.
func (s Source) update(ctx context.Context, shifts *Shifts) error {
	out, err := s.API.GetManagedResource(ctx, &arczonalshift.GetManagedResourceInput{ResourceIdentifier: &s.ClusterARN})
	var unknown *types.ResourceNotFoundException
	switch {
	case errors.As(err, &unknown):
		shifts.Replace(nil)
		return fmt.Errorf("reading zonal shifts of %s: %w: %w", s.ClusterARN, ErrNotManaged, err)
	case err != nil:
		return fmt.Errorf("reading zonal shifts of %s: %w", s.ClusterARN, err)
	}
	shifts.Replace(applied(out))
	return nil
}

// applied are the zone IDs of the shifts that are in effect, with their ends: those
// that people or practice runs started, and those that ARC started itself, which say
// no end.
func applied(out *arczonalshift.GetManagedResourceOutput) map[string]time.Time {
	ends := map[string]time.Time{}
	add := func(zoneID *string, end time.Time) {
		id := aws.ToString(zoneID)
		before, known := ends[id]
		if endless := known && before.IsZero(); id == "" || endless {
			return
		}
		if end.IsZero() || end.After(before) {
			ends[id] = end
		}
	}
	for _, shift := range out.ZonalShifts {
		if shift.AppliedStatus == types.AppliedStatusApplied {
			add(shift.AwayFrom, aws.ToTime(shift.ExpiryTime))
		}
	}
	for _, shift := range out.Autoshifts {
		if shift.AppliedStatus == types.AutoshiftAppliedStatusApplied {
			add(shift.AwayFrom, time.Time{})
		}
	}
	return ends
}
