// SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"testing"

	"karpenter.sh/providers/proxmox/internal/simtest"
)

// PVE-102, PVE-103: who asks for machines one by one does not make the provider read all
// NodeClaims and Nodes each time: what a machine records is enough, and one whose host is
// away is looked up by its ID.
func TestLookups(t *testing.T) {
	w := newWorld(t, nil)
	nodeClaim := claim("n1")
	created, err := w.Create(t.Context(), nodeClaim)
	w.must(err)
	nodeClaim.Status = created.Status
	w.must(w.api.Create(t.Context(), nodeClaim))
	ask := func(reason string, most int32) {
		t.Helper()
		w.lookups.Store(0)
		w.wholes.Store(0)
		if _, err := w.Get(t.Context(), created.Status.ProviderID); err != nil && most == 0 {
			t.Errorf("%s: %v", reason, err)
		}
		if list, err := w.List(t.Context()); err != nil || len(list) != 1 {
			t.Errorf("%s: got %v, %v", reason, list, err)
		}
		if lookups, wholes := w.lookups.Load(), w.wholes.Load(); lookups > most || wholes > 0 {
			t.Errorf("%s: %d lookups, at most %d are needed; %d lists of a whole kind", reason, lookups, most, wholes)
		}
	}
	ask("it tells whose it is", 0)
	w.must(w.Cloud.SetHostOffline(simtest.Region, created.Labels["topology.kubernetes.io/zone"], true))
	w.restart()
	ask("nobody can read it", 2)
}
