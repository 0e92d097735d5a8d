// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
)

// lifeRows are about machines from their boot to their end, and the end of a
// NodeClass.
func lifeRows() []row {
	return []row{
		{id: "CP-333", behaviour: "allocatable is what the kubelet says", of: []Capability{"Boot"}, run: allocatableIsKubelets},
		{id: "CP-340", behaviour: "a NodeClass waits, is cleaned up, goes", of: []Capability{"Ending"}, run: nodeClassEnds},
		{id: "CP-341", behaviour: "a Node boots as it should", of: []Capability{"Boot"}, run: nodeBoots},
		{id: "CP-342", behaviour: "orphans are collected, others are not", of: []Capability{"Collection"}, run: collectsOrphans},
		{id: "CP-342", behaviour: "the cloud is listed first", of: []Capability{"Collection"}, run: collectsCloudFirst},
		{id: "CP-345", behaviour: "notices are acted on once", of: []Capability{"Interruption"}, run: noticesActOnce},
	}
}

func allocatableIsKubelets(t testing.TB, c Cloud) {
	created := c.create(t, c.nodeClaim("kubelet"))
	node := c.Boot.Node(t, created)
	for _, exact := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourcePods} {
		want, got := node.Status.Allocatable[exact], created.Status.Allocatable[exact]
		if got.Cmp(want) != 0 {
			t.Errorf("%s allocatable %s, the kubelet says %s", exact, got.String(), want.String())
		}
	}
	got, want := created.Status.Allocatable.Memory().AsApproximateFloat64(), node.Status.Allocatable.Memory().AsApproximateFloat64()
	if want == 0 || got/want > 1.01 || got/want < 0.99 {
		t.Errorf("memory allocatable %.0f, the kubelet says %.0f", got, want)
	}
}

func nodeBoots(t testing.TB, c Cloud) {
	created := c.create(t, c.nodeClaim("boot"))
	node := c.Boot.Node(t, created)
	if node.Spec.ProviderID != created.Status.ProviderID { // CP-110
		t.Errorf("the Node has provider ID %q, the NodeClaim %q", node.Spec.ProviderID, created.Status.ProviderID)
	}
	tainted := false
	for _, taint := range node.Spec.Taints {
		tainted = tainted || taint.MatchTaint(new(v1.UnregisteredTaint()))
	}
	if !tainted { // CP-108
		t.Errorf("the Node boots with taints %v", node.Spec.Taints)
	}
	for _, key := range []string{label.InstanceType, label.Zone} {
		if value, ok := node.Labels[key]; ok && value != created.Labels[key] { // core adds those that are missing
			t.Errorf("the Node says %s is %q, the NodeClaim %q", key, value, created.Labels[key])
		}
	}
}

func nodeClassEnds(t testing.TB, c Cloud) {
	created := c.create(t, c.nodeClaim("user"))
	c.Ending.Store(t, created)
	c.Ending.Delete(t)
	c.Ending.Reconcile(t)
	if c.Ending.Gone() {
		t.Fatal("the NodeClass is gone before its NodeClaim")
	}
	c.Ending.Remove(t, created)
	c.Ending.BreakCleanUp(t)
	c.Ending.Reconcile(t)
	if c.Ending.Gone() {
		t.Fatal("the NodeClass is gone although the clean-up failed")
	}
	c.Ending.MendCleanUp(t)
	c.Ending.Reconcile(t)
	if n := c.Ending.Owned(); n != 0 || !c.Ending.Gone() {
		t.Errorf("the NodeClass is gone: %t; %d resources are left", c.Ending.Gone(), n)
	}
}

func collectsOrphans(t testing.TB, c Cloud) {
	claimed, orphan := c.create(t, c.nodeClaim("claimed")), c.create(t, c.nodeClaim("orphan"))
	c.Collection.Store(t, claimed)
	c.Collection.Join(t, claimed)
	c.Collection.Join(t, orphan)
	pending := c.nodeClaim("pending")
	launched := c.create(t, pending)
	c.Collection.Store(t, pending) // its launch is not written down yet
	c.Stock.Step(c.Collection.Grace + time.Second)
	young := c.create(t, c.nodeClaim("young"))
	nodes := c.Collection.Nodes(t)
	c.Collection.Collect(t)
	c.wantMachine(t, "the orphan", orphan, false)
	c.wantMachine(t, "the claimed machine", claimed, true)
	c.wantMachine(t, "the machine of a NodeClaim that does not know it", launched, true)
	c.wantMachine(t, "the young machine", young, true)
	if got := c.Collection.Nodes(t); got != nodes-1 {
		t.Errorf("%d Nodes, then %d: that of the orphan goes, and no other", nodes, got)
	}
}

// wantMachine fails unless a machine runs or does not.
func (c Cloud) wantMachine(t testing.TB, what string, claim *v1.NodeClaim, runs bool) {
	t.Helper()
	listed := c.find(t, claim.Status.ProviderID)
	if alive := listed != nil && listed.DeletionTimestamp.IsZero(); alive != runs {
		t.Errorf("%s runs: %t, want %t", what, alive, runs)
	}
}

func collectsCloudFirst(t testing.TB, c Cloud) {
	var created *v1.NodeClaim
	c.Collection.During(t, func() {
		created = c.create(t, c.nodeClaim("between"))
		c.Stock.Step(c.Collection.Grace + time.Second)
	})
	c.wantMachine(t, "the machine launched during the round", created, true) // CP-031
}

func noticesActOnce(t testing.TB, c Cloud) {
	for _, n := range c.Interruption.Notices {
		claim := c.create(t, c.nodeClaim("notice-"+strings.ReplaceAll(n.Kind, "_", "-")))
		c.Interruption.Store(t, claim)
		before := c.Interruption.Counted(n.Kind)
		for range 2 {
			n.Send(t, claim)
			c.Interruption.Handle(t)
		}
		stored := c.Interruption.Stored(t, claim.Name)
		gone := stored == nil || !stored.DeletionTimestamp.IsZero()
		if gone != n.Deletes {
			t.Errorf("%s: the NodeClaim goes: %t, want %t", n.Kind, gone, n.Deletes)
		}
		if stored != nil && (stored.Annotations[v1.NodeClaimTerminationTimestampAnnotationKey] != "") != n.Hurries {
			t.Errorf("%s: annotations %v, hurries: %t", n.Kind, stored.Annotations, n.Hurries)
		}
		want := 0
		if n.Deletes {
			want = 1
		}
		if got := c.Interruption.Counted(n.Kind) - before; got != want {
			t.Errorf("%s: counted %d, want %d", n.Kind, got, want)
		}
		if err := c.Provider.Delete(t.Context(), claim); cloudprovider.IgnoreNodeClaimNotFoundError(err) != nil {
			t.Fatal(err)
		}
		c.Machines.FinishTermination(t)
	}
}
