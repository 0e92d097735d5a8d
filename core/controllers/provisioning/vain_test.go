// SPDX-License-Identifier: Apache-2.0

package provisioning_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/cloudprovider/fake"
)

// handful is the most nodes that one pod may cause in an hour, whatever the world
// does.
const handful = 5

// wrong is a way in which the world is not what the catalogue says.
type wrong struct {
	why        string
	objects    []client.Object
	pod        func(*corev1.Pod)
	cpu        string
	really     func(*machine)
	attachable int
	private    func(*machine, *corev1.Pod) string
	told       string // part of what the pod is told in the end
}

func waysToBeWrong() []wrong {
	gpu := corev1.ResourceName("example.com/gpu")
	return []wrong{
		{
			why: "no node has the CPU that its type promises", cpu: "60", told: "Insufficient cpu",
			really: func(m *machine) { less(m, corev1.ResourceCPU, 20) },
		},
		{
			why: "nodes have 19Gi of storage instead of 20", cpu: "1", pod: asking(corev1.ResourceEphemeralStorage, "19500Mi"), told: "Insufficient ephemeral-storage",
			really: func(m *machine) {
				m.node.Status.Allocatable[corev1.ResourceEphemeralStorage] = resource.MustParse("19Gi")
			},
		},
		{
			why: "a device never registers", cpu: "1", pod: asking(gpu, "1"), told: "does not get ready: the device is missing",
			really: func(m *machine) {
				m.node.Status.Allocatable[gpu] = resource.MustParse("0")
				m.initialized = false
			},
		},
		{
			why: "a taint appears once the node is ready", cpu: "60", told: "untolerated taint",
			really: func(m *machine) {
				m.node.Spec.Taints = append(m.node.Spec.Taints, corev1.Taint{Key: "example.com/late", Effect: corev1.TaintEffectNoSchedule})
			},
		},
		{
			why: "a daemon that a webhook makes larger drives the pod away", cpu: "40", told: "Insufficient cpu",
			really: func(m *machine) {
				q := m.node.Status.Allocatable[corev1.ResourceCPU]
				m.daemon = corev1.ResourceList{corev1.ResourceCPU: *resource.NewMilliQuantity(q.MilliValue()/4*3, resource.DecimalSI)}
			},
		},
		{
			why: "nodes attach two volumes, the pod has three", cpu: "1", pod: using("a", "b", "c"), attachable: 2, told: driver,
			objects: []client.Object{storageClass("any"), volumeClaim("a", "any"), volumeClaim("b", "any"), volumeClaim("c", "any")},
		},
		{why: "the scheduler has a rule of its own", cpu: "1", told: "a rule of its own", private: refusesAll},
	}
}

// SCH-300, SCH-301, SCH-302: one pod never causes more than a handful of nodes,
// whatever the world does, and it is told why it waits; other workloads get what
// they need at once.
func TestNobodyBuysWithoutEnd(t *testing.T) {
	for _, tc := range waysToBeWrong() {
		t.Run(tc.why, func(t *testing.T) {
			l := newLiving(t, append(tc.objects, readyPool("default"))...)
			l.provider.SetInstanceTypes(append(fake.DefaultInstanceTypes(), fake.NewInstanceType(fake.TypeSpec{
				Name: "test-gpu", CPU: 8, Memory: 32, Price: 9, Resources: corev1.ResourceList{"example.com/gpu": resource.MustParse("1")},
			}))...)
			if tc.really != nil {
				l.really = tc.really
			}
			if tc.private != nil {
				l.private = tc.private
			}
			l.attachable = tc.attachable
			change := func(*corev1.Pod) {}
			if tc.pod != nil {
				change = tc.pod
			}
			l.add(replica("victim", "victim", tc.cpu, change))
			l.run(time.Hour)
			if n := l.bought(); n == 0 || n > handful {
				t.Errorf("%d nodes in an hour, want 1 to %d", n, handful)
			}
			if got := l.lastTold(); !strings.Contains(got, tc.told) {
				t.Errorf("told %q, want it to name %q", got, tc.told)
			}
			before := l.bought()
			l.really, l.attachable = func(*machine) {}, 0
			l.add(replica("other", "other", "1", func(p *corev1.Pod) {
				p.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists, Key: "example.com/late"}}
			}))
			l.run(2 * time.Minute)
			if l.pods["other"].Spec.NodeName == "" {
				t.Errorf("another workload waits after %d nodes, %d more", before, l.bought()-before)
			}
		})
	}
}

// lastTold is all that pods were told of late why they get nothing.
func (l *living) lastTold() string {
	var out []string
	for _, reason := range []string{"FailedScheduling", "LaunchedInVain"} {
		if told := l.recorder.Of(reason); len(told) > 0 {
			out = append(out, told[len(told)-1].Message)
		}
	}
	return strings.Join(out, "; ")
}

// SCH-302: another pool that holds the pod is tried at once.
func TestAnotherPoolServesAtOnce(t *testing.T) {
	weight := int32(10)
	wanted := readyPool("wanted")
	wanted.Spec.Weight = &weight
	l := newLiving(t, wanted, readyPool("spare"))
	l.really = func(m *machine) {
		if m.claim.Labels["karpenter.sh/nodepool"] == "wanted" {
			m.node.Spec.Taints = append(m.node.Spec.Taints, corev1.Taint{Key: "example.com/late", Effect: corev1.TaintEffectNoSchedule})
		}
	}
	l.add(replica("a", "a", "60"))
	l.run(5 * time.Minute)
	if l.pods["a"].Spec.NodeName == "" || l.launched["wanted"] > 2 || l.launched["spare"] != 1 {
		t.Errorf("the pod is on %q after launches %v", l.pods["a"].Spec.NodeName, l.launched)
	}
}

// SCH-301: growth is not in vain, however fast it is.
func TestGrowthIsNeverHeldBack(t *testing.T) {
	l := newLiving(t, readyPool("default"))
	for i := range 20 {
		l.add(replica("web-"+string(rune('a'+i)), "web", "60"))
		l.run(time.Minute)
	}
	if n := l.waiting(); n > 1 {
		t.Errorf("%d of 20 pods wait, want at most the one that was added last", n)
	}
	if n := len(l.recorder.Of("LaunchedInVain")); n > 0 {
		t.Errorf("%d launches were called in vain", n)
	}
}

// SCH-301: pods that run to their end, or that are deleted, leave nodes that were
// of use.
func TestJobsAreNeverHeldBack(t *testing.T) {
	l := newLiving(t, readyPool("default"))
	for i := range 12 {
		name := "run-" + string(rune('a'+i))
		l.add(replica(name, "job", "60"))
		l.run(time.Minute)
		p := l.pods[name]
		if p.Spec.NodeName == "" {
			t.Fatalf("run %d waits after a minute", i)
		}
		p.Status.Phase = corev1.PodSucceeded
		l.must(l.client.Status().Update(t.Context(), p))
		l.cluster.UpdatePod(p.DeepCopy(), l.resolution(p))
		delete(l.pods, name)
		l.run(2 * time.Minute) // the node goes
	}
	if n := len(l.recorder.Of("LaunchedInVain")); n > 0 {
		t.Errorf("%d launches were called in vain", n)
	}
}

// SCH-301: nodes that are given up soon after their pods came, such as those of a pool
// whose template changes, were launched for good reason.
func TestNodesThatDisruptionGivesUpAreNotInVain(t *testing.T) {
	l := newLiving(t, readyPool("default"))
	for i := range 4 {
		l.add(replica("web-"+string(rune('a'+i)), "web", "60"))
	}
	for i := range 6 {
		l.run(45 * time.Second)
		if n := l.waiting(); n > 0 {
			t.Fatalf("%d of 4 pods wait, after their nodes were given up %d times", n, i)
		}
		l.giveUp()
	}
	if n := len(l.recorder.Of("LaunchedInVain")); n > 0 {
		t.Errorf("%d launches were called in vain", n)
	}
}

// SCH-300: what nodes teach that still exist survives the process.
func TestRestartDoesNotBeginAnew(t *testing.T) {
	l := newLiving(t, readyPool("default"))
	l.really = func(m *machine) {
		m.node.Status.Allocatable[corev1.ResourceEphemeralStorage] = resource.MustParse("19Gi")
	}
	storage := asking(corev1.ResourceEphemeralStorage, "19500Mi")
	l.add(replica("small", "small", "1"), replica("victim", "victim", "1", storage))
	l.run(30 * time.Minute)
	before := l.bought()
	l.restart()
	l.run(30 * time.Minute)
	if n := l.bought(); n > before+handful || n > handful+3 {
		t.Errorf("%d nodes, %d of them before the restart", n, before)
	}
}

// SCH-303, SCH-304, OPS-296, OPS-297: pod and pool are told with the words of the scheduler, and so
// is the node that should hold the pod.
func TestVainLaunchesAreTold(t *testing.T) {
	l := newLiving(t, readyPool("default"))
	l.private = refusesAll
	l.add(replica("a", "a", "1"))
	l.run(5 * time.Minute)
	for _, want := range []struct {
		reason, kind string
		count        int
	}{
		{"LaunchedInVain", "*v1.Pod", 1}, {"LaunchedInVain", "*v1.NodePool", 1},
		{"SchedulerDisagrees", "*v1.Pod", 1}, {"SchedulerDisagrees", "*v1.Node", 1},
	} {
		n := 0
		for _, e := range l.recorder.Of(want.reason) {
			if fmt.Sprintf("%T", e.Object) == want.kind {
				n++
				if !strings.Contains(e.Message, "a rule of its own") || e.Type != corev1.EventTypeWarning {
					t.Errorf("%s: got %+v", want.reason, e)
				}
			}
		}
		if n != want.count {
			t.Errorf("%d events %s on %s, want %d", n, want.reason, want.kind, want.count)
		}
	}
	if n := l.bought(); n != 1 {
		t.Errorf("%d nodes in five minutes, want 1: there is room on the first", n)
	}
	l.run(5 * time.Minute)
	if n := l.bought(); n != 2 {
		t.Errorf("%d nodes in ten minutes, want another one to be tried", n)
	}
}

// SCH-304, SCH-135: a pod that others must make room for is told so.
func TestWhatOthersMustMakePossibleIsTold(t *testing.T) {
	l := newLiving(t, readyPool("default"))
	l.private = refusesAll
	leader := map[string]string{"app": "leader"}
	l.add(replica("leader", "leader", "2", func(p *corev1.Pod) { p.Labels = leader }), replica("follower", "follower", "1", func(p *corev1.Pod) {
		p.Spec.Affinity = &corev1.Affinity{PodAffinity: &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
			TopologyKey: corev1.LabelHostname, LabelSelector: &metav1.LabelSelector{MatchLabels: leader},
		}}}}
	}))
	l.run(5 * time.Minute)
	const first = "once other pods have their place (until then node \""
	told := map[string]bool{}
	for _, e := range l.recorder.Of("SchedulerDisagrees") {
		if pod, ok := e.Object.(*corev1.Pod); ok {
			told[pod.Name] = strings.Contains(e.Message, first) && strings.Contains(e.Message, "no pod matches its required affinity app=leader)")
		}
	}
	if alone, ok := told["leader"]; alone || !ok || !told["follower"] {
		t.Errorf("got %+v", l.recorder.Of("SchedulerDisagrees"))
	}
}

func refusesAll(_ *machine, p *corev1.Pod) string {
	if p.Name == "other" {
		return ""
	}
	return "a rule of its own"
}
