// SPDX-License-Identifier: Apache-2.0

package intake_test

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/engine/attach"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/intake"
)

func term(key string, values ...string) corev1.NodeSelectorTerm {
	return corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: key, Operator: corev1.NodeSelectorOpIn, Values: values}}}
}

func required(terms ...corev1.NodeSelectorTerm) *corev1.NodeAffinity {
	return &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: terms}}
}

func classOf(t *testing.T, c *intake.Compiler, pod *corev1.Pod) *model.Class {
	t.Helper()
	class, err := c.Class(pod, intake.Volumes{})
	if err != nil {
		t.Fatal(err)
	}
	return class
}

// Pods are one class exactly when no decision can tell them apart.
func TestClasses(t *testing.T) {
	base := corev1.PodSpec{
		Containers:   []corev1.Container{container(requests("cpu", "1"))},
		NodeSelector: map[string]string{"a": "1", "b": "2"},
		Tolerations:  []corev1.Toleration{{Key: "k", Operator: corev1.TolerationOpExists}},
		Affinity:     &corev1.Affinity{NodeAffinity: required(term("zone", "x", "y"))},
	}
	for _, tc := range []struct {
		why    string
		change func(*corev1.Pod)
		same   bool
	}{
		{"name and image are not read", func(p *corev1.Pod) { p.Name, p.Spec.Containers[0].Image = "other", "other" }, true},
		{"labels nobody selects are not read", func(p *corev1.Pod) { p.Labels = map[string]string{"index": "7"} }, true},
		{"equal quantities written differently are equal", func(p *corev1.Pod) { p.Spec.Containers[0].Resources.Requests = requests("cpu", "1000m") }, true},
		{"SCH-004 priority and preemption are not read", func(p *corev1.Pod) {
			high, never := int32(1000), corev1.PreemptNever
			p.Spec.Priority, p.Spec.PriorityClassName, p.Spec.PreemptionPolicy = &high, "high", &never
		}, true},
		{"scheduler, service account and QoS are not read", func(p *corev1.Pod) {
			p.Spec.SchedulerName, p.Spec.ServiceAccountName, p.Status.QOSClass = "other", "other", corev1.PodQOSGuaranteed
		}, true},
		{"an empty term is read", func(p *corev1.Pod) {
			p.Spec.Affinity = &corev1.Affinity{NodeAffinity: required(term("zone", "x", "y"), corev1.NodeSelectorTerm{})}
		}, false},
		{"requests are read", func(p *corev1.Pod) { p.Spec.Containers[0].Resources.Requests = requests("cpu", "2") }, false},
		{"nodeSelector is read", func(p *corev1.Pod) { p.Spec.NodeSelector["a"] = "2" }, false},
		{"tolerations are read", func(p *corev1.Pod) { p.Spec.Tolerations[0].Effect = corev1.TaintEffectNoExecute }, false},
		{"host ports are read", func(p *corev1.Pod) { p.Spec.Containers[0].Ports = []corev1.ContainerPort{{HostPort: 80}} }, false},
		{"node affinity is read", func(p *corev1.Pod) {
			p.Spec.Affinity = &corev1.Affinity{NodeAffinity: required(term("zone", "x"), term("zone", "y"))}
		}, false},
	} {
		t.Run(tc.why, func(t *testing.T) {
			c := compiler()
			a, b := podOf(*base.DeepCopy()), podOf(*base.DeepCopy())
			tc.change(b)
			if same := classOf(t, c, a) == classOf(t, c, b); same != tc.same {
				t.Errorf("same class: %v", same)
			}
		})
	}
}

// SCH-086: where volumes may be is part of a class, which they are is not, so the
// pods of a StatefulSet are one class.
func TestClassesOfVolumes(t *testing.T) {
	in := func(zones ...string) requirement.Requirements {
		return requirement.All(requirement.In(label.Zone, zones...))
	}
	claims := func(names ...string) (out []attach.Attachment) {
		for _, n := range names {
			out = append(out, attach.Attachment{Driver: "d", Claim: n})
		}
		return out
	}
	base := intake.Volumes{Alternatives: []requirement.Requirements{in("a"), in("b")}, Attachments: claims("ns/0")}
	for _, tc := range []struct {
		why  string
		v    intake.Volumes
		same bool
	}{
		{"the same", base, true},
		{"another claim", intake.Volumes{Alternatives: base.Alternatives, Attachments: claims("ns/1")}, true},
		{"another order", intake.Volumes{Alternatives: []requirement.Requirements{in("b"), in("a")}}, false},
		{"one alternative for two", intake.Volumes{Alternatives: []requirement.Requirements{in("a", "b")}}, false},
		{"many values, one of which differs", intake.Volumes{Alternatives: []requirement.Requirements{in("a", "c", "d", "e", "f", "g", "h"), in("b")}}, false},
		{"another label", intake.Volumes{Alternatives: []requirement.Requirements{requirement.All(requirement.In(label.Arch, "a")), in("b")}}, false},
		{"not there", intake.Volumes{Alternatives: []requirement.Requirements{requirement.All(requirement.NotIn(label.Zone, "a")), in("b")}}, false},
		{"one more label", intake.Volumes{Alternatives: []requirement.Requirements{in("a").Intersect(requirement.All(requirement.Exists(label.Arch))), in("b")}}, false},
		{"the same and somewhere else at once", intake.Volumes{Alternatives: base.Alternatives, Conflict: true}, false},
		{"anywhere", intake.Volumes{}, false},
		{"nowhere", intake.Volumes{Conflict: true}, false},
	} {
		t.Run(tc.why, func(t *testing.T) {
			c := compiler()
			r := c.NewRound(nil)
			for _, v := range []intake.Volumes{base, tc.v} {
				if err := r.Add(podOf(corev1.PodSpec{}), v); err != nil {
					t.Fatal(err)
				}
			}
			pods, _ := r.Build(counter{})
			if same := pods[0].Class == pods[1].Class; same != tc.same {
				t.Errorf("same class: %t", same)
			}
			if got := pods[1].Class; len(got.Volumes) != len(tc.v.Alternatives) || got.VolumeConflict != tc.v.Conflict {
				t.Errorf("got volumes %v, conflict %t", got.Volumes, got.VolumeConflict)
			}
			if !slices.Equal(pods[1].Attachments, tc.v.Attachments) {
				t.Errorf("got attachments %v", pods[1].Attachments)
			}
		})
	}
}

// SCH-072: what volumes demand takes no part in topology rules.
func TestVolumesAreNotStrict(t *testing.T) {
	c := compiler()
	r := c.NewRound(map[string]map[string]string{"ns": nil})
	spec := spreading(label.Zone, corev1.DoNotSchedule, selecting("app", "a"))
	spec.NodeSelector = map[string]string{"k": "v"}
	zone := requirement.All(requirement.In(label.Zone, "a"))
	if err := r.Add(labelled("p", map[string]string{"app": "a"}, spec), intake.Volumes{Alternatives: []requirement.Requirements{zone}}); err != nil {
		t.Fatal(err)
	}
	pods, groups := r.Build(counter{})
	for _, a := range pods[0].Class.Attempts {
		if got := a.Plain.String(); got != "k In [v]" || len(a.Strict) != 1 || len(a.Wanted) != 1 {
			t.Errorf("an attempt wants %s", got)
		}
	}
	if len(groups) != 1 || len(groups[0].Terms) != 1 || len(groups[0].Terms[0]) != 1 {
		t.Errorf("got groups %+v", groups)
	}
}

// SCH-052: aliases are read as the keys they stand for.
func TestAliases(t *testing.T) {
	class := classOf(t, compiler(), podOf(corev1.PodSpec{NodeSelector: map[string]string{"failure-domain.beta.kubernetes.io/zone": "a"}}))
	if r, ok := class.Attempts[0].Plain.Get(label.Zone); !ok || !r.Has("a") {
		t.Errorf("got %s", class.Attempts[0].Plain)
	}
}

// SCH-070, SCH-183, SCH-184, SCH-187: the order in which demands are given up.
func TestAttempts(t *testing.T) {
	affinity := required(term("t", "1"), term("t", "2"))
	affinity.PreferredDuringSchedulingIgnoredDuringExecution = []corev1.PreferredSchedulingTerm{
		{Weight: 1, Preference: term("p", "light")}, {Weight: 9, Preference: term("p", "heavy")},
	}
	spec := corev1.PodSpec{NodeSelector: map[string]string{"s": "x"}, Affinity: &corev1.Affinity{NodeAffinity: affinity}}
	for _, tc := range []struct {
		policy intake.PreferencePolicy
		want   []string
	}{
		{intake.RespectPreferences, []string{
			"p In [heavy], s In [x], t In [1]", "p In [heavy], s In [x], t In [2]", "p In [light], s In [x], t In [2]",
			"s In [x], t In [2]", "s In [x], t In [1]", "s In [x], t In [1] soft", "s In [x], t In [2] soft"}},
		{intake.IgnorePreferences, []string{ // SCH-071
			"s In [x], t In [1]", "s In [x], t In [2]", "s In [x], t In [1] soft", "s In [x], t In [2] soft"}},
	} {
		t.Run(string(tc.policy), func(t *testing.T) {
			c := intake.New(intake.Options{Vocabulary: vocabulary.Core(), Preferences: tc.policy})
			var got []string
			for _, a := range classOf(t, c, podOf(spec)).Attempts {
				s := a.Plain.String()
				if a.SoftTaints {
					s += " soft"
				}
				got = append(got, s)
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
		})
	}
}

// A pod that uses what is not decided yet says so.
func TestNotBuilt(t *testing.T) {
	for _, tc := range []struct {
		spec corev1.PodSpec
		want string
	}{
		{corev1.PodSpec{}, ""},
		{corev1.PodSpec{Containers: []corev1.Container{{Resources: corev1.ResourceRequirements{Claims: []corev1.ResourceClaim{{Name: "gpu"}}}}}}, "resourceClaims"},
		{corev1.PodSpec{ResourceClaims: []corev1.PodResourceClaim{{}}}, "resourceClaims"},
		{corev1.PodSpec{Volumes: []corev1.Volume{{VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}}, ""},
	} {
		t.Run(tc.want, func(t *testing.T) {
			if got := classOf(t, compiler(), podOf(tc.spec)).NotBuilt; got != tc.want {
				t.Errorf("got %q", got)
			}
		})
	}
}
