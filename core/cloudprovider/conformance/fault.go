// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"strings"
	"testing"

	"karpenter.sh/core/cloudprovider"
)

// faultRows are about a cloud that fails for a while, and about restarts.
func faultRows() []row {
	return []row{
		{id: "CP-316", behaviour: "throttling and server faults in Create", run: createFailsForAWhile},
		{id: "CP-323", behaviour: "Delete while the cloud is down", run: deleteBroken},
		{id: "CP-324", behaviour: "an ID of another account", of: []Capability{"Accounts"}, run: getOtherAccount},
		{id: "CP-348", behaviour: "restart after a launch", run: restartAfterLaunch},
		{id: "CP-348", behaviour: "restart during a termination", run: restartDuringTermination},
	}
}

func createFailsForAWhile(t testing.TB, c Cloud) {
	before := c.types(t)
	for _, fault := range []Fault{Throttled, ServerFault} {
		c.Faults.FailLaunches(t, fault)
		nodeClaim := c.nodeClaim("fault-" + strings.ReplaceAll(string(fault), " ", "-"))
		_, err := c.Provider.Create(t.Context(), nodeClaim)
		switch cloudprovider.ClassOf(err) {
		case cloudprovider.ClassOther, cloudprovider.ClassCreateError:
		default:
			err = nil
		}
		if err == nil {
			t.Errorf("%s: got no error that is retried (CP-042, CP-044)", fault)
		}
		c.Faults.Mend(t)
		wantSameAvailability(t, before, c.types(t))
		c.create(t, nodeClaim)
	}
}

func wantSameAvailability(t testing.TB, before, now []*cloudprovider.InstanceType) {
	t.Helper()
	for _, it := range before {
		for _, o := range it.Offerings {
			if same := offeringLike(now, it.Name, o); same == nil || same.Available != o.Available {
				t.Errorf("%s %s was available: %t, and is not the same now", it.Name, o.Requirements, o.Available)
			}
		}
	}
}

func deleteBroken(t testing.TB, c Cloud) {
	created := c.create(t, c.nodeClaim("broken"))
	c.Faults.Break(t)
	wantClass(t, c.Provider.Delete(t.Context(), created), cloudprovider.ClassOther)
}

func getOtherAccount(t testing.TB, c Cloud) {
	_, err := c.Provider.Get(t.Context(), c.Accounts.OtherID)
	wantClass(t, err, cloudprovider.ClassOther)
}

func restartAfterLaunch(t testing.TB, c Cloud) {
	nodeClaim := c.nodeClaim("restart")
	created := c.create(t, nodeClaim)
	c.Machines.Restart(t)
	listed := c.find(t, created.Status.ProviderID)
	if listed == nil || identity(listed) != identity(created) {
		t.Fatalf("listed %v, want %v", listed, identity(created))
	}
	if again := c.create(t, nodeClaim); identity(again) != identity(created) { // CP-022
		t.Errorf("the repeat is %v, want %v", identity(again), identity(created))
	}
	if n := c.Machines.Count(); n != 1 {
		t.Errorf("%d machines", n)
	}
}

func restartDuringTermination(t testing.TB, c Cloud) {
	created := c.create(t, c.nodeClaim("restart"))
	if err := c.Provider.Delete(t.Context(), created); cloudprovider.IgnoreNodeClaimNotFoundError(err) != nil {
		t.Fatalf("deleting: %v", err)
	}
	c.Machines.Restart(t)
	if err := c.Provider.Delete(t.Context(), created); cloudprovider.IgnoreNodeClaimNotFoundError(err) != nil {
		t.Fatalf("deleting again: %v", err)
	}
	c.Machines.FinishTermination(t)
	wantClass(t, c.Provider.Delete(t.Context(), created), cloudprovider.ClassNodeClaimNotFound)
}
