// SPDX-License-Identifier: Apache-2.0

package intake_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/intake"
)

// site is one place in a pod's spec where a value can be changed.
type site struct {
	path   string
	change func(*corev1.PodSpec)
}

// surveyor lists the sites below some fields. What a field leaves out it notes:
// nothing may hide there.
type surveyor struct {
	ignored map[string]string // ends of paths, with the reason
	sites   []site
	unset   []string
}

// at finds a value in a spec.
type at func(reflect.Value) reflect.Value

func (s *surveyor) visit(path string, v reflect.Value, find at) {
	for end := range s.ignored {
		if strings.HasSuffix(path, end) {
			return
		}
	}
	add := func(what string, change func(reflect.Value)) {
		s.sites = append(s.sites, site{path + what, func(spec *corev1.PodSpec) { change(find(reflect.ValueOf(spec).Elem())) }})
	}
	if v.IsZero() {
		s.unset = append(s.unset, path)
		return
	}
	if v.Type() == reflect.TypeFor[resource.Quantity]() {
		add("", func(v reflect.Value) { v.Set(reflect.ValueOf(resource.MustParse("77"))) })
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !strings.HasSuffix(path, "Policy") { // no policy means the usual one
			add(" unset", func(v reflect.Value) { v.SetZero() })
		}
		s.visit(path, v.Elem(), func(root reflect.Value) reflect.Value { return find(root).Elem() })
	case reflect.Struct:
		for i := range v.NumField() {
			s.visit(path+"."+v.Type().Field(i).Name, v.Field(i), func(root reflect.Value) reflect.Value { return find(root).Field(i) })
		}
	case reflect.Slice:
		add(" without its last", func(v reflect.Value) { v.SetLen(v.Len() - 1) })
		for i := range v.Len() {
			s.visit(fmt.Sprintf("%s[%d]", path, i), v.Index(i), func(root reflect.Value) reflect.Value { return find(root).Index(i) })
		}
	case reflect.Map:
		add(" with another value", func(v reflect.Value) {
			for _, key := range v.MapKeys() {
				v.SetMapIndex(key, other(v.MapIndex(key)))
			}
		})
		add(" with another key", func(v reflect.Value) {
			for _, key := range v.MapKeys() {
				v.SetMapIndex(other(key), v.MapIndex(key))
				v.SetMapIndex(key, reflect.Value{})
			}
		})
		add(" with one more", func(v reflect.Value) {
			for _, key := range v.MapKeys() {
				v.SetMapIndex(other(key), v.MapIndex(key))
			}
		})
	default:
		add("", func(v reflect.Value) { v.Set(other(v)) })
	}
}

// other is another value that the field may have.
func other(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	switch {
	case v.Type() == reflect.TypeFor[resource.Quantity]():
		return reflect.ValueOf(resource.MustParse("77"))
	case v.Kind() == reflect.String:
		words := map[string]string{
			"In": "NotIn", "Equal": "Exists", "NoSchedule": "NoExecute", "DoNotSchedule": "ScheduleAnyway",
			"ScheduleAnyway": "DoNotSchedule", "Honor": "Ignore", "Ignore": "Honor", "TCP": "UDP", "10.0.0.1": "10.0.0.2",
		}
		word, known := words[v.String()]
		if !known {
			word = v.String() + "2"
		}
		out.SetString(word)
	case v.CanInt():
		out.SetInt(v.Int() + 1)
	case v.Kind() == reflect.Bool:
		out.SetBool(!v.Bool())
	}
	return out
}

// everything is a spec with every field set that says where a pod may run.
func everything() corev1.PodSpec {
	two, honor, ignore := int32(2), corev1.NodeInclusionPolicyHonor, corev1.NodeInclusionPolicyIgnore
	selector := func(app string) *metav1.LabelSelector {
		return &metav1.LabelSelector{
			MatchLabels:      map[string]string{"app": app},
			MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "tier", Operator: metav1.LabelSelectorOpIn, Values: []string{"a", "b"}}},
		}
	}
	expressions := func(value string) []corev1.NodeSelectorRequirement {
		return []corev1.NodeSelectorRequirement{{Key: "disk", Operator: corev1.NodeSelectorOpIn, Values: []string{value, "c"}}}
	}
	term := func(app string) corev1.PodAffinityTerm {
		return corev1.PodAffinityTerm{
			TopologyKey: label.Zone, LabelSelector: selector(app), Namespaces: []string{"listed", "also"},
			NamespaceSelector: &metav1.LabelSelector{
				MatchLabels:      map[string]string{"team": "x"},
				MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "kind", Operator: metav1.LabelSelectorOpIn, Values: []string{"a", "b"}}},
			},
		}
	}
	terms := func(kind string) ([]corev1.PodAffinityTerm, []corev1.WeightedPodAffinityTerm) {
		return []corev1.PodAffinityTerm{term(kind + "1"), term(kind + "3")},
			[]corev1.WeightedPodAffinityTerm{{Weight: 1, PodAffinityTerm: term(kind + "5")}, {Weight: 2, PodAffinityTerm: term(kind + "7")}}
	}
	to, from := corev1.PodAffinity{}, corev1.PodAntiAffinity{}
	to.RequiredDuringSchedulingIgnoredDuringExecution, to.PreferredDuringSchedulingIgnoredDuringExecution = terms("to")
	// One term: several select together, so that what one says may not show.
	to.RequiredDuringSchedulingIgnoredDuringExecution = to.RequiredDuringSchedulingIgnoredDuringExecution[:1]
	from.RequiredDuringSchedulingIgnoredDuringExecution, from.PreferredDuringSchedulingIgnoredDuringExecution = terms("from")
	spread := func(key string, policy corev1.NodeInclusionPolicy) corev1.TopologySpreadConstraint {
		return corev1.TopologySpreadConstraint{
			MaxSkew: 1, TopologyKey: key, WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: selector("web"), MinDomains: &two,
			NodeAffinityPolicy: &policy, NodeTaintsPolicy: &policy, MatchLabelKeys: []string{"rev"},
		}
	}
	return corev1.PodSpec{
		NodeSelector: map[string]string{"rack": "1"},
		Affinity: &corev1.Affinity{
			NodeAffinity: &corev1.NodeAffinity{
				RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{
					{MatchExpressions: expressions("a")}, {MatchExpressions: expressions("b")},
				}},
				PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{
					{Weight: 1, Preference: corev1.NodeSelectorTerm{MatchExpressions: expressions("a")}},
					{Weight: 2, Preference: corev1.NodeSelectorTerm{MatchExpressions: expressions("b")}},
				},
			},
			PodAffinity: &to, PodAntiAffinity: &from,
		},
		Tolerations: []corev1.Toleration{
			{Key: "k", Operator: corev1.TolerationOpEqual, Value: "v", Effect: corev1.TaintEffectNoSchedule},
			{Key: "l", Operator: corev1.TolerationOpEqual, Value: "v", Effect: corev1.TaintEffectNoSchedule},
		},
		TopologySpreadConstraints: []corev1.TopologySpreadConstraint{spread(label.Zone, honor), spread(label.Arch, ignore)},
		Overhead:                  requests("cpu", "1"),
		Containers: []corev1.Container{{
			Resources: corev1.ResourceRequirements{Requests: requests("cpu", "1", "memory", "1Gi")},
			Ports:     []corev1.ContainerPort{{HostPort: 80, HostIP: "10.0.0.1", Protocol: corev1.ProtocolTCP, ContainerPort: 80}},
		}},
	}
}

// SCH-141: whatever of a pod decides where it may run tells classes apart, and what
// decides which pods and nodes a rule looks at tells rules apart.
func TestEveryFieldTellsApart(t *testing.T) {
	base := everything()
	root := reflect.ValueOf(&base).Elem()
	s := surveyor{ignored: map[string]string{
		".TolerationSeconds":  "says how long, not where",
		".MatchFields":        "required: rejected by validation; preferred: not read",
		"m.MatchLabelKeys":    "merged into the selector by the API server",
		"m.MismatchLabelKeys": "merged into the selector by the API server",
	}}
	for _, field := range []string{"NodeSelector", "Affinity", "Tolerations", "TopologySpreadConstraints", "Overhead"} {
		s.visit(field, root.FieldByName(field), func(root reflect.Value) reflect.Value { return root.FieldByName(field) })
	}
	container := func(root reflect.Value) reflect.Value { return root.FieldByName("Containers").Index(0) }
	for path, find := range map[string]at{
		"requests": func(root reflect.Value) reflect.Value {
			return container(root).FieldByName("Resources").FieldByName("Requests")
		},
		"hostPort": func(root reflect.Value) reflect.Value {
			return container(root).FieldByName("Ports").Index(0).FieldByName("HostPort")
		},
		"hostIP": func(root reflect.Value) reflect.Value {
			return container(root).FieldByName("Ports").Index(0).FieldByName("HostIP")
		},
		"protocol": func(root reflect.Value) reflect.Value {
			return container(root).FieldByName("Ports").Index(0).FieldByName("Protocol")
		},
	} {
		s.visit(path, find(root), find)
	}
	s.sites = append(s.sites,
		site{"claims of devices", func(spec *corev1.PodSpec) { spec.ResourceClaims = []corev1.PodResourceClaim{{Name: "gpu"}} }},
		site{"claims of a container", func(spec *corev1.PodSpec) {
			spec.Containers[0].Resources.Claims = []corev1.ResourceClaim{{Name: "gpu"}}
		}})
	s.unset = slices.DeleteFunc(s.unset, func(path string) bool {
		// Terms merge these into their selector before anybody reads them.
		return strings.HasSuffix(path, "MatchLabelKeys") || strings.HasSuffix(path, "MismatchLabelKeys")
	})
	if len(s.unset) > 0 {
		t.Errorf("nothing is known of %q: set them above", s.unset)
	}
	if len(s.sites) < 150 {
		t.Errorf("%d sites prove little", len(s.sites))
	}
	labels := map[string]string{"app": "web", "rev": "1", "rev2": "1"}
	for _, site := range s.sites {
		changed := labelled("b", labels, *base.DeepCopy())
		site.change(&changed.Spec)
		b := buildIn(t, map[string]map[string]string{
			"ns": {"team": "x", "kind": "a"}, "other": {"team": "x", "kind": "b"}, "third": {"team": "x"}, "listed": nil,
		}, labelled("a", labels, *base.DeepCopy()), changed)
		one, two := b.pods[0].Class, b.pods[1].Class
		if one == two {
			t.Errorf("%s: the class is the same", site.path)
		}
		if ruled(site.path) && slices.Equal(one.Attempts[0].Rules, two.Attempts[0].Rules) {
			t.Errorf("%s: the rules are the same", site.path)
		}
	}
}

func buildIn(t *testing.T, namespaces map[string]map[string]string, pods ...*corev1.Pod) (b built) {
	t.Helper()
	r := compiler().NewRound(namespaces)
	for _, p := range pods {
		if err := r.Add(p, intake.Volumes{}); err != nil {
			t.Fatal(err)
		}
	}
	b.pods, b.groups = r.Build(counter{})
	return b
}

// ruled reports whether topology rules depend on a field.
func ruled(path string) bool {
	for _, part := range []string{"Weight", "NodeAffinity.Preferred"} {
		if strings.Contains(path, part) {
			return false
		}
	}
	for _, part := range []string{"Affinity", "NodeSelector", "Tolerations", "TopologySpread"} {
		if strings.HasPrefix(path, part) {
			return true
		}
	}
	return false
}

// SCH-141: the same words elsewhere are another class, in whichever list they stand.
func TestPlacesOfWordsTellApart(t *testing.T) {
	in := func(key string, values ...string) corev1.NodeSelectorRequirement {
		return corev1.NodeSelectorRequirement{Key: key, Operator: corev1.NodeSelectorOpIn, Values: values}
	}
	affinity := func(terms ...corev1.NodeSelectorTerm) corev1.PodSpec {
		return corev1.PodSpec{Affinity: &corev1.Affinity{NodeAffinity: required(terms...)}}
	}
	all := func(es ...corev1.NodeSelectorRequirement) corev1.NodeSelectorTerm {
		return corev1.NodeSelectorTerm{MatchExpressions: es}
	}
	exists := func(key string) corev1.NodeSelectorRequirement {
		return corev1.NodeSelectorRequirement{Key: key, Operator: corev1.NodeSelectorOpExists}
	}
	spread := func(keys []string, es ...metav1.LabelSelectorRequirement) corev1.PodSpec {
		out := spreading(label.Zone, corev1.DoNotSchedule, &metav1.LabelSelector{MatchExpressions: es})
		out.TopologySpreadConstraints[0].MatchLabelKeys = keys
		return out
	}
	has := func(key string) metav1.LabelSelectorRequirement {
		return metav1.LabelSelectorRequirement{Key: key, Operator: metav1.LabelSelectorOpExists}
	}
	tolerating := func(key string) []corev1.Toleration { return []corev1.Toleration{{Key: key, Operator: "Exists"}} }
	affine := func(terms ...corev1.PodAffinityTerm) corev1.PodSpec {
		return corev1.PodSpec{Affinity: &corev1.Affinity{PodAffinity: &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: terms}}}
	}
	apart := func(terms ...corev1.PodAffinityTerm) corev1.PodSpec {
		return corev1.PodSpec{Affinity: &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: terms}}}
	}
	term := corev1.PodAffinityTerm{TopologyKey: label.Zone, LabelSelector: selecting("app", "a")}
	preferring := func(kind string) corev1.PodSpec {
		spec := affinity(all(exists("a")))
		if kind == "preferred" {
			spec.Affinity.NodeAffinity = &corev1.NodeAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{{Weight: 1, Preference: all(exists("a"))}}}
		}
		return spec
	}
	for why, pair := range map[string][2]corev1.PodSpec{
		"values of one or of two expressions": {affinity(all(in("a", "x", "y"))), affinity(all(in("a", "x"), in("a", "y")))},
		"expressions of one or of two terms":  {affinity(all(exists("a"), exists("b"))), affinity(all(exists("a")), all(exists("b")))},
		"demanded or preferred":               {preferring("required"), preferring("preferred")},
		"selected or demanded":                {{NodeSelector: map[string]string{"a": "x"}}, affinity(all(in("a", "x")))},
		"read from the pod or not":            {spread(nil, has("a"), has("b")), spread([]string{"b"}, has("a"))},
		"tolerated or selected":               {{Tolerations: tolerating("a")}, {NodeSelector: map[string]string{"a": "Exists"}}},
		"with or apart":                       {affine(term), apart(term)},
		"one term or the same twice":          {apart(term), apart(term, term)},
	} {
		b := build(t, compiler(), labelled("a", nil, pair[0]), labelled("b", nil, pair[1]))
		if b.pods[0].Class == b.pods[1].Class {
			t.Errorf("%s: the class is the same", why)
		}
	}
}

// The pod's namespace and what matchLabelKeys reads of its labels tell rules apart
// as well.
func TestWhatElseTellsApart(t *testing.T) {
	labels := map[string]string{"app": "web", "rev": "1"}
	for why, change := range map[string]func(*corev1.Pod){
		"another namespace": func(p *corev1.Pod) { p.Namespace = "other" },
		"another revision":  func(p *corev1.Pod) { p.Labels = map[string]string{"app": "web", "rev": "2"} },
		"no revision":       func(p *corev1.Pod) { p.Labels = map[string]string{"app": "web"} },
	} {
		changed := labelled("b", labels, everything())
		change(changed)
		b := build(t, compiler(), labelled("a", labels, everything()), changed)
		if one, two := b.pods[0].Class, b.pods[1].Class; one == two || slices.Equal(one.Attempts[0].Rules, two.Attempts[0].Rules) {
			t.Errorf("%s: class or rules are the same", why)
		}
	}
}

// Whatever a template is made of makes another template: the pool itself, its
// instance types, and each daemon.
func TestEveryInputTellsTemplatesApart(t *testing.T) {
	daemons := func(change ...func(*corev1.Pod)) []*corev1.Pod {
		out := []*corev1.Pod{daemonPod("a", nil), daemonPod("b", nil)}
		for _, f := range change {
			f(out[1])
		}
		return out
	}
	types := []*cloudprovider.InstanceType{instanceType("x", "amd64")}
	base := intake.PoolInput{NodePool: nodePool(nil), Types: types, Daemons: daemons()}
	for why, change := range map[string]func(*intake.PoolInput){
		"another pool of the name": func(in *intake.PoolInput) { in.NodePool = nodePool(func(np *v1.NodePool) { np.UID = "successor" }) },
		"another generation":       func(in *intake.PoolInput) { in.NodePool = nodePool(func(np *v1.NodePool) { np.Generation = 2 }) },
		"other types": func(in *intake.PoolInput) {
			in.Types = []*cloudprovider.InstanceType{instanceType("x", "arm64")}
		},
		"a daemon asks for more": func(in *intake.PoolInput) {
			in.Daemons = daemons(func(p *corev1.Pod) { p.Spec.Containers[0].Resources.Requests = requests("cpu", "2") })
		},
		"a daemon goes elsewhere": func(in *intake.PoolInput) {
			in.Daemons = daemons(func(p *corev1.Pod) { p.Spec.NodeSelector = map[string]string{label.Arch: "arm64"} })
		},
		"a daemon is gone": func(in *intake.PoolInput) { in.Daemons = in.Daemons[:1] },
		"a daemon is new":  func(in *intake.PoolInput) { in.Daemons = append(slices.Clone(in.Daemons), daemonPod("c", nil)) },
	} {
		c := compiler()
		first := compile(t, c, base)
		changed := base
		change(&changed)
		now := compile(t, c, changed)
		if now == first {
			t.Errorf("%s: the template is the same", why)
		}
		fresh := compile(t, compiler(), changed)
		if got, want := fmt.Sprint(now.Overhead), fmt.Sprint(fresh.Overhead); got != want {
			t.Errorf("%s: overhead %s, want %s", why, got, want)
		}
		if compile(t, c, changed) != now {
			t.Errorf("%s: compiled twice", why)
		}
	}
}
