// SPDX-License-Identifier: Apache-2.0

package admission_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"karpenter.sh/core/intake/admission"
)

var created = metav1.NewTime(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))

func list(pairs ...string) corev1.ResourceList {
	out := corev1.ResourceList{}
	for i := 0; i < len(pairs); i += 2 {
		out[corev1.ResourceName(pairs[i])] = resource.MustParse(pairs[i+1])
	}
	return out
}

// limits is a LimitRange as old as the pods of the tests.
func limits(name string, items ...corev1.LimitRangeItem) *corev1.LimitRange {
	return &corev1.LimitRange{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name, CreationTimestamp: created},
		Spec:       corev1.LimitRangeSpec{Limits: items},
	}
}

// newer is the LimitRange changed after the pods were made.
func newer(l *corev1.LimitRange) *corev1.LimitRange {
	later := metav1.NewTime(created.Add(time.Minute))
	l.ManagedFields = []metav1.ManagedFieldsEntry{{Time: &created}, {Time: &later}}
	return l
}

func container(requests, limits corev1.ResourceList) corev1.Container {
	return corev1.Container{Name: "c", Resources: corev1.ResourceRequirements{Requests: requests, Limits: limits}}
}

func byDefault(requests, limits corev1.ResourceList) corev1.LimitRangeItem {
	return corev1.LimitRangeItem{Type: corev1.LimitTypeContainer, DefaultRequest: requests, Default: limits}
}

func rules(l ...*corev1.LimitRange) admission.Rules {
	classes := map[string]*nodev1.RuntimeClass{
		"sandbox": {Overhead: &nodev1.Overhead{PodFixed: list("cpu", "250m")}, Scheduling: &nodev1.Scheduling{
			NodeSelector: map[string]string{"sandbox": "true"}, Tolerations: []corev1.Toleration{{Key: "sandbox"}},
		}},
	}
	return admission.Rules{Limits: l, Runtime: func(name string) *nodev1.RuntimeClass { return classes[name] }}
}

// SCH-121: what containers of a template request in the end.
func TestRequestsOfTemplate(t *testing.T) {
	both := byDefault(list("cpu", "1", "memory", "1Gi"), list("cpu", "2", "memory", "2Gi"))
	for _, tc := range []struct {
		why    string
		given  corev1.Container
		limits []*corev1.LimitRange
		want   corev1.ResourceList
	}{
		{"what is only limited is requested", container(nil, list("cpu", "2")), nil, list("cpu", "2")},
		{"a LimitRange gives what is not stated", container(nil, nil), []*corev1.LimitRange{limits("l", both)}, list("cpu", "1", "memory", "1Gi")},
		{"what is stated stays", container(list("cpu", "3"), nil), []*corev1.LimitRange{limits("l", both)}, list("cpu", "3", "memory", "1Gi")},
		{"a limit is requested before a LimitRange is asked", container(nil, list("memory", "3Gi")), []*corev1.LimitRange{limits("l", both)}, list("cpu", "1", "memory", "3Gi")},
		{"of several LimitRanges nobody knows which comes first: the larger", container(nil, nil), []*corev1.LimitRange{
			limits("a", byDefault(list("cpu", "1"), nil)), limits("b", byDefault(list("cpu", "3"), nil)), limits("c", byDefault(list("cpu", "2"), nil)),
		}, list("cpu", "3")},
		{"what is for pods and claims gives containers nothing", container(nil, nil), []*corev1.LimitRange{limits("l",
			corev1.LimitRangeItem{Type: corev1.LimitTypePersistentVolumeClaim, DefaultRequest: list("storage", "1Gi")},
		)}, nil},
	} {
		t.Run(tc.why, func(t *testing.T) {
			template := corev1.PodSpec{Containers: []corev1.Container{tc.given}, InitContainers: []corev1.Container{tc.given}}
			before := template.DeepCopy()
			got, err := rules(tc.limits...).OfTemplate(&template)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range []corev1.Container{got.Containers[0], got.InitContainers[0]} {
				if diff := cmp.Diff(tc.want, c.Resources.Requests); diff != "" {
					t.Error(diff)
				}
			}
			if diff := cmp.Diff(before, &template); diff != "" {
				t.Errorf("the template changed: %s", diff)
			}
		})
	}
}

// SCH-121: pods that the API server would refuse.
func TestRefused(t *testing.T) {
	always := corev1.ContainerRestartPolicyAlways
	sandbox, nowhere := "sandbox", "nowhere"
	bound := func(kind corev1.LimitType, change func(*corev1.LimitRangeItem)) *corev1.LimitRange {
		item := corev1.LimitRangeItem{Type: kind}
		change(&item)
		return limits("l", item)
	}
	twice := func(c corev1.Container) corev1.PodSpec {
		sidecar := c
		sidecar.RestartPolicy = &always
		return corev1.PodSpec{Containers: []corev1.Container{c}, InitContainers: []corev1.Container{sidecar}}
	}
	atMost := func(kind corev1.LimitType, cpu string) *corev1.LimitRange {
		return bound(kind, func(i *corev1.LimitRangeItem) { i.Max = list("cpu", cpu) })
	}
	for _, tc := range []struct {
		why    string
		spec   corev1.PodSpec
		limits *corev1.LimitRange
		pass   bool
	}{
		{"a container may reach the maximum", twice(container(nil, list("cpu", "2"))), atMost(corev1.LimitTypeContainer, "2"), true},
		{"and not exceed it", twice(container(nil, list("cpu", "3"))), atMost(corev1.LimitTypeContainer, "2"), false},
		{"no limit exceeds every maximum", twice(container(list("cpu", "1"), nil)), atMost(corev1.LimitTypeContainer, "2"), false},
		{"a pod is the sum of its containers and sidecars", twice(container(nil, list("cpu", "2"))), atMost(corev1.LimitTypePod, "4"), true},
		{"and must not exceed its maximum", twice(container(nil, list("cpu", "2"))), atMost(corev1.LimitTypePod, "3"), false},
		{"less than the minimum", twice(container(list("cpu", "1"), nil)), bound(corev1.LimitTypeContainer, func(i *corev1.LimitRangeItem) { i.Min = list("cpu", "2") }), false},
		{"a limit within the ratio", twice(container(list("cpu", "1"), list("cpu", "2"))), bound(corev1.LimitTypeContainer, func(i *corev1.LimitRangeItem) { i.MaxLimitRequestRatio = list("cpu", "2") }), true},
		{"a limit beyond the ratio", twice(container(list("cpu", "1"), list("cpu", "3"))), bound(corev1.LimitTypeContainer, func(i *corev1.LimitRangeItem) { i.MaxLimitRequestRatio = list("cpu", "2") }), false},
		{"a RuntimeClass that exists", corev1.PodSpec{RuntimeClassName: &sandbox}, limits("l"), true},
		{"a RuntimeClass that does not exist", corev1.PodSpec{RuntimeClassName: &nowhere}, limits("l"), false},
		{"a RuntimeClass that demands other nodes", corev1.PodSpec{RuntimeClassName: &sandbox, NodeSelector: map[string]string{"sandbox": "false"}}, limits("l"), false},
	} {
		t.Run(tc.why, func(t *testing.T) {
			if _, err := rules(tc.limits).OfTemplate(&tc.spec); (err == nil) != tc.pass {
				t.Errorf("got %v", err)
			}
		})
	}
}

// SCH-121: what else a created pod has.
func TestOfTemplate(t *testing.T) {
	sandbox := "sandbox"
	template := &corev1.PodSpec{
		RuntimeClassName: &sandbox, HostNetwork: true, NodeSelector: map[string]string{"own": "true"},
		Containers: []corev1.Container{{Ports: []corev1.ContainerPort{{ContainerPort: 80}, {ContainerPort: 81, HostPort: 82}}}},
		Resources:  &corev1.ResourceRequirements{Limits: list("cpu", "4", "memory", "4Gi")},
	}
	template.Containers[0].Resources.Requests = list("cpu", "1")
	got, err := rules().OfTemplate(template)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(list("cpu", "250m"), got.Overhead); diff != "" {
		t.Errorf("overhead: %s", diff)
	}
	if diff := cmp.Diff(map[string]string{"own": "true", "sandbox": "true"}, got.NodeSelector); diff != "" {
		t.Errorf("node selector: %s", diff)
	}
	if ports := got.Containers[0].Ports; ports[0].HostPort != 80 || ports[1].HostPort != 82 {
		t.Errorf("ports on the host's network: %v", ports)
	}
	if diff := cmp.Diff(list("cpu", "1", "memory", "4Gi"), got.Resources.Requests); diff != "" {
		t.Errorf("requests of the pod: %s", diff)
	}
	tolerated := map[string]bool{}
	for _, toleration := range got.Tolerations {
		tolerated[toleration.Key] = true
	}
	for _, key := range []string{"sandbox", corev1.TaintNodeNotReady, corev1.TaintNodeUnschedulable, corev1.TaintNodeNetworkUnavailable} {
		if !tolerated[key] {
			t.Errorf("%s is not tolerated", key)
		}
	}
}

// SCH-120, SCH-121: a live pod tells what webhooks do, and LimitRanges of today
// replace those of its time.
func TestOfPod(t *testing.T) {
	const filled = "LimitRanger plugin set: cpu, memory request for container c; cpu limit for container c; cpu request for init container i"
	live := func(annotation string) *corev1.Pod {
		init := container(list("cpu", "2"), nil)
		init.Name = "i"
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: created}, Spec: corev1.PodSpec{
			Containers:     []corev1.Container{container(list("cpu", "2", "memory", "1Gi", "example.com/d", "1"), list("cpu", "2"))},
			InitContainers: []corev1.Container{init},
		}}
		if annotation != "" {
			pod.Annotations = map[string]string{"kubernetes.io/limit-ranger": annotation}
		}
		return pod
	}
	three := byDefault(list("cpu", "3"), list("cpu", "3"))
	for _, tc := range []struct {
		why        string
		annotation string
		limits     []*corev1.LimitRange
		want, init corev1.ResourceList
	}{
		{"nothing was filled in", "", nil, list("cpu", "2", "memory", "1Gi", "example.com/d", "1"), list("cpu", "2")},
		{"what a LimitRange gave that is gone, no pod gets again", filled, nil, list("example.com/d", "1"), corev1.ResourceList{}},
		{"the LimitRanges are those of its time: what a webhook made of them stays", filled, []*corev1.LimitRange{limits("l", three)},
			list("cpu", "2", "example.com/d", "1"), list("cpu", "2")},
		{"a LimitRange gives something else now", filled, []*corev1.LimitRange{newer(limits("l", three))},
			list("cpu", "3", "example.com/d", "1"), list("cpu", "3")},
		{"a new LimitRange gives what is not stated only", "", []*corev1.LimitRange{newer(limits("l", byDefault(list("cpu", "3", "storage", "1Gi"), nil)))},
			list("cpu", "2", "memory", "1Gi", "example.com/d", "1", "storage", "1Gi"), list("cpu", "2", "storage", "1Gi")},
		{"an annotation in other words says nothing", "set by hand", nil, list("cpu", "2", "memory", "1Gi", "example.com/d", "1"), list("cpu", "2")},
	} {
		t.Run(tc.why, func(t *testing.T) {
			pod := live(tc.annotation)
			before := pod.DeepCopy()
			got, err := rules(tc.limits...).OfPod(pod)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got.Containers[0].Resources.Requests); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tc.init, got.InitContainers[0].Resources.Requests); diff != "" {
				t.Errorf("init container: %s", diff)
			}
			if diff := cmp.Diff(before, pod); diff != "" {
				t.Errorf("the pod changed: %s", diff)
			}
		})
	}
	t.Run("a new bound refuses the pods to come", func(t *testing.T) {
		small := limits("l", corev1.LimitRangeItem{Type: corev1.LimitTypeContainer, Max: list("cpu", "1")})
		if _, err := rules(small).OfPod(live("")); err != nil {
			t.Errorf("bounds that it passed: %v", err)
		}
		if _, err := rules(newer(small)).OfPod(live("")); err == nil {
			t.Error("not refused")
		}
	})
}
