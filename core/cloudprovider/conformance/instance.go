// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"reflect"
	"testing"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
)

func instanceRows() []row {
	return []row{
		{id: "CP-301", behaviour: "name and NodeClass kinds", run: identityIsStable},
		{id: "CP-303", behaviour: "Create, Get and List agree", run: createGetListAgree},
		{id: "CP-322", behaviour: "Delete", run: deleteRunsItsCourse},
		{id: "CP-322/gone", behaviour: "Delete of what is gone, repeatedly", run: deleteGone},
		{id: "CP-324", behaviour: "Get on gone", run: getGone},
		{id: "CP-324", behaviour: "Get on a foreign ID", run: getForeign},
		{id: "CP-324", behaviour: "Get while the cloud is down", run: getBroken},
		{id: "CP-325", behaviour: "List is complete or an error", run: listPages},
		{id: "CP-326", behaviour: "List leaves out foreign machines", run: listForeign},
		{id: "CP-326/terminating", behaviour: "List marks machines under termination", run: listTerminating},
		{id: "CP-327", behaviour: "Get and List outlive NodePool, NodeClass and type", run: getAndListOutlive},
	}
}

func identityIsStable(t testing.TB, c Cloud) {
	if name, again := c.Provider.Name(), c.Provider.Name(); name == "" || name != again {
		t.Errorf("name %q, then %q", name, again)
	}
	first, second := c.Provider.SupportedNodeClasses(), c.Provider.SupportedNodeClasses()
	if len(first) == 0 || len(first) != len(second) {
		t.Fatalf("%d NodeClass kinds, then %d", len(first), len(second))
	}
	for i := range first {
		if reflect.TypeOf(first[i]) != reflect.TypeOf(second[i]) || first[i] == second[i] {
			t.Errorf("kind %d: %T, then %T, want the same kind in another object", i, first[i], second[i])
		}
	}
}

func createGetListAgree(t testing.TB, c Cloud) {
	created := c.create(t, c.nodeClaim("agree"))
	got, err := c.Provider.Get(t.Context(), created.Status.ProviderID)
	if err != nil {
		t.Fatalf("getting: %v", err)
	}
	listed := c.find(t, created.Status.ProviderID)
	if listed == nil {
		t.Fatal("not listed")
	}
	if identity(created) != identity(got) || identity(got) != identity(listed) {
		t.Errorf("created %v, got %v, listed %v", identity(created), identity(got), identity(listed))
	}
	for i, part := range identity(created) {
		if part == "" {
			t.Errorf("part %d of %v is empty", i, identity(created))
		}
	}
	if listed.CreationTimestamp.IsZero() { // CP-029
		t.Error("listed without creation timestamp")
	}
}

func deleteRunsItsCourse(t testing.TB, c Cloud) {
	created := c.create(t, c.nodeClaim("delete"))
	if err := c.Provider.Delete(t.Context(), created); err != nil {
		t.Fatalf("deleting a running machine: %v", err)
	}
	asked := c.Machines.Terminations() // CP-024; to look first is allowed
	if err := c.Provider.Delete(t.Context(), created); err != nil {
		t.Fatalf("deleting a terminating machine: %v", err)
	}
	if c.Machines.Terminations() != asked {
		t.Error("asked the cloud again to delete a terminating machine")
	}
	c.Machines.FinishTermination(t)
	for range 2 {
		wantClass(t, c.Provider.Delete(t.Context(), created), cloudprovider.ClassNodeClaimNotFound)
	}
}

func deleteGone(t testing.TB, c Cloud) {
	created := c.create(t, c.nodeClaim("gone"))
	if err := c.Provider.Delete(t.Context(), created); cloudprovider.IgnoreNodeClaimNotFoundError(err) != nil {
		t.Fatalf("deleting: %v", err)
	}
	c.Machines.FinishTermination(t)
	for range 2 {
		wantClass(t, c.Provider.Delete(t.Context(), created), cloudprovider.ClassNodeClaimNotFound)
	}
	if c.Machines.Count() != 0 {
		t.Errorf("%d machines left", c.Machines.Count())
	}
	never := c.nodeClaim("never-launched") // CP-025
	wantClass(t, c.Provider.Delete(t.Context(), never), cloudprovider.ClassNodeClaimNotFound)
}

func getGone(t testing.TB, c Cloud) {
	created := c.create(t, c.nodeClaim("gone"))
	if err := c.Provider.Delete(t.Context(), created); cloudprovider.IgnoreNodeClaimNotFoundError(err) != nil {
		t.Fatalf("deleting: %v", err)
	}
	c.Machines.FinishTermination(t)
	_, err := c.Provider.Get(t.Context(), created.Status.ProviderID)
	wantClass(t, err, cloudprovider.ClassNodeClaimNotFound)
}

func getForeign(t testing.TB, c Cloud) {
	for _, id := range []string{"other:///zone/id", c.Machines.ForeignID} { // CP-025, CP-027
		_, err := c.Provider.Get(t.Context(), id)
		wantClass(t, err, cloudprovider.ClassNodeClaimNotFound)
		foreign := c.nodeClaim("foreign")
		foreign.Status.ProviderID = id
		wantClass(t, c.Provider.Delete(t.Context(), foreign), cloudprovider.ClassNodeClaimNotFound)
	}
	_, err := c.Provider.Get(t.Context(), "")
	wantClass(t, err, cloudprovider.ClassOther)
}

func getBroken(t testing.TB, c Cloud) {
	created := c.create(t, c.nodeClaim("broken"))
	c.Faults.Break(t)
	_, err := c.Provider.Get(t.Context(), created.Status.ProviderID)
	wantClass(t, err, cloudprovider.ClassOther)
	_, err = c.Provider.List(t.Context()) // CP-028
	wantClass(t, err, cloudprovider.ClassOther)
}

func listPages(t testing.TB, c Cloud) {
	c.Machines.FillPages(t)
	if listed, err := c.Provider.List(t.Context()); err == nil {
		t.Errorf("listed %d machines though a page failed", len(listed))
	}
}

func listForeign(t testing.TB, c Cloud) {
	created := c.create(t, c.nodeClaim("ours"))
	c.Machines.AddForeign(t)
	listed, err := c.Provider.List(t.Context())
	if err != nil || len(listed) != 1 || listed[0].Status.ProviderID != created.Status.ProviderID {
		t.Errorf("listed %d machines, %v", len(listed), err)
	}
}

func listTerminating(t testing.TB, c Cloud) {
	created := c.create(t, c.nodeClaim("terminating"))
	if err := c.Provider.Delete(t.Context(), created); err != nil {
		t.Fatalf("deleting: %v", err)
	}
	if listed := c.find(t, created.Status.ProviderID); listed == nil || listed.DeletionTimestamp.IsZero() {
		t.Errorf("listed %+v, want a deletion timestamp", listed)
	}
}

func getAndListOutlive(t testing.TB, c Cloud) {
	created := c.create(t, c.nodeClaim("outlive"))
	c.Catalogue.RemoveType(t, created.Labels[label.InstanceType])
	c.NodeClasses.Remove(t)
	if _, err := c.Provider.Get(t.Context(), created.Status.ProviderID); err != nil {
		t.Errorf("getting: %v", err)
	}
	if c.find(t, created.Status.ProviderID) == nil {
		t.Error("no longer listed")
	}
}
