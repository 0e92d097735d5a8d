// SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"testing"
	"time"

	"karpenter.sh/providers/proxmox/internal/simtest"
)

// PVE-046: no host can clone a template whose own host is away, and all can again once it is
// back; one in maintenance goes on to be cloned.
func TestHostOfTemplateAway(t *testing.T) {
	w := newWorld(t, nil)
	for _, step := range []struct {
		do   func() error
		want string
	}{
		{func() error { return w.Cloud.SetHostOffline(simtest.Region, "pve1", true) }, "pve3"},
		{func() error { return w.Cloud.SetHostOffline(simtest.Region, "pve1", false) }, "pve1 pve2 pve3"},
		{func() error { return w.Cloud.SetHostMaintenance(simtest.Region, "pve1", true) }, "pve2 pve3"},
	} {
		w.must(step.do())
		w.Clock.Step(time.Minute)
		w.must(w.inventory.Refresh(t.Context()))
		if got := w.available(small); got != step.want {
			t.Errorf("available on %s, want %s", got, step.want)
		}
	}
}
