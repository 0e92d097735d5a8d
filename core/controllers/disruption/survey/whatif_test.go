// SPDX-License-Identifier: Apache-2.0

package survey_test

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cluster/volume"
	"karpenter.sh/core/controllers/disruption/moves"
	"karpenter.sh/core/controllers/disruption/survey"
	"karpenter.sh/core/controllers/internal/fixture"
	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/gather"
)

// asks is the kind of a method that asks what-ifs.
func asks() disrupt.Kind { return disrupt.Kind{Reason: "Underutilized", Asks: true, SparesBusy: true} }

// whatIf is a cluster of two nodes, from and to, of which the first has a pod.
type whatIf struct {
	pool *v1.NodePool
	pod  *corev1.Pod
	// from and to edit the NodeClaims.
	from, to func(*v1.NodeClaim)
	// label are more labels of the Nodes.
	label map[string]string
	kind  disrupt.Kind
	// foreign is set if the node "to" has no NodeClaim.
	foreign bool
}

func (q whatIf) survey(t *testing.T) *survey.Survey {
	t.Helper()
	w := fixture.New(t, q.pool)
	m := newModel(t, w)
	for name, edit := range map[string]func(*v1.NodeClaim){"from": q.from, "to": q.to} {
		claim := fixture.NodeClaim(name, fixture.Initialized)
		claim.Name, claim.UID, claim.Status.ProviderID, claim.Status.NodeName = name, types.UID(name), "test://"+name, name
		if edit != nil {
			edit(claim)
		}
		if name != "to" || !q.foreign {
			m.UpdateNodeClaim(claim)
		}
		m.UpdateNode(fixture.Node(claim, func(n *corev1.Node) {
			n.Name, n.Spec.ProviderID = name, "test://"+name
			maps.Copy(n.Labels, q.label)
			n.Status.Allocatable = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("4"), corev1.ResourcePods: resource.MustParse("10")}
			n.Status.Capacity = n.Status.Allocatable
		}))
	}
	m.UpdatePod(q.pod, volume.Resolution{Settled: true})
	s, err := survey.New(survey.Options{
		Moves:  &moves.Ledger{},
		Reader: w.Client, Cluster: m, PodEvents: calm{}, NodeClasses: w.NodeClasses, Clock: w.Clock,
		InstanceTypes: catalogue{types: []*cloudprovider.InstanceType{{
			Name: "m", Requirements: requirement.All(requirement.In(label.InstanceType, "m"), requirement.In(label.Zone, "a"), requirement.In(label.CapacityType, label.OnDemand)),
			Capacity: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("4"), corev1.ResourcePods: resource.MustParse("10")},
			Offerings: cloudprovider.Offerings{{
				Requirements: requirement.All(requirement.In(label.Zone, "a"), requirement.In(label.CapacityType, label.OnDemand)), Price: 1, Available: true,
			}},
		}}},
		Gatherer: gather.New(gather.Options{Reader: w.Client, Vocabulary: vocabulary.Core()}),
	}).Take(context.Background(), survey.Request{Kind: q.kind, Held: func(string) bool { return false }, Ask: q.unblocked})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// running is a pod on the node "from".
func running(edit ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "web", UID: "web", Annotations: map[string]string{}},
		Spec: corev1.PodSpec{NodeName: "from", Containers: []corev1.Container{{Name: "c", Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1")},
		}}}},
		Status: corev1.PodStatus{Phase: corev1.PodRunning},
	}
	for _, e := range edit {
		e(p)
	}
	return p
}

func launching(edit ...func(*v1.NodePool)) *v1.NodePool {
	p := pool()
	p.Spec.Disruption.ConsolidateAfter = "1h"
	for _, e := range edit {
		e(p)
	}
	p.StatusConditions().SetTrue(v1.ConditionTypeValidationSucceeded)
	p.StatusConditions().SetTrue(v1.ConditionTypeNodeClassReady)
	return p
}

func quietSince(ago time.Duration) func(*v1.NodeClaim) {
	return func(c *v1.NodeClaim) { c.Status.LastPodEventTime = metav1.NewTime(time.Now().Add(-ago)) }
}

func TestWhatIfs(t *testing.T) {
	quiet := quietSince(2 * time.Hour)
	for _, test := range []struct {
		why  string
		with whatIf
		want string
	}{
		{"a pod fits on the other node", whatIf{pool: launching(), pod: running(), to: quiet}, "moves"},
		{"DIS-066 which nobody manages", whatIf{pool: launching(), pod: running(), to: quietSince(time.Minute), foreign: true}, "moves"},
		{"DIS-062 which is busy", whatIf{pool: launching(), pod: running(), to: quietSince(time.Minute)}, "new node"},
		{"DIS-062 for drift that does not matter", whatIf{pool: launching(), pod: running(), to: quietSince(time.Minute), kind: disrupt.Kind{Asks: true}}, "moves"},
		{"DIS-062 nor for a pod that has not come up", whatIf{pool: launching(), to: quietSince(time.Minute), pod: running(func(p *corev1.Pod) {
			p.Status.Phase = corev1.PodPending
		})}, "moves"},
		{"DIS-062 nor where consolidateAfter is 0s", whatIf{pod: running(), to: quietSince(time.Minute), pool: launching(func(p *v1.NodePool) {
			p.Spec.Disruption.ConsolidateAfter = "0s"
		})}, "moves"},
		{"DIS-068 a static pool launches nothing", whatIf{pod: running(), to: quietSince(time.Minute), pool: launching(func(p *v1.NodePool) {
			p.Spec.Replicas = new(int64)
		})}, "moves"},
		{"DIS-068 no usable pool: on existing nodes only", whatIf{pod: running(func(p *corev1.Pod) {
			p.Spec.Containers[0].Resources.Requests[corev1.ResourceCPU] = resource.MustParse("9")
		}), to: quiet, pool: launching(func(p *v1.NodePool) {
			p.DeletionTimestamp, p.Finalizers = &metav1.Time{Time: time.Now()}, []string{"test.sh/hold"}
		})}, "nowhere"},
		{"DIS-060 a pod that may not be moved is left out", whatIf{pool: launching(), to: quiet, kind: disrupt.Kind{Asks: true, Class: disrupt.Eventual}, pod: running(func(p *corev1.Pod) {
			p.Annotations[v1.DoNotDisruptAnnotationKey] = "true"
		}), from: func(c *v1.NodeClaim) { c.Spec.TerminationGracePeriod = "1h" }}, "nothing moves"},
		{"DIS-029 of a blocked node nobody asks", whatIf{pool: launching(), to: quiet, pod: running(func(p *corev1.Pod) {
			p.Annotations[v1.DoNotDisruptAnnotationKey] = "true"
		})}, "no answer"},
		{"a pod that cannot be understood", whatIf{pool: launching(), to: quiet, pod: running(func(p *corev1.Pod) {
			p.Spec.Affinity = &corev1.Affinity{PodAffinity: &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
				TopologyKey: corev1.LabelHostname, LabelSelector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: "Near"}}},
			}}}}
		})}, "no answer"},
	} {
		t.Run(test.why, func(t *testing.T) {
			if !test.with.kind.Asks {
				test.with.kind = asks()
			}
			s := test.with.survey(t)
			in, ok := without(s, "test://from")
			if got := outcome(s, in, ok); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
			if ok && in.Reservations != place.FallbackReservations { // DIS-061
				t.Error("reservations are strict")
			}
		})
	}
}

// unblocked are the nodes that nothing blocks.
func (q whatIf) unblocked(s disrupt.State) []string {
	var out []string
	for _, n := range s.Nodes {
		if _, blocked := s.Blocked(q.kind, n); !blocked {
			out = append(out, n.ID)
		}
	}
	return out
}

// without asks about a node; false if nobody can be asked.
func without(s *survey.Survey, node string) (place.Input, bool) {
	if s.State.Question == nil {
		return place.Input{}, false
	}
	return s.State.Question.Without(node)
}

// outcome is an answer in words.
func outcome(s *survey.Survey, in place.Input, ok bool) string {
	if !ok {
		return "no answer"
	}
	plan := place.Solve(in)
	var destinations []int
	for _, p := range plan.Placements {
		destinations = append(destinations, p.Node)
	}
	switch {
	case len(plan.Unplaced) > 0:
		return "nowhere"
	case len(plan.Bins) > 0:
		return "new node"
	case slices.Equal(s.Destinations(disrupt.Command{Destinations: destinations}), []string{"test://to"}):
		return "moves"
	}
	return "nothing moves"
}

// Without a method that asks nothing is gathered, and machines are planned only over
// what was asked.
func TestMethodsThatDoNotAsk(t *testing.T) {
	s := whatIf{pool: launching(), pod: running(), kind: disrupt.Emptiness{}.Kind()}.survey(t)
	if s.State.Question != nil {
		t.Error("there is a question")
	}
	if _, err := s.Machines(disrupt.Command{Nodes: []string{"test://from"}, Replacements: make([]disrupt.Replacement, 1)}); err == nil {
		t.Error("machines of a question that nobody asked")
	}
}

// DIS-119: a machine is for the pods that its bin was planned for, whatever else the
// question is about.
func TestMachines(t *testing.T) {
	s := whatIf{pool: launching(), pod: running(), to: quietSince(time.Minute), kind: asks()}.survey(t)
	in, _ := without(s, "test://from")
	plan := place.Solve(in)
	if len(plan.Bins) != 1 {
		t.Fatalf("plan is %+v", plan)
	}
	c := disrupt.Command{Nodes: []string{"test://from"}, Replacements: []disrupt.Replacement{disrupt.NewReplacement(in, plan.Bins[0])}}
	machines, err := s.Machines(c)
	if err != nil || len(machines) != 1 || len(machines[0].Pods) != 1 || machines[0].Question.Pods[machines[0].Pods[0]].Name != "web" {
		t.Errorf("machines %+v, error %v", machines, err)
	}
	if got := c.Replacements[0]; got.Pool != fixture.NodePool || !slices.Equal(got.Types, []string{"m"}) {
		t.Errorf("replacement is %+v", got)
	}
}

// DIS-075: what consolidation must know of nodes and pools.
func TestFactsForConsolidation(t *testing.T) {
	s := whatIf{pod: running(), kind: asks(), pool: launching(func(p *v1.NodePool) {
		p.Spec.Disruption.ConsolidationPolicy = v1.ConsolidationPolicyWhenEmpty
	}), label: map[string]string{corev1.LabelInstanceTypeStable: "m", v1.CapacityTypeLabelKey: "spot"}}.survey(t)
	if !s.State.Pools[fixture.NodePool].OnlyWhenEmpty {
		t.Error("the policy is lost")
	}
	for _, n := range s.State.Nodes {
		if !n.TypeKnown || n.Zone != "zone-a" || n.CapacityType != "spot" {
			t.Errorf("node is %+v", n)
		}
	}
	s = whatIf{pod: running(), kind: asks(), pool: launching(), label: map[string]string{corev1.LabelInstanceTypeStable: "gone"}}.survey(t)
	if s.State.Pools[fixture.NodePool].OnlyWhenEmpty || s.State.Nodes[0].TypeKnown {
		t.Errorf("pool %+v, node %+v", s.State.Pools[fixture.NodePool], s.State.Nodes[0])
	}
}
