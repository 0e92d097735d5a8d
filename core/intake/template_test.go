// SPDX-License-Identifier: Apache-2.0

package intake_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/intake"
)

func nodePool(change func(*v1.NodePool)) *v1.NodePool {
	np := &v1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: "default", UID: "np", Generation: 1}}
	np.Spec.Template.Spec.NodeClassRef = v1.NodeClassReference{Group: "example.com", Kind: "TestClass", Name: "default"}
	if change != nil {
		change(np)
	}
	return np
}

func instanceType(name, arch string) *cloudprovider.InstanceType {
	return &cloudprovider.InstanceType{
		Name: name, Capacity: requests("cpu", "4", "memory", "16Gi", "pods", "110"),
		Requirements: requirement.All(
			requirement.In(label.InstanceType, name), requirement.In(label.Arch, arch),
			requirement.In(label.Zone, "a"), requirement.In(label.CapacityType, label.OnDemand)),
		Offerings: cloudprovider.Offerings{{
			Requirements: requirement.All(requirement.In(label.Zone, "a"), requirement.In(label.CapacityType, label.OnDemand)),
			Price:        1, Available: true,
		}},
	}
}

func compile(t *testing.T, c *intake.Compiler, in intake.PoolInput) *model.Template {
	t.Helper()
	out, err := c.Template(in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// SCH-190, API-124: what every node of the pool satisfies.
func TestPoolRequirements(t *testing.T) {
	np := nodePool(func(np *v1.NodePool) {
		np.Spec.Template.ObjectMeta.Labels = map[string]string{"team": "a"}
		n := 2
		np.Spec.Template.Spec.Requirements = []v1.NodeSelectorRequirementWithMinValues{
			{Key: "failure-domain.beta.kubernetes.io/zone", Operator: "In", Values: []string{"a", "b"}, MinValues: &n},
		}
	})
	rs, err := compiler().PoolRequirements(np)
	if err != nil {
		t.Fatal(err)
	}
	want := "example.com/testclass In [default], karpenter.sh/nodepool In [default], team In [a], topology.kubernetes.io/zone In [a b] minValues 2"
	if rs.String() != want {
		t.Errorf("got  %s\nwant %s", rs, want)
	}
}

// A pool that cannot be understood is an error that names the field.
func TestBadPool(t *testing.T) {
	for _, tc := range []struct {
		why    string
		change func(*v1.NodePool)
	}{
		{"unknown operator", func(np *v1.NodePool) {
			np.Spec.Template.Spec.Requirements = []v1.NodeSelectorRequirementWithMinValues{{Key: "k", Operator: "Near"}}
		}},
		{"label against requirement", func(np *v1.NodePool) {
			np.Spec.Template.ObjectMeta.Labels = map[string]string{"team": "a"}
			np.Spec.Template.Spec.Requirements = []v1.NodeSelectorRequirementWithMinValues{{Key: "team", Operator: "In", Values: []string{"b"}}}
		}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			if _, err := compiler().Template(intake.PoolInput{NodePool: nodePool(tc.change)}); err == nil {
				t.Error("accepted")
			}
		})
	}
}

func daemonPod(name string, change func(*corev1.Pod)) *corev1.Pod {
	p := podOf(corev1.PodSpec{Containers: []corev1.Container{container(requests("cpu", "1"))}})
	p.Name = name
	if change != nil {
		change(p)
	}
	return p
}

// SCH-123, SCH-124, SCH-125: which daemons count for which instance type.
func TestDaemonOverhead(t *testing.T) {
	taint := corev1.Taint{Key: "gpu", Effect: corev1.TaintEffectNoSchedule}
	soft := corev1.Taint{Key: "soft", Effect: corev1.TaintEffectPreferNoSchedule}
	np := nodePool(func(np *v1.NodePool) {
		np.Spec.Template.Spec.Taints = []corev1.Taint{taint, soft}
		np.Spec.Template.Spec.StartupTaints = []corev1.Taint{{Key: "starting", Effect: corev1.TaintEffectNoSchedule}}
	})
	tolerant := func(p *corev1.Pod) {
		p.Spec.Tolerations = []corev1.Toleration{{Key: "gpu", Operator: corev1.TolerationOpExists}}
	}
	and := func(fs ...func(*corev1.Pod)) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			for _, f := range fs {
				f(p)
			}
		}
	}
	selecting := func(key, value string) func(*corev1.Pod) {
		return func(p *corev1.Pod) { p.Spec.NodeSelector = map[string]string{key: value} }
	}
	for _, tc := range []struct {
		why        string
		daemon     *corev1.Pod
		amd64, arm int64 // milli-CPU
	}{
		{"everywhere; soft and startup taints do not repel", daemonPod("d", tolerant), 1000, 1000},
		{"an untolerated taint repels", daemonPod("d", nil), 0, 0},
		{"a selector on the type decides by type", daemonPod("d", and(tolerant, selecting(label.Arch, "arm64"))), 0, 1000},
		{"a selector on an unknown label excludes", daemonPod("d", and(tolerant, selecting("other", "x"))), 0, 0},
		{"nodes are taken as registered and initialized", daemonPod("d", and(tolerant, selecting(label.Initialized, "true"))), 1000, 1000},
		{"each OR-ed term is tried for each type", daemonPod("d", and(tolerant, func(p *corev1.Pod) {
			p.Spec.Affinity = &corev1.Affinity{NodeAffinity: required(term(label.Arch, "arm64"), term(label.Arch, "amd64"))}
		})), 1000, 1000},
	} {
		t.Run(tc.why, func(t *testing.T) {
			template := compile(t, compiler(), intake.PoolInput{
				NodePool: np, Types: []*cloudprovider.InstanceType{instanceType("x", "amd64"), instanceType("y", "arm64")},
				Daemons: []*corev1.Pod{tc.daemon},
			})
			if x, y := template.OverheadOf(0).Get(resource.CPU), template.OverheadOf(1).Get(resource.CPU); x != tc.amd64 || y != tc.arm {
				t.Errorf("got %d and %d, want %d and %d", x, y, tc.amd64, tc.arm)
			}
			crowded := template.Crowded(bitset.Set{}.Add(0), 0) // SCH-128
			if x, y := crowded.Has(0), crowded.Has(1); x != (tc.amd64 > 0) || y != (tc.arm > 0) {
				t.Errorf("crowded: %v and %v", x, y)
			}
		})
	}
}

// A template is compiled once for each revision of what it is made from.
func TestTemplateIsRemembered(t *testing.T) {
	c, types := compiler(), []*cloudprovider.InstanceType{instanceType("x", "amd64")}
	in := intake.PoolInput{NodePool: nodePool(nil), Types: types}
	first := compile(t, c, in)
	if compile(t, c, in) != first {
		t.Error("compiled twice")
	}
	in.NodePool = nodePool(func(np *v1.NodePool) { np.Generation = 2 })
	if compile(t, c, in) == first {
		t.Error("a new generation was not compiled")
	}
	in.Types = []*cloudprovider.InstanceType{instanceType("x", "amd64")}
	if compile(t, c, in).Catalogue == first.Catalogue {
		t.Error("new instance types were not compiled")
	}
}

// SCH-200: what limits leave.
func TestPoolLimits(t *testing.T) {
	c := compiler()
	used := c.Available(requests("cpu", "3", "nodes", "2"))
	ls := c.PoolLimits(v1.Limits(requests("cpu", "2", "nodes", "5", "example.com/gpu", "1")), used)
	for name, want := range map[string]int64{"cpu": -1000, "nodes": 3, "example.com/gpu": 1} {
		if got, ok := ls.Get(c.Names().Intern(name)); !ok || got != want {
			t.Errorf("%s: got %d, %v; want %d", name, got, ok, want)
		}
	}
	if _, ok := ls.Get(resource.Memory); ok {
		t.Error("memory is not limited")
	}
}

// SCH-126: what daemons will still take of an existing node.
func TestRemainingDaemons(t *testing.T) {
	c := compiler()
	everywhere := daemonPod("d", nil)
	initialized := daemonPod("i", func(p *corev1.Pod) { p.Spec.NodeSelector = map[string]string{label.Initialized: "true"} })
	elsewhere := daemonPod("e", func(p *corev1.Pod) { p.Spec.NodeSelector = map[string]string{label.Zone: "z"} })
	daemons := []*corev1.Pod{everywhere, initialized, elsewhere}
	for _, tc := range []struct {
		why  string
		node intake.NodeInput
		want int64
	}{
		{"a starting node will get its labels", intake.NodeInput{Starting: true}, 2000},
		{"an unmanaged node has the labels it has", intake.NodeInput{}, 1000},
		{"bound daemons are not counted twice", intake.NodeInput{Starting: true, BoundDaemons: c.Requested(requests("cpu", "1"))}, 1000},
		{"an unexpected daemon frees nothing", intake.NodeInput{Starting: true, BoundDaemons: c.Requested(requests("cpu", "5"))}, 0},
		{"an untolerated taint keeps them away", intake.NodeInput{Taints: []corev1.Taint{{Key: "k", Effect: corev1.TaintEffectNoExecute}}}, 0},
	} {
		t.Run(tc.why, func(t *testing.T) {
			if got := c.RemainingDaemons(tc.node, daemons).Get(resource.CPU); got != tc.want {
				t.Errorf("got %d, want %d", got, tc.want)
			}
		})
	}
}

// SCH-101: the ports of daemons that belong on a node are taken before they run.
func TestPortsOfDaemons(t *testing.T) {
	c := compiler()
	withPort := func(port int32, change func(*corev1.Pod)) *corev1.Pod {
		return daemonPod("d", func(p *corev1.Pod) {
			p.Spec.Containers[0].Ports = []corev1.ContainerPort{{HostPort: port}}
			if change != nil {
				change(p)
			}
		})
	}
	daemons := []*corev1.Pod{withPort(90, nil), withPort(91, func(p *corev1.Pod) { p.Spec.NodeSelector = map[string]string{label.Zone: "z"} })}
	got := c.PortsOfDaemons(intake.NodeInput{Labels: map[string]string{label.Zone: "a"}}, daemons)
	if len(got) != 1 || got[0].Number != 90 {
		t.Errorf("got %v", got)
	}
}
