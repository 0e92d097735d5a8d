// SPDX-License-Identifier: Apache-2.0

package intake_test

import (
	"fmt"
	"maps"
	"math/rand"
	"reflect"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/taint"
	"karpenter.sh/core/intake"
)

// scene is a cluster in objects: what a plan is made from end to end. It counts
// for topology rules the slow way.
type scene struct {
	t     *testing.T
	c     *intake.Compiler
	pools []*v1.NodePool
	types []*cloudprovider.InstanceType
	nodes []*corev1.Node
	bound []*corev1.Pod
	pods  []*corev1.Pod
	// repack is how much a plan may be improved.
	repack int
}

func newScene(t *testing.T) *scene {
	return &scene{t: t, c: compiler(), types: []*cloudprovider.InstanceType{inZones("4-cpu", "4", "a", "b", "c")}}
}

// inZones is a type sold on demand in some zones.
func inZones(name, cpu string, zones ...string) *cloudprovider.InstanceType {
	it := instanceType(name, "amd64")
	it.Capacity = requests("cpu", cpu, "memory", "64Gi", "pods", "110")
	it.Requirements = it.Requirements.Without(func(key string) bool { return key == label.Zone }).With(requirement.In(label.Zone, zones...))
	it.Offerings = nil
	for _, z := range zones {
		it.Offerings = append(it.Offerings, &cloudprovider.Offering{
			Requirements: requirement.All(requirement.In(label.Zone, z), requirement.In(label.CapacityType, label.OnDemand)),
			Price:        1, Available: true,
		})
	}
	return it
}

func (s *scene) pool(change ...func(*v1.NodePool)) {
	np := nodePool(func(np *v1.NodePool) {
		np.Name = fmt.Sprintf("pool-%d", len(s.pools))
		for _, f := range change {
			f(np)
		}
	})
	s.pools = append(s.pools, np)
}

func requiring(key string, op corev1.NodeSelectorOperator, values ...string) func(*v1.NodePool) {
	return func(np *v1.NodePool) {
		np.Spec.Template.Spec.Requirements = append(np.Spec.Template.Spec.Requirements,
			v1.NodeSelectorRequirementWithMinValues{Key: key, Operator: op, Values: values})
	}
}

func tainted(t corev1.Taint) func(*v1.NodePool) {
	return func(np *v1.NodePool) { np.Spec.Template.Spec.Taints = append(np.Spec.Template.Spec.Taints, t) }
}

// node exists and has room for so many CPUs.
func (s *scene) node(name string, cpu string, labels map[string]string, taints ...corev1.Taint) {
	s.nodes = append(s.nodes, &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}, Spec: corev1.NodeSpec{Taints: taints},
		Status: corev1.NodeStatus{Allocatable: requests("cpu", cpu, "memory", "64Gi", "pods", "110")},
	})
}

func (s *scene) bind(node string, labels map[string]string) {
	p := labelled(fmt.Sprintf("bound-%d", len(s.bound)), labels, corev1.PodSpec{NodeName: node})
	s.bound = append(s.bound, p)
}

// add makes n pods of 1 CPU each.
func (s *scene) add(n int, labels map[string]string, spec corev1.PodSpec) {
	spec.Containers = []corev1.Container{container(requests("cpu", "1"))}
	for range n {
		p := labelled(fmt.Sprintf("pod-%02d", len(s.pods)), labels, spec)
		p.UID = types.UID(p.Name)
		s.pods = append(s.pods, p)
	}
}

// rollOut has two pods of revision 1 run on a full node, with a pool in zones a and
// b, and one in zone c that is tainted.
func (s *scene) rollOut(labels map[string]string, taint corev1.Taint) {
	s.pool(requiring(label.Zone, corev1.NodeSelectorOpIn, "a", "b"))
	s.pool(requiring(label.Zone, corev1.NodeSelectorOpIn, "c"), tainted(taint))
	s.node("old", "0", labels)
	for range 2 {
		s.bind("old", map[string]string{"app": "web", "rev": "1"})
	}
}

func (s *scene) Repelling() []*intake.TopologyRule { return nil }

// Count implements intake.Counter, node by node and pod by pod.
func (s *scene) Count(rule *intake.TopologyRule) map[string]int32 {
	out := map[string]int32{}
	for _, n := range s.nodes {
		domain, has := n.Labels[rule.Key]
		if rule.Key == label.Hostname {
			domain, has = n.Name, true
		}
		if !has || !rule.LooksAt(n.Labels, intake.Taints(n.Spec.Taints)) {
			continue
		}
		out[domain] += 0
		for _, p := range s.bound {
			if p.Spec.NodeName == n.Name && rule.Selects(p.Namespace, p.Labels) {
				out[domain]++
			}
		}
	}
	return out
}

func (s *scene) input() place.Input {
	s.t.Helper()
	snapshot := &model.Snapshot{Vocabulary: s.c.Vocabulary(), Names: s.c.Names()}
	for _, n := range s.nodes {
		snapshot.Nodes = append(snapshot.Nodes, &model.Node{
			Name: n.Name, Labels: s.c.NodeLabels(n.Labels), Taints: intake.Taints(n.Spec.Taints),
			Free: s.c.Available(n.Status.Allocatable), Initialized: true,
		})
	}
	slices.SortFunc(snapshot.Nodes, model.CompareNodes)
	for _, np := range s.pools {
		template, err := s.c.Template(intake.PoolInput{NodePool: np, Types: s.types})
		if err != nil {
			s.t.Fatal(err)
		}
		snapshot.Pools = append(snapshot.Pools, model.Pool{Template: template, Remaining: s.c.PoolLimits(np.Spec.Limits, nil)})
	}
	r := s.c.NewRound(map[string]map[string]string{"ns": nil})
	for _, p := range s.pods {
		if err := r.Add(p, intake.Volumes{}); err != nil {
			s.t.Fatal(err)
		}
	}
	in := place.Input{Snapshot: snapshot}
	in.Pods, snapshot.Groups = r.Build(s)
	return in
}

// plan is where the pods go, by names only.
func (s *scene) plan() (place.Input, place.Plan) {
	in := s.input()
	in.Repack = s.repack
	return in, place.Solve(in)
}

// by counts the placed pods by the value of a label of their node, with "?"
// for what is open; hosts are numbered in the order of planning.
func (s *scene) by(key string) string {
	s.t.Helper()
	in, plan := s.plan()
	n := map[string]int{}
	for _, p := range plan.Placements {
		name := in.Snapshot.Nodes[p.Node].Name
		value := name
		if key != label.Hostname {
			value = s.nodes[slices.IndexFunc(s.nodes, func(n *corev1.Node) bool { return n.Name == name })].Labels[key]
		}
		n[value]++
	}
	for i, b := range plan.Bins {
		value := "?"
		if r, ok := s.c.Vocabulary().Decompile(b.Requirements).Get(key); ok {
			if one, single := r.Single(); single {
				value = one
			}
		}
		if key == label.Hostname {
			value = fmt.Sprintf("new-%d", i)
		}
		n[value] += len(b.Pods)
	}
	var parts []string
	for _, value := range slices.Sorted(maps.Keys(n)) {
		parts = append(parts, fmt.Sprintf("%s:%d", value, n[value]))
	}
	if left := len(plan.Unplaced); left > 0 {
		parts = append(parts, fmt.Sprintf("left:%d", left))
	}
	return strings.Join(parts, " ")
}

var web = map[string]string{"app": "web"}

func zonal(change ...func(*corev1.TopologySpreadConstraint)) corev1.PodSpec {
	spec := spreading(label.Zone, corev1.DoNotSchedule, selecting("app", "web"))
	for _, f := range change {
		f(&spec.TopologySpreadConstraints[0])
	}
	return spec
}

func preferringZone(zone string, spec corev1.PodSpec) corev1.PodSpec {
	spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
		PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{{Weight: 1, Preference: term(label.Zone, zone)}},
	}}
	return spec
}

func TestPlans(t *testing.T) {
	noSchedule := corev1.Taint{Key: "gpu", Effect: corev1.TaintEffectNoSchedule}
	prefer := corev1.Taint{Key: "gpu", Effect: corev1.TaintEffectPreferNoSchedule}
	honor, ignore := corev1.NodeInclusionPolicyHonor, corev1.NodeInclusionPolicyIgnore
	honorTaints := func(c *corev1.TopologySpreadConstraint) { c.NodeTaintsPolicy = &honor }
	in := func(zone string) map[string]string { return map[string]string{label.Zone: zone} }
	for _, tc := range []struct {
		why   string
		setup func(*scene)
		key   string
		want  string
	}{
		{"SCH-072 a node preference does not narrow a spread", func(s *scene) {
			s.pool()
			s.add(6, web, preferringZone("a", zonal()))
		}, label.Zone, "a:2 b:2 c:2"},
		{"SCH-073 an empty required term matches no node, the others still do", func(s *scene) {
			s.pool()
			s.add(1, nil, corev1.PodSpec{Affinity: &corev1.Affinity{NodeAffinity: required(corev1.NodeSelectorTerm{}, term(label.Zone, "b"))}})
		}, label.Zone, "b:1"},
		{"SCH-073 an empty preference adds nothing", func(s *scene) {
			s.pool()
			s.add(1, nil, corev1.PodSpec{Affinity: &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
				PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{{Weight: 1}},
			}}})
		}, label.NodePool, "pool-0:1"},
		{"SCH-142 a zone of an exhausted pool holds nobody up", func(s *scene) {
			s.pool(requiring(label.Zone, corev1.NodeSelectorOpIn, "a"))
			s.pool(requiring(label.Zone, corev1.NodeSelectorOpIn, "b"), func(np *v1.NodePool) { np.Spec.Limits = v1.Limits(requests("cpu", "1")) })
			s.add(5, web, zonal())
		}, label.Zone, "a:5"},
		{"SCH-143 unless there is a node", func(s *scene) {
			s.pool(requiring(label.Zone, corev1.NodeSelectorOpIn, "a"))
			s.node("n", "0", in("b"))
			s.add(5, web, zonal())
		}, label.Zone, "a:1 left:4"},
		{"SCH-142 nor does a zone whose offerings are unavailable", func(s *scene) {
			s.pool()
			s.types[0].Offerings[1].Available, s.types[0].Offerings[2].Available = false, false
			s.add(5, web, zonal())
		}, label.Zone, "a:5"},
		{"SCH-142 SCH-150 a rolling update under matchLabelKeys, beside a pool that the pods do not tolerate", func(s *scene) {
			s.rollOut(in("a"), noSchedule)
			s.add(6, map[string]string{"app": "web", "rev": "2"}, zonal(func(c *corev1.TopologySpreadConstraint) { c.MatchLabelKeys = []string{"rev"} }))
		}, label.Zone, "a:3 b:3"},
		{"SCH-142 without it the old pods count", func(s *scene) {
			s.rollOut(in("a"), noSchedule)
			s.add(6, map[string]string{"app": "web", "rev": "2"}, zonal())
		}, label.Zone, "a:2 b:4"},
		{"SCH-142 an excluded value is no domain", func(s *scene) {
			s.pool(requiring("rack", corev1.NodeSelectorOpNotIn, "r1"))
			s.pool(requiring("rack", corev1.NodeSelectorOpIn, "r2"))
			s.add(3, web, spreading("rack", corev1.DoNotSchedule, selecting("app", "web")))
		}, "rack", "r2:3"},
		{"SCH-144 without a domain the pod waits, and nobody else", func(s *scene) {
			s.pool(requiring("rack", corev1.NodeSelectorOpExists))
			s.add(2, web, spreading("rack", corev1.DoNotSchedule, selecting("app", "web")))
			s.add(2, nil, corev1.PodSpec{})
		}, label.NodePool, "pool-0:2 left:2"},
		{"SCH-145 a zone without nodes counts only if a pool there is tolerated, with Honor", func(s *scene) {
			s.pool(requiring(label.Zone, corev1.NodeSelectorOpIn, "a"))
			s.pool(requiring(label.Zone, corev1.NodeSelectorOpIn, "b"), tainted(noSchedule))
			s.add(4, web, zonal(honorTaints))
		}, label.Zone, "a:4"},
		{"SCH-145 and without", func(s *scene) {
			s.pool(requiring(label.Zone, corev1.NodeSelectorOpIn, "a"))
			s.pool(requiring(label.Zone, corev1.NodeSelectorOpIn, "b"), tainted(noSchedule))
			s.add(4, web, zonal())
		}, label.Zone, "a:4"},
		{"SCH-145 by default the zone of a tainted node counts", func(s *scene) {
			s.pool(requiring(label.Zone, corev1.NodeSelectorOpIn, "a"))
			s.node("n", "0", in("b"), noSchedule)
			s.add(4, web, zonal())
		}, label.Zone, "a:1 left:3"},
		{"SCH-145 with Honor it does not", func(s *scene) {
			s.pool(requiring(label.Zone, corev1.NodeSelectorOpIn, "a"))
			s.node("n", "0", in("b"), noSchedule)
			s.add(4, web, zonal(honorTaints))
		}, label.Zone, "a:4"},
		{"SCH-145 affinity does not look at taints", func(s *scene) {
			s.pool()
			s.node("n", "0", in("b"), noSchedule)
			s.bind("n", web)
			s.add(2, nil, corev1.PodSpec{Affinity: &corev1.Affinity{PodAffinity: &corev1.PodAffinity{
				RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{TopologyKey: label.Zone, LabelSelector: selecting("app", "web")}},
			}}})
		}, label.Zone, "b:2"},
		{"SCH-149 a node without the label takes no spread", func(s *scene) {
			s.node("bare", "4", nil)
			s.node("n", "4", in("a"))
			s.add(5, web, zonal())
		}, label.Hostname, "n:4 left:1"},
		{"SCH-149 but what must stay apart", func(s *scene) {
			s.node("bare", "4", nil)
			s.node("n", "4", in("a"))
			s.bind("n", web)
			s.add(1, nil, avoiding(label.Zone, selecting("app", "web")))
		}, label.Hostname, "bare:1"},
		{"SCH-149 a value outside the pools is a domain of its own", func(s *scene) {
			s.pool(requiring(label.Zone, corev1.NodeSelectorOpIn, "a"))
			s.node("n", "4", in("elsewhere"))
			s.add(6, web, zonal())
		}, label.Zone, "a:3 elsewhere:3"},
		{"SCH-149 a pool must define a key of the users' own", func(s *scene) {
			s.pool()
			s.pool(requiring("rack", corev1.NodeSelectorOpIn, "r1"))
			s.add(2, web, spreading("rack", corev1.DoNotSchedule, selecting("app", "web")))
		}, "rack", "r1:2"},
		{"SCH-149 the capacity type and the architecture are keys like others", func(s *scene) {
			s.pool()
			s.add(2, web, spreading(label.Arch, corev1.DoNotSchedule, selecting("app", "web")))
			s.add(2, web, spreading(label.CapacityType, corev1.DoNotSchedule, selecting("app", "web")))
		}, label.CapacityType, "on-demand:4"},
		{"SCH-151 with Honor only nodes that the selector admits are looked at", func(s *scene) {
			s.pool(requiring("tier", corev1.NodeSelectorOpIn, "x"))
			s.node("other", "0", map[string]string{label.Zone: "a", "tier": "y"})
			s.bind("other", web)
			s.bind("other", web)
			spec := zonal()
			spec.NodeSelector = map[string]string{"tier": "x"}
			s.add(3, web, spec)
		}, label.Zone, "a:1 b:1 c:1"},
		{"SCH-151 with Ignore all are", func(s *scene) {
			s.pool(requiring("tier", corev1.NodeSelectorOpIn, "x"))
			s.node("other", "0", map[string]string{label.Zone: "a", "tier": "y"})
			s.bind("other", web)
			s.bind("other", web)
			spec := zonal(func(c *corev1.TopologySpreadConstraint) { c.NodeAffinityPolicy = &ignore })
			spec.NodeSelector = map[string]string{"tier": "x"}
			s.add(4, web, spec)
		}, label.Zone, "b:2 c:2"},
		{"SCH-151 with Honor pods on a tainted node do not count", func(s *scene) {
			s.pool(requiring(label.Zone, corev1.NodeSelectorOpIn, "a", "b"))
			s.node("other", "0", in("a"), noSchedule)
			s.bind("other", web)
			s.add(2, web, zonal(honorTaints))
		}, label.Zone, "a:1 b:1"},
		{"SCH-151 as the scheduler, a rule does not mind PreferNoSchedule", func(s *scene) {
			s.pool(requiring(label.Zone, corev1.NodeSelectorOpIn, "a", "b"))
			s.node("other", "0", in("a"), prefer)
			s.bind("other", web)
			s.bind("other", web)
			s.add(2, web, zonal(honorTaints))
		}, label.Zone, "b:2"},
		{"SCH-151 nor does it when pods are placed, in a new node", func(s *scene) {
			s.pool(requiring(label.Zone, corev1.NodeSelectorOpIn, "a"), tainted(prefer))
			s.pool(requiring(label.Zone, corev1.NodeSelectorOpIn, "b"))
			s.add(4, web, zonal(honorTaints))
		}, label.Zone, "a:2 b:2"},
		{"SCH-151 or on one that exists", func(s *scene) {
			s.node("soft", "4", in("a"), prefer)
			s.node("plain", "4", in("b"))
			s.add(4, web, zonal(honorTaints))
		}, label.Zone, "a:2 b:2"},
		{"SCH-152 only the zones that the pod admits count", func(s *scene) {
			s.pool()
			spec := zonal()
			spec.Affinity = &corev1.Affinity{NodeAffinity: required(term(label.Zone, "a", "b"))}
			s.add(4, web, spec)
		}, label.Zone, "a:2 b:2"},
		{"SCH-152 too few zones for minDomains: the minimum is 0", func(s *scene) {
			s.pool()
			four := int32(4)
			s.add(5, web, zonal(func(c *corev1.TopologySpreadConstraint) { c.MinDomains = &four }))
		}, label.Zone, "a:1 b:1 c:1 left:2"},
		{"SCH-152 for the hostname the minimum is 0", func(s *scene) {
			s.pool()
			s.node("n", "4", nil)
			s.bind("n", web)
			s.add(2, web, spreading(label.Hostname, corev1.DoNotSchedule, selecting("app", "web")))
		}, label.Hostname, "new-0:1 new-1:1"},
		{"SCH-164 a nodeSelector does not filter what anti-affinity counts", func(s *scene) {
			s.pool(requiring("tier", corev1.NodeSelectorOpIn, "x"))
			s.node("other", "0", map[string]string{label.Zone: "a", "tier": "y"}, noSchedule)
			s.bind("other", web)
			spec := avoiding(label.Zone, selecting("app", "web"))
			spec.NodeSelector = map[string]string{"tier": "x", label.Zone: "a"}
			s.add(1, nil, spec)
		}, label.Zone, "left:1"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			s := newScene(t)
			tc.setup(s)
			if got := s.by(tc.key); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// SCH-185: relaxation changes no pod, and the reason is that of the last
// attempt.
func TestRelaxationLeavesThePodAlone(t *testing.T) {
	s := newScene(t)
	s.pool()
	spec := preferringZone("a", spreading(label.Zone, corev1.ScheduleAnyway, selecting("app", "web")))
	spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution = required(term("first", "x"), term("last", "y")).RequiredDuringSchedulingIgnoredDuringExecution
	s.add(1, web, spec)
	before := s.pods[0].DeepCopy()
	_, plan := s.plan()
	if !reflect.DeepEqual(before, s.pods[0]) {
		t.Error("the pod was changed")
	}
	if len(plan.Unplaced) != 1 {
		t.Fatalf("got %+v", plan)
	}
	if why := plan.Unplaced[0].Why.String(); !strings.Contains(why, `"last"`) || strings.Contains(why, `"first"`) {
		t.Errorf("got %s", why)
	}
}

// SCH-261, SCH-262: the same cluster gives the same plan, whatever the order in
// which its objects are listed and its names were first seen.
func TestPlanDoesNotDependOnOrder(t *testing.T) {
	crowd := func(t *testing.T, rnd *rand.Rand) *scene {
		s := newScene(t)
		s.types = append(s.types, inZones("8-cpu", "8", "c", "b", "a"))
		s.pool(requiring("rack", corev1.NodeSelectorOpIn, "r1", "r2", "r3"))
		s.pool(tainted(corev1.Taint{Key: "soft", Effect: corev1.TaintEffectPreferNoSchedule}))
		for i := range 4 {
			s.node(fmt.Sprintf("node-%d", i), "2", map[string]string{label.Zone: string(rune('a' + i)), "rack": fmt.Sprintf("r%d", i)})
			s.bind(fmt.Sprintf("node-%d", i), web)
		}
		for i := range 6 {
			app := map[string]string{"app": fmt.Sprintf("app-%d", i)}
			own := selecting("app", app["app"])
			s.add(5, app, spreading(label.Zone, corev1.DoNotSchedule, own))
			s.add(3, app, spreading("rack", corev1.ScheduleAnyway, own))
			s.add(2, app, avoiding(label.Hostname, own))
			s.add(2, nil, preferringZone("b", corev1.PodSpec{}))
			s.add(2, app, corev1.PodSpec{Affinity: &corev1.Affinity{PodAffinity: &corev1.PodAffinity{
				RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{TopologyKey: label.Zone, LabelSelector: own}},
			}}})
		}
		if rnd != nil {
			for _, zone := range rnd.Perm(3) {
				s.c.NodeLabels(map[string]string{label.Zone: string(rune('a' + zone)), "rack": fmt.Sprintf("r%d", zone)})
			}
			rnd.Shuffle(len(s.pods), func(i, j int) { s.pods[i], s.pods[j] = s.pods[j], s.pods[i] })
			rnd.Shuffle(len(s.nodes), func(i, j int) { s.nodes[i], s.nodes[j] = s.nodes[j], s.nodes[i] })
			rnd.Shuffle(len(s.bound), func(i, j int) { s.bound[i], s.bound[j] = s.bound[j], s.bound[i] })
		}
		return s
	}
	for why, steps := range map[string]int{"as it is": 0, "improved": place.RepackSteps} {
		t.Run(why, func(t *testing.T) {
			var want []string
			for seed := range int64(20) {
				s := crowd(t, nil)
				if seed > 0 {
					s = crowd(t, rand.New(rand.NewSource(seed)))
				}
				s.repack = steps
				got := s.outline()
				if seed == 0 {
					want = got
				}
				if !slices.Equal(got, want) {
					t.Fatalf("order %d:\n%s\nwant\n%s", seed, strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
			}
		})
	}
}

// outline is the plan in names: every placement, every bin with its types.
func (s *scene) outline() []string {
	s.t.Helper()
	in, plan := s.plan()
	var out []string
	for _, p := range plan.Placements {
		out = append(out, in.Pods[p.Pod].Name+" on "+in.Snapshot.Nodes[p.Node].Name)
	}
	for _, b := range plan.Bins {
		var pods []string
		for _, p := range b.Pods {
			pods = append(pods, in.Pods[p].Name)
		}
		out = append(out, fmt.Sprintf("%s: %v %v %s", in.Snapshot.Pools[b.Pool].Pool, b.Types, pods, s.c.Vocabulary().Decompile(b.Requirements)))
	}
	for _, u := range plan.Unplaced {
		out = append(out, in.Pods[u.Pod].Name+" left")
	}
	slices.Sort(out)
	return out
}

// SCH-151: what a spread looks at, in its own words.
func TestNodeFilter(t *testing.T) {
	soft := taint.Taint{Key: "k", Effect: taint.PreferNoSchedule}
	hard := taint.Taint{Key: "k", Effect: taint.NoExecute}
	honor, ignore := corev1.NodeInclusionPolicyHonor, corev1.NodeInclusionPolicyIgnore
	for _, tc := range []struct {
		why              string
		affinity, taints *corev1.NodeInclusionPolicy
		labels           map[string]string
		on               []taint.Taint
		want             bool
	}{
		{"a node that meets the second term", nil, nil, map[string]string{"s": "x", "k": "2"}, nil, true},
		{"a node that meets no term", nil, nil, map[string]string{"s": "x", "k": "3"}, nil, false},
		{"a node that misses the selector", nil, nil, map[string]string{"k": "1"}, nil, false},
		{"any node under Ignore", &ignore, nil, nil, nil, true},
		{"a tainted node", nil, nil, map[string]string{"s": "x", "k": "1"}, []taint.Taint{hard}, true},
		{"a tainted node under Honor", nil, &honor, map[string]string{"s": "x", "k": "1"}, []taint.Taint{hard}, false},
		{"a softly tainted node under Honor", nil, &honor, map[string]string{"s": "x", "k": "1"}, []taint.Taint{soft}, true},
	} {
		t.Run(tc.why, func(t *testing.T) {
			spec := zonal(func(c *corev1.TopologySpreadConstraint) {
				c.NodeAffinityPolicy, c.NodeTaintsPolicy = tc.affinity, tc.taints
			})
			spec.NodeSelector = map[string]string{"s": "x"}
			spec.Affinity = &corev1.Affinity{NodeAffinity: required(term("k", "1"), term("k", "2"))}
			r := compiler().NewRound(nil)
			if err := r.Add(labelled("p", web, spec), intake.Volumes{}); err != nil {
				t.Fatal(err)
			}
			var seen looking
			r.Build(&seen)
			if got := seen.rules[0].LooksAt(tc.labels, tc.on); got != tc.want {
				t.Errorf("looks at the node: %v", got)
			}
		})
	}
}

// looking is a Counter that notes what it is asked for.
type looking struct{ rules []*intake.TopologyRule }

func (l *looking) Count(rule *intake.TopologyRule) map[string]int32 {
	l.rules = append(l.rules, rule)
	return nil
}
func (*looking) Repelling() []*intake.TopologyRule { return nil }
