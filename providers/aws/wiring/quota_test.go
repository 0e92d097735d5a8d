// SPDX-License-Identifier: Apache-2.0

package wiring_test

import (
	"fmt"
	"sync"
	"testing"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/providers/aws/quota"
	cloudaws "karpenter.sh/test/cloudsim/aws"
)

// readQuotas makes a reading.
func (w *world) readQuotas() {
	w.t.Helper()
	_, err := controllersOf[*quota.Reader](w)[0].Reconcile(w.t.Context())
	w.must(err)
}

// AWS-448, AWS-450: launches side by side that may be bought both ways take spot as far as
// its quota goes, and the others on-demand capacity: none fails, and EC2 refuses nothing.
func TestLaunchesKnowTheQuotas(t *testing.T) {
	w := newWorld(t)
	w.Cloud.Quotas().Set(cloudaws.QuotaSpot, 5)
	w.readQuotas()
	got := make([]*karpv1.NodeClaim, 6)
	var work sync.WaitGroup
	for i := range got {
		work.Go(func() {
			created, err := w.front.Create(t.Context(), claim(fmt.Sprint(i), label.Spot, label.OnDemand))
			if err != nil {
				t.Errorf("launch %d: %v", i, err)
				return
			}
			got[i] = created
		})
	}
	for done := false; !done; {
		waited := make(chan struct{})
		go func() { work.Wait(); close(waited) }()
		select {
		case <-waited:
			done = true
		default:
			w.windows.turn()
		}
	}
	spot := 0
	for _, c := range got {
		if c != nil && c.Labels[label.CapacityType] == label.Spot {
			spot++
		}
	}
	used := w.Cloud.Quotas().Used(cloudaws.QuotaSpot)
	if spot == 0 || spot == len(got) || used > 5 {
		t.Errorf("%d of %d are spot, with %d vCPUs", spot, len(got), used)
	}
	for _, limit := range cloudprovider.LimitsOf(w.front).Shared {
		if limit.Name == "standard spot vCPUs" && limit.Left() != int64(5-used) {
			t.Errorf("%v, and %d vCPUs are used", limit, used)
		}
	}
}
