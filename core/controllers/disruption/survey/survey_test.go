// SPDX-License-Identifier: Apache-2.0

package survey_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/cluster/volume"
	"karpenter.sh/core/controllers/disruption/moves"
	"karpenter.sh/core/controllers/disruption/survey"
	"karpenter.sh/core/controllers/internal/fixture"
	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/intake"
	"karpenter.sh/core/objects/pods"
)

const reservationID = "test.sh/reservation"

// model counts its snapshots.
type model struct {
	*cluster.Cluster
	snapshots int
}

func (m *model) Snapshot() *cluster.Snapshot {
	m.snapshots++
	return m.Cluster.Snapshot()
}

// catalogue answers for instance types.
type catalogue struct {
	types []*cloudprovider.InstanceType
	err   error
}

func (c catalogue) GetInstanceTypes(context.Context, *v1.NodePool) ([]*cloudprovider.InstanceType, error) {
	return c.types, c.err
}

// calm knows of no pod events.
type calm struct{}

func (calm) Unsettled(string) (time.Time, bool) { return time.Time{}, false }

func newModel(t *testing.T, w *fixture.World) *model {
	t.Helper()
	c, err := cluster.New(cluster.Options{
		Clock: w.Clock, Compiler: intake.New(intake.Options{Vocabulary: vocabulary.Core()}),
		Registerer: prometheus.NewRegistry(), Log: logr.Discard(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return &model{Cluster: c}
}

func take(t *testing.T, w *fixture.World, m *model, types survey.InstanceTypes) *survey.Survey {
	t.Helper()
	s, err := survey.New(survey.Options{
		Moves:  &moves.Ledger{},
		Reader: w.Client, Cluster: m, InstanceTypes: types, PodEvents: calm{}, NodeClasses: w.NodeClasses,
		ReservationIDLabel: reservationID, Clock: w.Clock,
	}).Take(context.Background(), survey.Request{Kind: disrupt.Emptiness{}.Kind(), Held: func(id string) bool { return id == "held" }})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func pool() *v1.NodePool {
	p := &v1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: fixture.NodePool}}
	p.Spec.Template.Spec.NodeClassRef = fixture.NodeClaim("x").Spec.NodeClassRef
	return p
}

func offering(zone, capacityType, reservation string, price float64) *cloudprovider.Offering {
	reqs := []requirement.Requirement{requirement.In(label.Zone, zone), requirement.In(label.CapacityType, capacityType)}
	if reservation != "" {
		reqs = append(reqs, requirement.In(reservationID, reservation))
	}
	return &cloudprovider.Offering{Requirements: requirement.All(reqs...), Price: price}
}

// DIS-045
func TestPrice(t *testing.T) {
	types := catalogue{types: []*cloudprovider.InstanceType{
		{Name: "m", Offerings: cloudprovider.Offerings{
			offering("a", label.OnDemand, "", 4), offering("b", label.OnDemand, "", 5), offering("a", label.Spot, "", 1),
			offering("a", label.OnDemand, "", 9), offering("a", label.Reserved, "r1", 0.1), offering("a", label.Reserved, "r2", 0.2),
			offering("c", label.OnDemand, "", math.NaN()), offering("c", label.OnDemand, "", 7),
		}},
	}}
	for _, test := range []struct {
		why                                   string
		instanceType, zone, capacityType, res string
		types                                 survey.InstanceTypes
		want                                  float64
	}{
		{"the first offering of zone and capacity type, available or not", "m", "a", label.OnDemand, "", types, 4},
		{"another zone", "m", "b", label.OnDemand, "", types, 5},
		{"another capacity type", "m", "a", label.Spot, "", types, 1},
		{"its own reservation", "m", "a", label.Reserved, "r2", types, 0.2},
		{"a reservation that is gone", "m", "a", label.Reserved, "r3", types, 0},
		{"no such offering", "m", "b", label.Spot, "", types, 0},
		{"no such type", "n", "a", label.OnDemand, "", types, 0},
		{"no price", "m", "c", label.OnDemand, "", types, 0},
		{"no catalogue", "m", "a", label.OnDemand, "", catalogue{err: errors.New("no answer")}, 0},
	} {
		t.Run(test.why, func(t *testing.T) {
			w := fixture.New(t, pool())
			m := newModel(t, w)
			m.UpdateNodeClaim(fixture.NodeClaim("a", fixture.Initialized))
			m.UpdateNode(fixture.Node(fixture.NodeClaim("a"), func(n *corev1.Node) {
				n.Labels[corev1.LabelInstanceTypeStable], n.Labels[corev1.LabelTopologyZone] = test.instanceType, test.zone
				n.Labels[v1.CapacityTypeLabelKey] = test.capacityType
				if test.res != "" {
					n.Labels[reservationID] = test.res
				}
			}))
			if got := take(t, w, m, test.types).State.Nodes[0].Price; got != test.want {
				t.Errorf("price is %v, want %v", got, test.want)
			}
		})
	}
}

// DIS-030
func TestTypesOfPools(t *testing.T) {
	some := []*cloudprovider.InstanceType{{Name: "m"}}
	for _, test := range []struct {
		why   string
		types catalogue
		want  disrupt.Types
	}{
		{"known", catalogue{types: some}, disrupt.TypesKnown},
		{"none", catalogue{}, disrupt.TypesUnavailable},
		{"unreadable", catalogue{err: errors.New("no answer")}, disrupt.TypesUnavailable},
		{"overlays are not evaluated", catalogue{err: &cloudprovider.UnevaluatedNodePoolError{NodePool: "pool"}}, disrupt.TypesUnevaluated},
	} {
		w := fixture.New(t, pool())
		if got := take(t, w, newModel(t, w), test.types).State.Pools[fixture.NodePool].Types; got != test.want {
			t.Errorf("%s: %v, want %v", test.why, got, test.want)
		}
	}
}

// DIS-041: one snapshot tells of all nodes, and what happens later does not show.
func TestOneSnapshotForASurvey(t *testing.T) {
	w := fixture.New(t, pool())
	m := newModel(t, w)
	for _, name := range []string{"a", "b", "c"} {
		m.UpdateNodeClaim(fixture.NodeClaim(name, fixture.Initialized))
		m.UpdateNode(fixture.Node(fixture.NodeClaim(name)))
	}
	s := take(t, w, m, catalogue{})
	if m.snapshots != 1 || len(s.State.Nodes) != 3 {
		t.Errorf("%d snapshots for %d nodes", m.snapshots, len(s.State.Nodes))
	}
	m.UpdatePod(fixture.Pod("web", "a"), volume.Resolution{Settled: true})
	if n := len(s.Node(fixture.ProviderID("a")).Pods()); n != 0 {
		t.Errorf("the survey shows %d pods of later", n)
	}
}

func TestNodeFacts(t *testing.T) {
	w := fixture.New(t, pool())
	m := newModel(t, w)
	m.UpdateNodeClaim(fixture.NodeClaim("a", fixture.Initialized, func(c *v1.NodeClaim) {
		c.Spec.ExpireAfter, c.Spec.TerminationGracePeriod = "1h", "0s"
		c.Status.ProviderID = "held"
	}))
	m.UpdateNode(fixture.Node(fixture.NodeClaim("a"), func(n *corev1.Node) { n.Spec.ProviderID = "held" }))
	m.UpdateNode(&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "foreign"}, Spec: corev1.NodeSpec{ProviderID: "foreign"}})
	nodes := map[string]disrupt.Node{}
	for _, n := range take(t, w, m, catalogue{}).State.Nodes {
		nodes[n.ID] = n
	}
	ours, foreign := nodes["held"], nodes["foreign"]
	if !ours.Held || !ours.Claimed || !ours.Exists || !ours.Initialized || !ours.Ready || ours.Pool != fixture.NodePool {
		t.Errorf("%+v", ours)
	}
	if !ours.BoundedDrain || !ours.Expires || ours.ExpireAfter != time.Hour { // a bound of zero is one
		t.Errorf("%+v", ours)
	}
	if foreign.Claimed || foreign.Held || !foreign.Exists {
		t.Errorf("%+v", foreign)
	}
}

// What is read fresh from the API server reads like what the model has.
func TestPods(t *testing.T) {
	w := fixture.New(t)
	list := []corev1.Pod{
		*fixture.Pod("web", "a"),
		*fixture.Pod("daemon", "a", fixture.OwnedBy("apps/v1", "DaemonSet")),
		*fixture.Pod("ended", "a", func(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed }),
		*fixture.Pod("spare", "a", func(p *corev1.Pod) {
			p.Annotations = map[string]string{corev1.PodDeletionCost: "-2147483647"}
		}),
	}
	m := newModel(t, w)
	m.UpdateNodeClaim(fixture.NodeClaim("a", fixture.Initialized))
	m.UpdateNode(fixture.Node(fixture.NodeClaim("a")))
	for i := range list {
		m.UpdatePod(&list[i], volume.Resolution{Settled: true})
	}
	known := take(t, w, m, catalogue{}).State.Nodes[0].Pods
	fresh := survey.Pods(list, pods.Budgets{}, w.Now())
	if len(fresh) != 3 || len(known) != 3 {
		t.Fatalf("%d pods read, %d known, want 3", len(fresh), len(known))
	}
	if got, want := disrupt.RescheduleCost(fresh), disrupt.RescheduleCost(known); got != want || want != 2 {
		t.Errorf("they cost %v read and %v known, want 2", got, want)
	}
}
