// SPDX-License-Identifier: Apache-2.0

package intake_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/topology"
	"karpenter.sh/core/intake"
)

// counter is a Counter of fixed answers.
type counter struct{ repelling []*intake.TopologyRule }

func (counter) Count(*intake.TopologyRule) map[string]int32 { return map[string]int32{"a": 2} }
func (c counter) Repelling() []*intake.TopologyRule         { return c.repelling }

func selecting(kv ...string) *metav1.LabelSelector {
	s := &metav1.LabelSelector{MatchLabels: map[string]string{}}
	for i := 0; i < len(kv); i += 2 {
		s.MatchLabels[kv[i]] = kv[i+1]
	}
	return s
}

func labelled(name string, labels map[string]string, spec corev1.PodSpec) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name, UID: "u", Labels: labels}, Spec: spec}
}

func spreading(key string, when corev1.UnsatisfiableConstraintAction, s *metav1.LabelSelector) corev1.PodSpec {
	return corev1.PodSpec{TopologySpreadConstraints: []corev1.TopologySpreadConstraint{{
		MaxSkew: 1, TopologyKey: key, WhenUnsatisfiable: when, LabelSelector: s,
	}}}
}

func avoiding(key string, s *metav1.LabelSelector) corev1.PodSpec {
	return corev1.PodSpec{Affinity: &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{TopologyKey: key, LabelSelector: s}},
	}}}
}

type built struct {
	pods   []model.Pod
	groups []*topology.Group
}

func build(t *testing.T, c *intake.Compiler, pods ...*corev1.Pod) built {
	t.Helper()
	r := c.NewRound(map[string]map[string]string{"ns": {"team": "x"}, "other": {"team": "x"}, "third": nil})
	for _, p := range pods {
		if err := r.Add(p, intake.Volumes{}); err != nil {
			t.Fatal(err)
		}
	}
	var b built
	b.pods, b.groups = r.Build(counter{})
	return b
}

// relation is what a pod has to do with the groups, in words.
func (b built) relation(i int) string {
	c := b.pods[i].Class
	return fmt.Sprintf("rules %v counted %v owned %v repelling %v", c.Attempts[0].Rules, c.Topology.Counted, c.Topology.Owned, c.Topology.Repelling)
}

// SCH-141: rules of equal identity share a group, others never do.
func TestGroupIdentity(t *testing.T) {
	base := func() corev1.PodSpec {
		return spreading(label.Zone, corev1.DoNotSchedule, selecting("app", "a", "tier", "b"))
	}
	two := int32(2)
	for _, tc := range []struct {
		why    string
		change func(*corev1.Pod)
		groups int
	}{
		{"the same", func(*corev1.Pod) {}, 1},
		{"expressions in another order and repeated", func(p *corev1.Pod) {
			p.Spec.TopologySpreadConstraints[0].LabelSelector = &metav1.LabelSelector{
				MatchLabels: map[string]string{"tier": "b"},
				MatchExpressions: []metav1.LabelSelectorRequirement{
					{Key: "app", Operator: metav1.LabelSelectorOpIn, Values: []string{"a"}}, {Key: "tier", Operator: metav1.LabelSelectorOpIn, Values: []string{"b"}}},
			}
		}, 1},
		{"an alias of the key", func(p *corev1.Pod) {
			p.Spec.TopologySpreadConstraints[0].TopologyKey = "failure-domain.beta.kubernetes.io/zone"
		}, 1},
		{"another skew", func(p *corev1.Pod) { p.Spec.TopologySpreadConstraints[0].MaxSkew = 2 }, 2},
		{"minDomains", func(p *corev1.Pod) { p.Spec.TopologySpreadConstraints[0].MinDomains = &two }, 2},
		{"another namespace", func(p *corev1.Pod) { p.Namespace = "other" }, 2},
		{"another node filter", func(p *corev1.Pod) { p.Spec.NodeSelector = map[string]string{"x": "y"} }, 2},
		{"a node filter with bounds", func(p *corev1.Pod) {
			p.Spec.Affinity = &corev1.Affinity{NodeAffinity: required(corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: "n", Operator: corev1.NodeSelectorOpGt, Values: []string{"5"}}}})}
		}, 2},
		{"another policy for taints", func(p *corev1.Pod) {
			honor := corev1.NodeInclusionPolicyHonor
			p.Spec.TopologySpreadConstraints[0].NodeTaintsPolicy = &honor
		}, 2},
	} {
		t.Run(tc.why, func(t *testing.T) {
			a, b := labelled("a", nil, base()), labelled("b", nil, base())
			tc.change(b)
			if got := build(t, compiler(), a, b).groups; len(got) != tc.groups {
				t.Errorf("got %d groups, want %d", len(got), tc.groups)
			}
		})
	}
}

// SCH-141, SCH-148: the order of namespaces and of terms makes no difference; all
// namespaces are not the same as none.
func TestOrderTellsNoRulesApart(t *testing.T) {
	var names []string
	for i := range 9 {
		names = append(names, fmt.Sprintf("ns%d", i))
	}
	avoid := func(namespaces []string, selector *metav1.LabelSelector) *corev1.Pod {
		spec := avoiding(label.Zone, selecting("app", "a"))
		term := &spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution[0]
		term.Namespaces, term.NamespaceSelector = namespaces, selector
		return labelled("p", nil, spec)
	}
	filtered := func(terms ...corev1.NodeSelectorTerm) *corev1.Pod {
		spec := spreading(label.Zone, corev1.DoNotSchedule, selecting("app", "a"))
		spec.Affinity = &corev1.Affinity{NodeAffinity: required(terms...)}
		return labelled("p", nil, spec)
	}
	reversed := slices.Clone(names)
	slices.Reverse(reversed)
	existing := map[string]map[string]string{"ns": nil}
	for _, name := range names {
		existing[name] = nil
	}
	one, two := term("t", "1"), term("t", "2")
	for _, tc := range []struct {
		why  string
		a, b *corev1.Pod
		same bool
	}{
		{"namespaces in another order", avoid(names, nil), avoid(reversed, nil), true},
		{"terms in another order", filtered(one, two), filtered(two, one), true},
		{"every namespace or those with a label that none has", avoid(nil, &metav1.LabelSelector{}), avoid(nil, selecting("team", "x")), false},
	} {
		b := buildIn(t, existing, tc.a, tc.b)
		if same := slices.Equal(b.pods[0].Class.Attempts[0].Rules, b.pods[1].Class.Attempts[0].Rules); same != tc.same {
			t.Errorf("%s: the same rules: %t", tc.why, same)
		}
	}
}

// SCH-141, SCH-151: node filters tell rules apart by all that they say.
func TestIdentityOfNodeFilters(t *testing.T) {
	is := func(key string, operator corev1.NodeSelectorOperator, values ...string) corev1.NodeSelectorRequirement {
		return corev1.NodeSelectorRequirement{Key: key, Operator: operator, Values: values}
	}
	exists := is("n", corev1.NodeSelectorOpExists)
	filters := [][]corev1.NodeSelectorRequirement{
		{is("n", corev1.NodeSelectorOpGt, "5")}, {is("n", corev1.NodeSelectorOpGt, "6")}, {is("n", corev1.NodeSelectorOpLt, "6")},
		{is("n", corev1.NodeSelectorOpIn, "6")}, {is("n", corev1.NodeSelectorOpNotIn, "6")}, {is("n", corev1.NodeSelectorOpNotIn, "6"), exists},
		{exists}, {is("n", corev1.NodeSelectorOpDoesNotExist)}, {is("n", corev1.NodeSelectorOpDoesNotExist), exists}, {is("m", corev1.NodeSelectorOpExists)},
	}
	var pods []*corev1.Pod
	for i := range filters {
		spec := spreading(label.Zone, corev1.DoNotSchedule, selecting("app", "a"))
		spec.Affinity = &corev1.Affinity{NodeAffinity: required(corev1.NodeSelectorTerm{MatchExpressions: filters[i]})}
		pods = append(pods, labelled(fmt.Sprint(i), nil, spec))
	}
	if got := build(t, compiler(), pods...).groups; len(got) != len(filters) {
		t.Errorf("got %d groups of %d", len(got), len(filters))
	}
}

// SCH-147, SCH-157, SCH-163: who counts, who obeys, who is kept away.
func TestRelations(t *testing.T) {
	app := map[string]string{"app": "a"}
	b := build(t, compiler(),
		labelled("owner", app, avoiding(label.Hostname, selecting("app", "a"))),
		labelled("selected", app, corev1.PodSpec{}),
		labelled("stranger", map[string]string{"app": "b"}, corev1.PodSpec{}),
		labelled("spread-without-match", map[string]string{"app": "c"}, spreading(label.Zone, corev1.DoNotSchedule, selecting("app", "a"))),
	)
	for i, want := range []string{
		"rules [0] counted [0 2] owned [1] repelling [1]",
		"rules [] counted [0 2] owned [] repelling [1]",
		"rules [] counted [] owned [] repelling []",
		"rules [2] counted [] owned [] repelling []",
	} {
		if got := b.relation(i); got != want {
			t.Errorf("%s: got %s, want %s", b.pods[i].Name, got, want)
		}
	}
	if g := b.groups[0]; !g.Hostname || g.Hosts["a"] != 2 || g.Kind != topology.AntiAffinity {
		t.Errorf("got %+v", g)
	}
}

// DESIGN 3.3: labels that no selector reads do not split classes.
func TestUnreadLabelsDoNotSplitClasses(t *testing.T) {
	var pods []*corev1.Pod
	for i := range 20 {
		pods = append(pods, labelled(fmt.Sprint(i), map[string]string{"app": "a", "index": fmt.Sprint(i)}, avoiding(label.Hostname, selecting("app", "a"))))
	}
	b := build(t, compiler(), pods...)
	for _, p := range b.pods {
		if p.Class != b.pods[0].Class {
			t.Fatalf("pod %s has a class of its own", p.Name)
		}
	}
}

// SCH-148
func TestNamespacesOfAffinity(t *testing.T) {
	for _, tc := range []struct {
		why  string
		term corev1.PodAffinityTerm
		want string // namespaces whose pods count
	}{
		{"neither list nor selector: the pod's own", corev1.PodAffinityTerm{}, "ns"},
		{"list only: exactly the list", corev1.PodAffinityTerm{Namespaces: []string{"other"}}, "other"},
		{"selector: the namespaces that match, and the list", corev1.PodAffinityTerm{Namespaces: []string{"third"}, NamespaceSelector: selecting("team", "x")}, "ns other third"},
		{"empty selector: all", corev1.PodAffinityTerm{NamespaceSelector: &metav1.LabelSelector{}}, "ns other third"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			tc.term.TopologyKey, tc.term.LabelSelector = label.Zone, &metav1.LabelSelector{}
			owner := labelled("owner", nil, corev1.PodSpec{Affinity: &corev1.Affinity{PodAffinity: &corev1.PodAffinity{
				RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{tc.term},
			}}})
			pods := []*corev1.Pod{owner}
			for _, ns := range []string{"ns", "other", "third"} {
				p := labelled("p", nil, corev1.PodSpec{})
				p.Namespace = ns
				pods = append(pods, p)
			}
			b := build(t, compiler(), pods...)
			var got []string
			for i, p := range b.pods[1:] {
				if len(b.pods[i+1].Class.Topology.Counted) > 0 {
					got = append(got, p.Namespace)
				}
			}
			if strings.Join(got, " ") != tc.want {
				t.Errorf("got %v, want %s", got, tc.want)
			}
		})
	}
}

// rulesOf are the rules of each attempt.
func rulesOf(attempts []model.Attempt) string {
	var got []string
	for _, a := range attempts {
		got = append(got, fmt.Sprint(a.Rules))
	}
	return strings.Join(got, " ")
}

// SCH-140, SCH-150, SCH-183: preferences are rules until given up, or none at
// all under Ignore; matchLabelKeys narrow the selector.
func TestTopologyPreferences(t *testing.T) {
	spec := spreading(label.Zone, corev1.ScheduleAnyway, selecting("app", "a"))
	spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{
		{Weight: 1, PodAffinityTerm: corev1.PodAffinityTerm{TopologyKey: label.Zone, LabelSelector: selecting("light", "")}},
		{Weight: 9, PodAffinityTerm: corev1.PodAffinityTerm{TopologyKey: label.Zone, LabelSelector: selecting("heavy", "")}},
	}}}
	for policy, want := range map[intake.PreferencePolicy]string{
		intake.RespectPreferences: "[1 2 0] [2 0] [0] [] []", // group 1 is the heavy one
		intake.IgnorePreferences:  "[] []",
	} {
		c := intake.New(intake.Options{Vocabulary: vocabulary.Core(), Preferences: policy})
		if got := rulesOf(build(t, c, labelled("p", nil, spec)).pods[0].Class.Attempts); got != want {
			t.Errorf("%s: got %v, want %s", policy, got, want)
		}
	}
	keyed := spreading(label.Zone, corev1.DoNotSchedule, selecting("app", "a"))
	keyed.TopologySpreadConstraints[0].MatchLabelKeys = []string{"hash", "missing"}
	b := build(t, compiler(), labelled("old", map[string]string{"app": "a", "hash": "1"}, keyed), labelled("new", map[string]string{"app": "a", "hash": "2"}, keyed))
	if got := b.relation(0) + "; " + b.relation(1); got != "rules [0] counted [0] owned [] repelling []; rules [1] counted [1] owned [] repelling []" {
		t.Errorf("matchLabelKeys: got %s", got)
	}
}

// A selector that cannot be parsed concerns its pod alone and is named.
func TestBadSelector(t *testing.T) {
	bad := &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "k", Operator: "Near"}}}
	for _, spec := range []corev1.PodSpec{spreading(label.Zone, corev1.DoNotSchedule, bad), avoiding(label.Zone, bad)} {
		err := compiler().NewRound(nil).Add(labelled("p", nil, spec), intake.Volumes{})
		if err == nil || !strings.Contains(err.Error(), "ns/p") || !strings.Contains(err.Error(), "labelSelector") {
			t.Errorf("got %v", err)
		}
	}
}

// SCH-128: rules on the hostname know the daemons they count.
func TestDaemonsOfRules(t *testing.T) {
	agent, other := labelled("agent", map[string]string{"app": "agent"}, corev1.PodSpec{}), labelled("other", nil, corev1.PodSpec{})
	elsewhere := labelled("elsewhere", map[string]string{"app": "agent"}, corev1.PodSpec{})
	elsewhere.Namespace = "other"
	for _, c := range []struct {
		why  string
		spec corev1.PodSpec
		want string
	}{
		{"anti-affinity counts the daemons it selects in its namespaces", avoiding(label.Hostname, selecting("app", "agent")), "[1]"},
		{"spread counts them, too", spreading(label.Hostname, corev1.DoNotSchedule, selecting("app", "agent")), "[1]"},
		{"a zone is not a single node's", avoiding(label.Zone, selecting("app", "agent")), "[]"},
		{"who selects others counts none", avoiding(label.Hostname, selecting("app", "web")), "[]"},
	} {
		t.Run(c.why, func(t *testing.T) {
			r := compiler().NewRound(map[string]map[string]string{"ns": nil}).WithDaemons([]*corev1.Pod{other, agent, elsewhere})
			if err := r.Add(labelled("pod", nil, c.spec), intake.Volumes{}); err != nil {
				t.Fatal(err)
			}
			_, groups := r.Build(counter{})
			if got := fmt.Sprint(slices.Collect(groups[0].Daemons.All())); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// SCH-183: preferences of all kinds, in the order in which they are given up.
func TestOrderOfRelaxation(t *testing.T) {
	pods := func(app string, weight int32) []corev1.WeightedPodAffinityTerm {
		return []corev1.WeightedPodAffinityTerm{{Weight: weight, PodAffinityTerm: corev1.PodAffinityTerm{TopologyKey: label.Zone, LabelSelector: selecting(app, "")}}}
	}
	spec := spreading(label.Zone, corev1.ScheduleAnyway, selecting("first", ""))
	spec.TopologySpreadConstraints = append(spec.TopologySpreadConstraints, spreading(label.Arch, corev1.ScheduleAnyway, selecting("second", "")).TopologySpreadConstraints...)
	spec.TopologySpreadConstraints = append(spec.TopologySpreadConstraints, spreading(label.Zone, corev1.DoNotSchedule, selecting("hard", "")).TopologySpreadConstraints...)
	affinity := required(term("t", "1"), term("t", "2"))
	affinity.PreferredDuringSchedulingIgnoredDuringExecution = []corev1.PreferredSchedulingTerm{{Weight: 1, Preference: term("p", "x")}}
	spec.Affinity = &corev1.Affinity{
		NodeAffinity:    affinity,
		PodAffinity:     &corev1.PodAffinity{PreferredDuringSchedulingIgnoredDuringExecution: slices.Concat(pods("to", 1), pods("too", 9))},
		PodAntiAffinity: &corev1.PodAntiAffinity{PreferredDuringSchedulingIgnoredDuringExecution: pods("from", 1)},
	}
	b := build(t, compiler(), labelled("p", nil, spec))
	var got []string
	for _, a := range b.pods[0].Class.Attempts {
		got = append(got, fmt.Sprintf("%s %v soft=%t", a.Plain, a.Rules, a.SoftTaints))
	}
	// Groups: 0 and 1 the spreads that yield, 2 the hard one, 3 and 4 affinity, the
	// heavy one first, 5 anti-affinity.
	want := []string{
		"p In [x], t In [1] [2 3 4 5 0 1] soft=false",
		"p In [x], t In [2] [2 3 4 5 0 1] soft=false",
		"p In [x], t In [2] [2 4 5 0 1] soft=false",
		"p In [x], t In [2] [2 5 0 1] soft=false",
		"p In [x], t In [2] [2 0 1] soft=false",
		"t In [2] [2 0 1] soft=false",
		"t In [2] [2 1] soft=false",
		"t In [2] [2] soft=false",
		"t In [1] [2] soft=false",
		"t In [1] [2] soft=true",
		"t In [2] [2] soft=true",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for i, a := range b.pods[0].Class.Attempts {
		if a.Required != 1 {
			t.Errorf("attempt %d: %d rules are demands", i, a.Required)
		}
		if len(a.Strict) != 1 {
			t.Errorf("attempt %d: rules heed preferences: %v", i, a.Strict)
		}
	}
}

// SCH-184: without a spread that yields, each required term is tried once more.
func TestEveryTermIsTriedWithoutSpreads(t *testing.T) {
	spec := spreading(label.Zone, corev1.ScheduleAnyway, selecting("app", ""))
	spec.Affinity = &corev1.Affinity{NodeAffinity: required(term("t", "1"), term("t", "2"))}
	var got []string
	for _, a := range build(t, compiler(), labelled("p", nil, spec)).pods[0].Class.Attempts {
		got = append(got, fmt.Sprintf("%s %v soft=%t", a.Plain, a.Rules, a.SoftTaints))
	}
	want := []string{
		"t In [1] [0] soft=false", "t In [2] [0] soft=false", "t In [2] [] soft=false",
		"t In [1] [] soft=false", "t In [1] [] soft=true", "t In [2] [] soft=true",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
