// SPDX-License-Identifier: Apache-2.0

package provisioning_test

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/awslabs/operatorpkg/status"
	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/cluster/volume"
	"karpenter.sh/core/controllers/provisioning"
	"karpenter.sh/core/controllers/provisioning/nomination"
	"karpenter.sh/core/intake"
)

// planned is a world that tells the scheduler what it plans. Machines have 4 CPU.
type planned struct {
	*world
	clock       *clocktesting.FakeClock
	nominations *nomination.Nominator
	version     int
}

func newPlanned(t *testing.T, objects ...client.Object) *planned {
	t.Helper()
	p := &planned{world: newWorld(t, objects...), clock: clocktesting.NewFakeClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))}
	p.provider.SetInstanceTypes(fake.NewInstanceType(fake.TypeSpec{Name: "only", CPU: 4, Memory: 16, Zones: []string{"z"}, CapacityTypes: []string{"on-demand"}}))
	c, err := cluster.New(cluster.Options{
		Clock: p.clock, Compiler: intake.New(intake.Options{Vocabulary: fake.Vocabulary()}),
		Inventory: &p.synced, Registerer: prometheus.NewRegistry(), Log: logr.Discard(),
	})
	p.must(err)
	p.nominations = nomination.New(nomination.Options{Client: p.client, Decisions: c.Decisions, Recorder: p.recorder, Clock: p.clock})
	options := p.subject.Options
	options.Cluster, options.Clock, options.Nominations = c, p.clock, p.nominations
	p.cluster, p.subject = c, provisioning.New(options)
	return p
}

// node is a Node that is ready.
func (p *planned) node(name, cpu string) {
	p.cluster.UpdateNode(&corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.NodeSpec{ProviderID: "x://" + name},
		Status: corev1.NodeStatus{Allocatable: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourcePods: resource.MustParse("10")}},
	})
}

func (p *planned) assigned(name string) cluster.Decision {
	p.t.Helper()
	d, _ := p.cluster.Decisions.Of(types.NamespacedName{Namespace: "default", Name: name})
	return d
}

func (p *planned) pod(name string) *corev1.Pod {
	p.t.Helper()
	out := &corev1.Pod{}
	p.must(p.client.Get(p.t.Context(), types.NamespacedName{Namespace: "default", Name: name}, out))
	return out
}

func (p *planned) expectNominated(name, node string) {
	p.t.Helper()
	if got := p.pod(name).Status.NominatedNodeName; got != node {
		p.t.Errorf("pod %s is nominated to %q, want %q", name, got, node)
	}
}

func (p *planned) expectClaims(why string, n int) {
	p.t.Helper()
	if got := len(p.nodeClaims()); got != n {
		p.t.Errorf("%s: %d NodeClaims, want %d", why, got, n)
	}
}

func nominatedTo(node string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Status.NominatedNodeName = node }
}

// launched gives the first NodeClaim a machine of 4 CPU, which is on its way.
func (p *planned) launched(change ...func(*v1.NodeClaim)) {
	p.t.Helper()
	p.version++
	claim := p.nodeClaims()[0]
	claim.Status.ProviderID = "x://" + claim.Name
	claim.Status.Capacity = corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("4"), corev1.ResourceMemory: resource.MustParse("16Gi"), corev1.ResourcePods: resource.MustParse("10"),
	}
	claim.Status.Allocatable = claim.Status.Capacity
	claim.Status.Conditions = []status.Condition{truth(v1.ConditionTypeLaunched, p.clock.Now())}
	for _, c := range change {
		c(&claim)
	}
	claim.ResourceVersion = strconv.Itoa(1_000_000 + p.version)
	p.cluster.UpdateNodeClaim(&claim)
}

// initialized has the node of the first NodeClaim join and be ready.
func (p *planned) initialized() {
	p.t.Helper()
	now := p.clock.Now()
	p.launched(func(nc *v1.NodeClaim) {
		nc.Status.NodeName = nc.Name
		nc.Status.Conditions = append(nc.Status.Conditions, truth(v1.ConditionTypeRegistered, now), truth(v1.ConditionTypeInitialized, now))
		p.cluster.UpdateNode(&corev1.Node{
			ObjectMeta: metav1.ObjectMeta{Name: nc.Name, Labels: map[string]string{
				v1.NodePoolLabelKey: "default", corev1.LabelInstanceTypeStable: "only",
				v1.NodeRegisteredLabelKey: "true", v1.NodeInitializedLabelKey: "true",
			}},
			Spec:   corev1.NodeSpec{ProviderID: nc.Status.ProviderID},
			Status: corev1.NodeStatus{Capacity: nc.Status.Capacity, Allocatable: nc.Status.Allocatable},
		})
	})
}

// SCH-310: a pod's place on a machine that is still coming up does not go to a later
// pod, however large.
func TestPlacesAreKept(t *testing.T) {
	p := newPlanned(t, readyPool("default"), pendingPod("a", "2"))
	p.must(p.round())
	p.launched()
	first := p.assigned("a").NodeClaim
	p.must(p.client.Create(p.t.Context(), pendingPod("b", "3")))
	for range 3 {
		p.must(p.round())
		p.expectClaims("two pods that do not fit together", 2)
		if got := p.assigned("a").NodeClaim; got != first {
			t.Errorf("pod a moved from %s to %s", first, got)
		}
		p.clock.Step(time.Minute)
	}
}

// SCH-310: what counts is since when the node is ready, however long it took.
func TestPlacesAreKeptOnceTheNodeIsReady(t *testing.T) {
	p := newPlanned(t, readyPool("default"), pendingPod("a", "2"))
	p.must(p.round())
	first := p.assigned("a").NodeClaim
	p.launched()
	p.clock.Step(5 * time.Minute)
	p.initialized()
	p.must(p.client.Create(p.t.Context(), pendingPod("b", "3")))
	p.must(p.round())
	if got := p.assigned("a").NodeClaim; got != first {
		t.Errorf("pod a moved from %s to %s", first, got)
	}
	p.expectClaims("the other pod", 2)
}

// SCH-310: on a node that is ready a place is kept as long as the scheduler may take
// to notice, and is planned anew then.
func TestPlacesAreNotKeptForEver(t *testing.T) {
	p := newPlanned(t, readyPool("default"), pendingPod("a", "2"))
	p.node("n", "4")
	p.must(p.round())
	p.must(p.client.Create(p.t.Context(), pendingPod("b", "3")))
	p.must(p.round())
	if got := p.assigned("a").Node; got != "n" {
		t.Errorf("pod a lost its place to a larger one: %+v", p.assigned("a"))
	}
	p.expectClaims("the other pod", 1)
	p.must(p.client.Create(p.t.Context(), pendingPod("c", "3500m")))
	p.clock.Step(30 * time.Second)
	p.must(p.round())
	if got := p.assigned("c").Node; got != "n" {
		t.Errorf("the place is still kept: pod c is at %+v", p.assigned("c"))
	}
}

// SCH-311: pods on nodes that exist are told at once, and again when the plan
// changes.
func TestNominationsFollowThePlan(t *testing.T) {
	p := newPlanned(t, readyPool("default"), pendingPod("a", "2"), pendingPod("b", "3"))
	p.node("n", "4")
	p.must(p.round())
	p.expectNominated("b", "n")
	p.expectNominated("a", "") // its node has no name
	p.cluster.MarkForDeletion("x://n")
	p.must(p.round())
	p.expectNominated("b", "")
	p.node("m", "4")
	p.cluster.UnmarkForDeletion("x://n")
	p.expectClaims("both pods", 2)
}

// SCH-311: a round leaves alone what pods have been told of a node that is about to register.
func TestNominationsStayWhileTheNodeRegisters(t *testing.T) {
	p := newPlanned(t, readyPool("default"), pendingPod("a", "2"), pendingPod("b", "3"))
	p.must(p.round())
	p.launched()
	claim := p.nodeClaims()[0].Name
	p.cluster.UpdateNode(&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n"}, Spec: corev1.NodeSpec{ProviderID: "x://" + claim}})
	mine := "a"
	if p.assigned("b").NodeClaim == claim {
		mine = "b"
	}
	p.nominations.Nominate(t.Context(), map[string][]*corev1.Pod{"n": {p.pod(mine)}})
	p.expectNominated(mine, "n")
	p.must(p.round())
	p.expectNominated(mine, "n")
	p.expectClaims("the plan has not changed", 2)
}

// SCH-235, SCH-311: no machine waits until pods have been told, and pods are told although
// one cannot be created.
func TestMachinesDoNotWaitForNominations(t *testing.T) {
	p := newPlanned(t, readyPool("default"), pendingPod("a", "2"), pendingPod("b", "3"))
	p.node("n", "4")
	p.failing = func(*v1.NodeClaim) error {
		p.expectNominated("b", "")
		return errors.New("no")
	}
	if err := p.round(); err == nil {
		t.Error("the round says nothing of the creation that failed")
	}
	p.expectNominated("b", "n")
}

// SCH-313: what was told here does not keep a pod from capacity.
func TestOwnNominationsAreNoPreemption(t *testing.T) {
	p := newPlanned(t, readyPool("default"), pendingPod("a", "2"), pendingPod("b", "1"))
	p.node("n", "4")
	p.must(p.round())
	p.expectNominated("a", "n")
	p.cluster.DeleteNode("n")
	p.must(p.round())
	p.expectNominated("a", "")
	p.expectClaims("the node is gone", 1)
}

// SCH-001, SCH-314: pods that somebody else has nominated.
func TestForeignNominations(t *testing.T) {
	p := newPlanned(t, readyPool("default"), pendingPod("a", "2", nominatedTo("n")))
	p.node("n", "4")
	p.must(p.round())
	p.expectClaims("it is waited for", 0)
	if got := p.recorder.Of("Nominated"); len(got) > 0 {
		t.Errorf("told %v", got)
	}
	if p.cluster.Snapshot().Nodes()[0].Nominated(p.clock.Now()) {
		t.Error("a round renews what somebody else has nominated")
	}
	p.must(p.client.Create(p.t.Context(), pendingPod("b", "3")))
	p.must(p.round())
	p.expectClaims("its place is taken", 1)
	for _, e := range p.recorder.Of("Nominated") {
		if e.Object.GetName() == "a" {
			t.Errorf("the pod that somebody else has nominated is told %q", e.Message)
		}
	}
	p.clock.Step(30 * time.Second)
	p.cluster.UpdatePod(bound("large", "4", "n"), volume.Resolution{Settled: true})
	p.must(p.round())
	p.expectClaims("others are there", 2)
	p.expectNominated("a", "n")
}

// SCH-314: as long as pods leave the node there is hope.
func TestPreemptionIsWaitedFor(t *testing.T) {
	p := newPlanned(t, readyPool("default"), pendingPod("a", "2", nominatedTo("n")))
	p.node("n", "4")
	victim := bound("victim", "4", "n")
	now := metav1.NewTime(p.clock.Now())
	victim.DeletionTimestamp = &now
	p.cluster.UpdatePod(victim, volume.Resolution{Settled: true})
	for range 3 {
		p.must(p.round())
		p.clock.Step(time.Minute)
	}
	p.expectClaims("the victim is going", 0)
	p.must(p.client.Create(p.t.Context(), pendingPod("b", "3500m")))
	p.must(p.round())
	p.expectClaims("another pod needs a node", 1)
	if got := p.nodeClaims()[0].Spec.Resources.Requests; got.Pods().Value() != 1 {
		t.Errorf("the NodeClaim is for %v pods", got.Pods())
	}
	if got := p.recorder.Of("FailedScheduling"); len(got) > 0 {
		t.Errorf("told %v", got)
	}
	p.cluster.MarkForDeletion("x://n")
	p.must(p.round())
	p.expectClaims("the node is going", 2)
}

func bound(name, cpu, node string) *corev1.Pod {
	return pendingPod(name, cpu, func(p *corev1.Pod) {
		p.Spec.NodeName, p.Status.Phase, p.ResourceVersion = node, corev1.PodRunning, "1"
		p.Labels = map[string]string{v1.NodePoolLabelKey: ""}
	})
}
