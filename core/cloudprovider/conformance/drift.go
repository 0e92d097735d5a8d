// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"maps"
	"strings"
	"testing"

	"github.com/awslabs/operatorpkg/status"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
)

// driftRows are about machines that are no longer what was asked for.
func driftRows() []row {
	return []row{
		{id: "CP-304", behaviour: "Create stamps the hash of the NodeClass", of: []Capability{"Hash"}, run: createStamps},
		{id: "CP-336", behaviour: "each reason comes and goes", of: []Capability{"Drift"}, run: driftComesAndGoes},
		{id: "CP-337", behaviour: "NodeClass missing: no drift", run: noDriftWithoutNodeClass},
		{id: "CP-337", behaviour: "no annotations or another version: no drift", of: []Capability{"Hash"}, run: noDriftWithoutHash},
		{id: "CP-337", behaviour: "unresolved inputs: an error", of: []Capability{"Drift"}, run: unresolvedIsError},
		{id: "CP-338", behaviour: "what the hash covers", of: []Capability{"Hash"}, run: hashCovers},
		{id: "CP-339", behaviour: "a new version drifts nothing", of: []Capability{"Hash"}, run: versionMigrates},
	}
}

// wantStamp fails unless a NodeClaim has the hash and version of the NodeClass.
func (c Cloud) wantStamp(t testing.TB, created *v1.NodeClaim) {
	t.Helper()
	stamped := c.Hash.Stamped(t)
	for _, key := range []string{c.Hash.HashKey, c.Hash.VersionKey} {
		if stamped[key] == "" || created.Annotations[key] != stamped[key] {
			t.Errorf("annotation %s is %q, that of the NodeClass %q", key, created.Annotations[key], stamped[key])
		}
	}
}

func createStamps(t testing.TB, c Cloud) { c.wantStamp(t, c.create(t, c.nodeClaim("stamped"))) }

func (c Cloud) wantDrift(t testing.TB, when string, claim *v1.NodeClaim, want cloudprovider.DriftReason) {
	t.Helper()
	if got, err := c.Provider.IsDrifted(t.Context(), claim); err != nil || got != want {
		t.Errorf("%s: drifted for %q, %v, want %q", when, got, err, want)
	}
}

func driftComesAndGoes(t testing.TB, c Cloud) {
	first := c.create(t, c.nodeClaim("drift"))
	for _, d := range c.Drift.Cases {
		created := first
		if d.Needs != nil {
			created = c.create(t, c.nodeClaim("drift-"+strings.ToLower(string(d.Reason)), d.Needs(t)...))
		}
		c.wantDrift(t, "after the launch", created, "")
		d.Provoke(t, created)
		c.wantDrift(t, "once "+string(d.Reason)+" is provoked", created, d.Reason)
		d.Revert(t, created)
		c.wantDrift(t, "once "+string(d.Reason)+" is reverted", created, "")
	}
}

func noDriftWithoutNodeClass(t testing.TB, c Cloud) {
	created := c.create(t, c.nodeClaim("no-class"))
	c.NodeClasses.Remove(t)
	c.wantDrift(t, "without NodeClass", created, "") // CP-037
}

func noDriftWithoutHash(t testing.TB, c Cloud) {
	created := c.create(t, c.nodeClaim("no-hash"))
	for _, edit := range c.Hash.Edits {
		if edit.Drifts {
			edit.Apply(t)
			break
		}
	}
	for reason, change := range map[string]func(map[string]string){
		"without hash":    func(a map[string]string) { delete(a, c.Hash.HashKey) },
		"without version": func(a map[string]string) { delete(a, c.Hash.VersionKey) },
		"another version": func(a map[string]string) { a[c.Hash.VersionKey] = "another" },
	} {
		claim := created.DeepCopy()
		claim.Annotations = maps.Clone(created.Annotations)
		change(claim.Annotations)
		c.wantDrift(t, reason, claim, "") // CP-122
	}
}

func unresolvedIsError(t testing.TB, c Cloud) {
	created := c.create(t, c.nodeClaim("unresolved"))
	c.Drift.Unresolve(t)
	if got, err := c.Provider.IsDrifted(t.Context(), created); err == nil {
		t.Errorf("drifted for %q, want an error", got)
	}
}

func hashCovers(t testing.TB, c Cloud) {
	for i, edit := range c.Hash.Edits {
		before := c.Hash.Stamped(t)[c.Hash.HashKey]
		created := c.create(t, c.nodeClaim("hash-"+string(rune('a'+i))))
		edit.Apply(t)
		after := c.Hash.Stamped(t)[c.Hash.HashKey]
		if (before != after) != edit.Drifts {
			t.Errorf("%s: hash %s, then %s; changes: %t, want %t", edit.Name, before, after, before != after, edit.Drifts)
		}
		got, err := c.Provider.IsDrifted(t.Context(), created)
		if err != nil || (got != "") != edit.Drifts {
			t.Errorf("%s: drifted for %q, %v", edit.Name, got, err)
		}
	}
}

func versionMigrates(t testing.TB, c Cloud) {
	calm, drifted := c.create(t, c.nodeClaim("calm")), c.create(t, c.nodeClaim("drifted"))
	drifted.Annotations = maps.Clone(drifted.Annotations)
	drifted.Annotations[c.Hash.HashKey] = "0"
	drifted.Status.Conditions = []status.Condition{{Type: v1.ConditionTypeDrifted, Status: "True", Reason: "Drifted"}}
	stored := c.Hash.Upgrade(t, calm, drifted)
	if len(stored) != 2 || stored[0].Annotations[c.Hash.VersionKey] == calm.Annotations[c.Hash.VersionKey] {
		t.Fatalf("stored %v, want two with a new version", stored)
	}
	c.wantStamp(t, stored[0])
	if hash := stored[1].Annotations[c.Hash.HashKey]; hash != "0" { // CP-104
		t.Errorf("the drifted NodeClaim has the hash %q now", hash)
	}
	if got, err := c.Provider.IsDrifted(t.Context(), stored[1]); err != nil || got == "" {
		t.Errorf("the drifted NodeClaim is drifted for %q, %v", got, err)
	}
}
