// SPDX-License-Identifier: Apache-2.0

package scaling_test

import (
	"errors"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/internal/simcapi"
	"karpenter.sh/providers/clusterapi/scaling"
)

// CAPI-101
func TestClaimWhatIsThere(t *testing.T) {
	t.Parallel()
	w := newPatientWorld(t)
	md := w.Deployment("md", 5)
	w.CountAnew()
	got := w.machinesOf(w.claims(md, w.some(5, "nc")...))
	if len(got) != 5 || w.Calls(machineReads) != 1 || w.Calls(machineWrites) != 0 {
		t.Errorf("%d got Machines, with %d reads and %d writes of the deployment", len(got), w.Calls(machineReads), w.Calls(machineWrites))
	}
	w.wantReplicas(md, 5)
}

// CAPI-036: the example of the chapter.
func TestClaimOrdersTheRest(t *testing.T) {
	t.Parallel()
	w := newPatientWorld(t)
	md := w.Deployment("md", 2)
	w.CountAnew()
	got := w.machinesOf(w.claims(md, w.some(5, "nc")...))
	if len(got) != 5 || w.Calls(machineReads) != 1 || w.Calls(machineWrites) != 1 {
		t.Errorf("%d got Machines, with %d reads and %d writes of the deployment", len(got), w.Calls(machineReads), w.Calls(machineWrites))
	}
	w.wantReplicas(md, 5)
}

// CAPI-035, CAPI-102
func TestClaimOfTwoDeployments(t *testing.T) {
	t.Parallel()
	w := newPatientWorld(t)
	one, two := w.Deployment("one", 0), w.Deployment("two", 0)
	w.CountAnew()
	done := make(chan []outcome)
	go func() { done <- w.claims(one, w.some(2, "one")...) }()
	outcomes := append(w.claims(two, w.some(3, "two")...), <-done...)
	if got := w.machinesOf(outcomes); len(got) != 5 || w.Calls(machineReads) != 2 || w.Calls(machineWrites) != 2 {
		t.Errorf("%d got Machines, with %d reads and %d writes", len(got), w.Calls(machineReads), w.Calls(machineWrites))
	}
	w.wantReplicas(one, 2)
	w.wantReplicas(two, 3)
}

// CAPI-038, CAPI-103
func TestClaimWhileTheDeploymentFails(t *testing.T) {
	t.Parallel()
	for _, call := range []simcapi.Call{machineReads, machineWrites, {Verb: "list", Kind: "Machine"}} {
		t.Run(call.Verb, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			md := w.Deployment("md", 1)
			w.Fail(func(c simcapi.Call, _ client.Object) error {
				if c == call {
					return errDown
				}
				return nil
			})
			nodeClaims := w.some(3, "nc")
			for _, o := range w.claims(md, nodeClaims...) {
				if !errors.Is(o.err, errDown) || cloudprovider.ClassOf(o.err) != cloudprovider.ClassOther {
					t.Errorf("got %v", o.err)
				}
			}
			w.wantReplicas(md, 1)
			w.Fail(nil)
			if got := w.machinesOf(w.claims(md, nodeClaims...)); len(got) != 3 {
				t.Errorf("%d got Machines once it works again", len(got))
			}
			w.wantReplicas(md, 3)
		})
	}
}

// CAPI-038: somebody else writes the replicas meanwhile.
func TestClaimAfterAConflict(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	md := w.Deployment("md", 0)
	others := 0
	w.Fail(func(c simcapi.Call, _ client.Object) error {
		if c == machineWrites && others < 2 {
			others++
			d := w.Get(md)
			d.Spec.Replicas = new(d.Replicas() + 1) // which make Machines only later
			return w.API.Update(t.Context(), d)
		}
		return nil
	})
	if got := w.machinesOf(w.claims(md, w.some(3, "nc")...)); len(got) != 3 {
		t.Errorf("%d got Machines", len(got))
	}
	w.wantReplicas(md, 3)
}

// CAPI-039, CAPI-104
func TestClaimWithoutMachines(t *testing.T) {
	t.Parallel()
	w := newPatientWorld(t)
	md := w.Deployment("md", 2)
	w.Stock(0)
	nodeClaims := w.some(5, "nc")
	var late []*karpv1.NodeClaim
	outcomes := w.claims(md, nodeClaims...)
	for _, o := range outcomes {
		if o.err != nil {
			late = append(late, o.nodeClaim)
		}
		if o.err != nil && (!errors.Is(o.err, scaling.ErrNoMachine) || cloudprovider.ClassOf(o.err) != cloudprovider.ClassOther) {
			t.Errorf("got %v", o.err)
		}
	}
	if len(w.machinesOf(outcomes)) != 2 || len(late) != 3 {
		t.Errorf("%d have none", len(late))
	}
	w.wantReplicas(md, 5)
	w.claims(md, late...)
	w.wantReplicas(md, 5) // not raised again
	w.Restock()
	if got := w.machinesOf(w.claims(md, late...)); len(got) != 3 {
		t.Errorf("%d get Machines in the end", len(got))
	}
	w.wantReplicas(md, 5)
}

// CAPI-039: who waits does not look all the time, however much changes elsewhere.
func TestClaimWhileMuchChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	always := make(chan struct{})
	close(always)
	w.changes = func() <-chan struct{} { return always }
	w.scaler = w.start()
	md := w.Deployment("md", 0)
	w.Stock(0)
	if got := w.claims(md, w.nodeClaim("nc")); !errors.Is(got[0].err, scaling.ErrNoMachine) {
		t.Errorf("got %v", got[0].err)
	}
	if looks := w.looks.Load(); looks < 2 || looks > 40 { // 300 ms, of which each look takes 10 at least
		t.Errorf("looked %d times", looks)
	}
}

// CAPI-035, CAPI-039: a Machine that appears later is given at once, and those who wait
// keep nobody else waiting.
func TestClaimWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	md := w.Deployment("md", 0)
	w.Stock(0)
	done := make(chan []outcome)
	go func() { done <- w.claims(md, w.some(1, "first")...) }()
	eventually(t, "the first replica", func() bool { return w.Get(md).Replicas() == 1 })
	go func() { done <- w.claims(md, w.some(1, "second")...) }()
	eventually(t, "the second replica", func() bool { return w.Get(md).Replicas() == 2 })
	w.wantReplicas(md, 2) // one for each, although neither has one
	w.Stock(2)
	if got := w.machinesOf(append(<-done, <-done...)); len(got) != 2 {
		t.Errorf("%d got Machines", len(got))
	}
	w.wantReplicas(md, 2)
}

// CAPI-036, CAPI-058: a roll-out makes Machines beyond the replicas; a retry does not
// buy again for what is still owed.
func TestClaimDuringARollout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	md := w.Deployment("md", 2)
	w.machinesOf(w.claims(md, w.some(2, "before")...))
	w.StandStill(true)
	surge := w.Machines(md)[0]
	surge.ObjectMeta = metav1.ObjectMeta{ // of the surge, and somebody has it
		Namespace: surge.Namespace, Name: "surge", UID: "surge", Labels: surge.Labels, OwnerReferences: surge.OwnerReferences,
		Annotations: surge.Annotations, CreationTimestamp: surge.CreationTimestamp,
	}
	surge.Spec.ProviderID = "sim://surge"
	if err := w.API.Create(t.Context(), &surge); err != nil {
		t.Fatal(err)
	}
	nodeClaim := w.nodeClaim("nc")
	for range 2 { // the second time Cluster API still has not looked
		if o := w.claims(md, nodeClaim)[0]; !errors.Is(o.err, scaling.ErrNoMachine) {
			t.Fatalf("got %+v", o)
		}
		w.wantReplicas(md, 3)
	}
}

// CAPI-029, CAPI-037, CAPI-109
func TestClaimAtTheLimit(t *testing.T) {
	t.Parallel()
	w := newPatientWorld(t)
	md := w.Deployment("md", 1, func(d *capi.MachineDeployment) { d.Annotations[capi.AnnotationMaxSize] = "2" })
	outcomes := w.claims(md, w.some(3, "nc")...)
	refused := 0
	for _, o := range outcomes {
		if o.err != nil {
			refused++
			if cloudprovider.ClassOf(o.err) != cloudprovider.ClassInsufficientCapacity {
				t.Errorf("got %v", o.err)
			}
		}
	}
	if len(w.machinesOf(outcomes)) != 2 || refused != 1 || len(w.refused) != 1 || w.refused[0] != scaling.ReasonLimit {
		t.Errorf("%d are refused, told %v", refused, w.refused)
	}
	w.wantReplicas(md, 2)
}

// CAPI-120
func TestClaimOfWhatRunsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	md := w.Deployment("md", 4)
	w.machinesOf(w.claims(md, w.some(4, "before")...))
	w.StandStill(true)
	d := w.Get(md)
	d.Spec.Replicas = new(int32(1))
	d.Status.ObservedGeneration = 100
	if err := w.API.Status().Update(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	d.Spec.Replicas = new(int32(1))
	if err := w.API.Update(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	o := w.claims(md, w.nodeClaim("nc"))[0]
	if cloudprovider.ClassOf(o.err) != cloudprovider.ClassInsufficientCapacity || len(w.refused) != 1 || w.refused[0] != scaling.ReasonRunsAway {
		t.Errorf("got %v, told %v", o.err, w.refused)
	}
	w.wantReplicas(md, 1)
}

// CAPI-038
func TestClaimOfWhatIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.claims(types.NamespacedName{Namespace: simcapi.Namespace, Name: "gone"}, w.nodeClaim("nc"))[0]
	if cloudprovider.ClassOf(o.err) != cloudprovider.ClassInsufficientCapacity || len(w.refused) != 1 || w.refused[0] != scaling.ReasonGone {
		t.Errorf("got %v, told %v", o.err, w.refused)
	}
}

// CAPI-036: what was raised of a deployment that is gone is not owed by its namesake, and is
// not remembered for good.
func TestClaimOfANamesake(t *testing.T) {
	t.Parallel()
	for _, tidy := range []bool{false, true} {
		w := newWorld(t)
		md := w.Deployment("md", 0)
		w.StandStill(true)
		nodeClaim := w.nodeClaim("nc")
		if o := w.claims(md, nodeClaim)[0]; !errors.Is(o.err, scaling.ErrNoMachine) {
			t.Fatalf("got %v", o.err)
		}
		w.wantReplicas(md, 1)
		if err := w.API.Delete(t.Context(), w.Get(md)); err != nil {
			t.Fatal(err)
		}
		w.CountAnew()
		for range 2 {
			if !tidy {
				break
			}
			if err := w.scaler.Tidy(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if got := w.Calls(machineReads); tidy && got != 1 {
			t.Errorf("%d reads of what is gone", got)
		}
		w.StandStill(false)
		w.Deployment("md", 0, func(d *capi.MachineDeployment) {
			d.UID, d.Annotations[capi.AnnotationRevision] = "another", "2" // with a set of its own
		})
		if got := w.machinesOf(w.claims(md, nodeClaim)); len(got) != 1 {
			t.Errorf("tidied %t: no Machine", tidy)
		}
	}
}

// CAPI-032, CAPI-045: what a process began that ended is taken up by the next one.
func TestClaimAfterARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	md := w.Deployment("md", 0)
	nodeClaim := w.nodeClaim("nc")
	w.told = func(string) error { // the process ends between the two writes
		w.Fail(func(simcapi.Call, client.Object) error { return errDown })
		return errDown
	}
	if o := w.claims(md, nodeClaim)[0]; !errors.Is(o.err, errDown) {
		t.Fatalf("got %v", o.err)
	}
	w.told = func(string) error { return nil }
	w.Fail(nil)
	w.scaler = w.start()
	if got := w.machinesOf(w.claims(md, nodeClaim)); len(got) != 1 || w.Count() != 1 {
		t.Errorf("%d got Machines of %d", len(got), w.Count())
	}
	w.wantReplicas(md, 1)
}

// CAPI-040: without the second write the first is taken back.
func TestClaimIsTakenBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	md := w.Deployment("md", 1)
	nodeClaim := w.nodeClaim("deleted")
	if err := w.workload.Delete(t.Context(), nodeClaim); err != nil {
		t.Fatal(err)
	}
	if o := w.claims(md, nodeClaim)[0]; o.err == nil {
		t.Error("a NodeClaim that is gone got a Machine")
	}
	m := w.Machines(md)[0]
	if _, member := m.Labels[v1alpha1.LabelMember]; member || m.Annotations[v1alpha1.AnnotationNodeClaim] != "" {
		t.Errorf("left on the Machine: %v, %v", m.Labels, m.Annotations)
	}
	if got := w.machinesOf(w.claims(md, w.nodeClaim("next"))); len(got) != 1 {
		t.Error("the next one gets none")
	}
	w.wantReplicas(md, 1)
}

// CAPI-040: of two processes that want a Machine one gets it.
func TestClaimOfWhatOthersTake(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	md := w.Deployment("md", 1)
	once := true
	w.Fail(func(c simcapi.Call, o client.Object) error {
		if once && c == (simcapi.Call{Verb: "patch", Kind: "Machine"}) {
			once = false
			other := w.nodeClaim("other")
			m := w.Machines(md)[0]
			m.Annotations = map[string]string{v1alpha1.AnnotationNodeClaim: other.Name + "/" + string(other.UID)}
			return w.API.Update(t.Context(), &m)
		}
		return nil
	})
	o := w.claims(md, w.nodeClaim("nc"))[0]
	if !errors.Is(o.err, scaling.ErrNoMachine) {
		t.Fatalf("got %+v", o)
	}
	if got := w.machinesOf(w.claims(md, o.nodeClaim)); len(got) != 1 {
		t.Error("the next attempt orders no other")
	}
	w.wantReplicas(md, 2)
}

// CAPI-036, CAPI-040: a Machine that is being bound is nobody else's to wait for.
func TestClaimWhileAnotherIsBound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	md := w.Deployment("md", 1)
	binding, goOn := make(chan struct{}), make(chan struct{})
	first := true
	w.Hold(func(c simcapi.Call) {
		if first && c == (simcapi.Call{Verb: "patch", Kind: "Machine"}) {
			first = false
			close(binding)
			<-goOn
		}
	})
	done := make(chan []outcome)
	go func() { done <- w.claims(md, w.some(1, "first")...) }()
	<-binding
	go func() { done <- w.claims(md, w.some(1, "second")...) }()
	eventually(t, "a second replica", func() bool { return w.Get(md).Replicas() == 2 })
	close(goOn)
	if got := w.machinesOf(append(<-done, <-done...)); len(got) != 2 {
		t.Errorf("%d got Machines", len(got))
	}
}

// CAPI-040: a Machine that is marked when the claim is about to be written is not taken.
func TestClaimOfWhatIsToGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	md := w.Deployment("md", 1)
	w.ChangeMachine(client.ObjectKeyFromObject(&w.Machines(md)[0]), func(m *capi.Machine) { m.Annotations = map[string]string{"example.com/x": "y"} })
	once := true
	w.Fail(func(c simcapi.Call, _ client.Object) error {
		if once && c == (simcapi.Call{Verb: "patch", Kind: "Machine"}) {
			once = false
			m := w.Machines(md)[0]
			m.Annotations[capi.AnnotationDelete] = ""
			return w.API.Update(t.Context(), &m)
		}
		return nil
	})
	if o := w.claims(md, w.nodeClaim("nc"))[0]; !errors.Is(o.err, scaling.ErrNoMachine) {
		t.Fatalf("got %+v", o)
	}
}

// CAPI-017, CAPI-110: the label in the template proves no claim.
func TestClaimOfMembersByTemplate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	md := w.Deployment("md", 0, func(d *capi.MachineDeployment) {
		d.Spec.Template.ObjectMeta.Labels = map[string]string{v1alpha1.LabelMember: ""}
	})
	for i, nodeClaim := range w.some(3, "nc") {
		if got := w.machinesOf(w.claims(md, nodeClaim)); len(got) != 1 {
			t.Fatal("no Machine")
		}
		w.wantReplicas(md, int32(i+1))
	}
}

// CAPI-042: Machines of a deployment of the same name elsewhere, and those that no set
// controls, are never taken.
func TestClaimOfOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	md := w.Deployment("md", 0)
	w.Deployment("md", 1, func(d *capi.MachineDeployment) { d.Namespace = "elsewhere" })
	stray := &capi.Machine{ObjectMeta: metav1.ObjectMeta{
		Namespace: md.Namespace, Name: "stray", UID: "stray", Labels: map[string]string{capi.LabelDeployment: md.Name},
	}, Spec: capi.MachineSpec{ClusterName: simcapi.ClusterName, ProviderID: "sim://stray"}}
	foreign := stray.DeepCopy() // of another cluster
	foreign.Name, foreign.UID, foreign.Spec.ClusterName = "foreign", "foreign", "other"
	foreign.OwnerReferences = []metav1.OwnerReference{{Kind: "MachineSet", Name: "md-1", UID: w.Get(md).UID + "-1", Controller: new(true)}}
	for _, m := range []*capi.Machine{stray, foreign} {
		if err := w.API.Create(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	got := w.machinesOf(w.claims(md, w.nodeClaim("nc")))
	if len(got) != 1 || got[0].Namespace != md.Namespace || got[0].Name == "stray" || got[0].Name == "foreign" {
		t.Errorf("got %v", got)
	}
	w.wantReplicas(md, 1)
}

// refusal is a write that the API server certainly did not do.
func refusal() error {
	return apierrors.NewForbidden(schema.GroupResource{Group: capi.Group, Resource: "machinedeployments"}, "md", errDown)
}
