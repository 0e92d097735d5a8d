// SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"context"
	"errors"
	"testing"

	apitypes "k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/ration"
	"karpenter.sh/providers/aws/fleet"
	"karpenter.sh/providers/aws/instance"
	"karpenter.sh/providers/aws/launchtemplate"
)

// nothingLeft is an account whose quotas are used up.
type nothingLeft struct{ fleet.Quotas }

func (nothingLeft) Begin(apitypes.UID, []ration.Draw) error {
	return cloudprovider.NewInsufficientCapacityError(errors.New("vCPU quota exceeded"))
}

// quotaShort is the error of a launch that EC2 was not asked for.
func quotaShort(t *testing.T) error {
	t.Helper()
	l := fleet.New(fleet.Options{Clock: clock.RealClock{}, Quotas: nothingLeft{}})
	t.Cleanup(func() {
		if err := l.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	_, err := l.Launch(t.Context(), fleet.Request{
		UID: "uid", Offers: []fleet.Offer{{Type: "m5.large", VCPUs: 2, Template: "t"}}, Templates: map[string]launchtemplate.Content{"t": {}},
	})
	return err
}

// AWS-450: a launch that others have left no quota for is chosen anew, by what there is
// room for then; a bounded number of times.
func TestChosenAnew(t *testing.T) {
	for _, tc := range []struct {
		why   string
		short int // launches that find no quota
		asked int
		fails bool
	}{
		{"room at once", 0, 1, false},
		{"room elsewhere", 1, 2, false},
		{"the last time", 2, 3, false},
		{"never", 9, 3, true},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w, short := newWorld(t), quotaShort(t)
			w.options.Launcher = scripted{launcher{w}, func() error {
				if len(w.asked) <= tc.short {
					return short
				}
				return nil
			}}
			_, err := mustNew(t, w).Create(t.Context(), w.nodeClaim)
			if len(w.asked) != tc.asked || (err != nil) != tc.fails || err != nil && !cloudprovider.IsInsufficientCapacityError(err) {
				t.Errorf("asked %d times: %v", len(w.asked), err)
			}
		})
	}
}

// scripted fails as a script says.
type scripted struct {
	launcher
	err func() error
}

func (s scripted) Launch(ctx context.Context, r fleet.Request) (instance.Instance, error) {
	machine, err := s.launcher.Launch(ctx, r)
	return machine, errors.Join(err, s.err())
}

// AWS-450, CP-130: without quotas nothing is limited.
func TestLimits(t *testing.T) {
	w := newWorld(t)
	if known := cloudprovider.LimitsOf(w.Provider).Shared; len(known) > 0 {
		t.Errorf("limits %v", known)
	}
	w.options.Limits = func() cloudprovider.Limits {
		return cloudprovider.Limits{Shared: []cloudprovider.SharedLimit{{Name: "standard spot vCPUs"}}}
	}
	if known := cloudprovider.LimitsOf(mustNew(t, w)).Shared; len(known) != 1 {
		t.Errorf("limits %v", known)
	}
}
