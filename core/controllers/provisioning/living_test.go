// SPDX-License-Identifier: Apache-2.0

package provisioning_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/awslabs/operatorpkg/status"
	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
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
	"karpenter.sh/core/intake"
)

// step is how much time passes between two looks at the living world.
const step = 10 * time.Second

// living is a world that goes on: machines start and turn out to be what they
// really are, a scheduler binds pods, empty nodes go.
type living struct {
	*world
	clock    *clocktesting.FakeClock
	began    time.Time
	machines []*machine
	launched map[string]int // nodes bought, by pool
	pods     map[string]*corev1.Pod
	claims   int
	version  int

	// really says what a machine turns out to be, given what was promised.
	really func(*machine)
	// attachable is how many claims of the driver a node attaches; 0: any number.
	attachable int
	// private is a rule of the scheduler's own: why it refuses, or empty.
	private func(*machine, *corev1.Pod) string
}

type machine struct {
	claim *v1.NodeClaim
	node  *corev1.Node
	// initialized says that nothing keeps it from being ready.
	initialized bool
	// daemon is what a daemon takes that drives pods away; late is how long after
	// the start the machine changes, and change how.
	daemon corev1.ResourceList
	change func(*corev1.Node)
	born   time.Time
	empty  time.Time
}

func newLiving(t *testing.T, objects ...client.Object) *living {
	t.Helper()
	l := &living{
		world: newWorld(t, objects...), clock: clocktesting.NewFakeClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)),
		launched: map[string]int{}, pods: map[string]*corev1.Pod{}, really: func(*machine) {},
		private: func(*machine, *corev1.Pod) string { return "" },
	}
	l.began = l.clock.Now()
	l.restart()
	return l
}

// restart begins a new process: it knows what the API server has.
func (l *living) restart() {
	l.t.Helper()
	registry := prometheus.NewRegistry()
	c, err := cluster.New(cluster.Options{
		Clock: l.clock, Compiler: intake.New(intake.Options{Vocabulary: fake.Vocabulary()}),
		Inventory: &l.synced, Registerer: registry, Log: logr.Discard(),
	})
	l.must(err)
	options := l.subject.Options
	options.Cluster, options.Clock = c, l.clock
	l.cluster, l.subject = c, provisioning.New(options)
	for _, m := range l.machines {
		l.tell(m)
		if m.node != nil {
			l.show(m)
		}
	}
	for _, p := range l.pods {
		l.cluster.UpdatePod(p.DeepCopy(), l.resolution(p))
	}
}

func (l *living) resolution(p *corev1.Pod) volume.Resolution {
	return volume.NewResolver(l.client).Resolve(l.t.Context(), p)
}

// tell tells the model of a machine's NodeClaim in a version of its own.
func (l *living) tell(m *machine) {
	l.version++
	claim := m.claim.DeepCopy()
	claim.ResourceVersion = strconv.Itoa(1_000_000 + l.version)
	l.cluster.UpdateNodeClaim(claim)
}

// show tells the model of a machine's Node.
func (l *living) show(m *machine) {
	if l.attachable > 0 {
		n := int32(l.attachable)
		l.cluster.UpdateCSINode(&storagev1.CSINode{
			ObjectMeta: metav1.ObjectMeta{Name: m.node.Name},
			Spec: storagev1.CSINodeSpec{Drivers: []storagev1.CSINodeDriver{{
				Name: driver, NodeID: m.node.Name, Allocatable: &storagev1.VolumeNodeResources{Count: &n},
			}}},
		})
	}
	l.cluster.UpdateNode(m.node.DeepCopy())
}

// add lets pods wait.
func (l *living) add(pods ...*corev1.Pod) {
	l.t.Helper()
	for _, p := range pods {
		p.CreationTimestamp = metav1.NewTime(l.clock.Now())
		l.must(l.client.Create(l.t.Context(), p))
		l.pods[p.Name] = p
	}
}

// run lets time pass.
func (l *living) run(d time.Duration) {
	l.t.Helper()
	for end := l.clock.Now().Add(d); l.clock.Now().Before(end); l.clock.Step(step) {
		l.start()
		l.age()
		l.schedule()
		l.tidy()
		if l.waiting() > 0 {
			l.must(l.turn())
		}
	}
}

func (l *living) waiting() (n int) {
	for _, p := range l.pods {
		if p.Spec.NodeName == "" {
			n++
		}
	}
	return n
}

// turn is one round.
func (l *living) turn() error {
	l.subject.Trigger(types.UID(l.clock.Now().String()))
	done := make(chan error, 1)
	go func() {
		_, err := l.subject.Reconcile(l.t.Context())
		done <- err
	}()
	for deadline := time.After(patience); ; {
		select {
		case err := <-done:
			return err
		case <-deadline:
			return errNoRound
		case <-time.After(100 * time.Microsecond):
			l.clock.Step(time.Millisecond)
		}
	}
}

func truth(kind string, at time.Time) status.Condition {
	return status.Condition{Type: kind, Status: metav1.ConditionTrue, Reason: kind, LastTransitionTime: metav1.NewTime(at)}
}

// start launches what was asked for.
func (l *living) start() {
	for _, nc := range l.nodeClaims() {
		if slices.ContainsFunc(l.machines, func(m *machine) bool { return m.claim.Name == nc.Name }) {
			continue
		}
		claim := nc.DeepCopy()
		created, err := l.provider.Create(l.t.Context(), claim.DeepCopy())
		l.must(err)
		for k, v := range created.Labels {
			claim.Labels[k] = v
		}
		claim.CreationTimestamp = metav1.NewTime(l.clock.Now())
		claim.Status = created.Status
		claim.Status.Conditions = []status.Condition{truth(v1.ConditionTypeLaunched, l.clock.Now())}
		m := &machine{claim: claim, born: l.clock.Now()}
		l.machines = append(l.machines, m)
		l.tell(m)
		l.launched[claim.Labels[v1.NodePoolLabelKey]]++
	}
}

// age brings machines on: they join half a minute after their launch, and change
// half a minute after that.
func (l *living) age() {
	now := l.clock.Now()
	for _, m := range l.machines {
		switch {
		case m.node == nil && now.Sub(m.born) >= 30*time.Second:
			l.join(m)
		case m.node != nil && m.change != nil && now.Sub(m.born) >= time.Minute:
			m.change(m.node)
			m.change = nil
			l.show(m)
		}
	}
}

func (l *living) join(m *machine) {
	labels := map[string]string{corev1.LabelHostname: m.claim.Name, v1.NodeRegisteredLabelKey: "true"}
	for k, v := range m.claim.Labels {
		labels[k] = v
	}
	m.node = &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: m.claim.Name, Labels: labels, CreationTimestamp: metav1.NewTime(l.clock.Now())},
		Spec:       corev1.NodeSpec{ProviderID: m.claim.Status.ProviderID, Taints: m.claim.Spec.Taints},
		Status:     corev1.NodeStatus{Capacity: m.claim.Status.Capacity.DeepCopy(), Allocatable: m.claim.Status.Allocatable.DeepCopy()},
	}
	m.initialized = true
	l.really(m)
	m.claim.Status.NodeName = m.node.Name
	m.claim.Status.Conditions = append(m.claim.Status.Conditions, truth(v1.ConditionTypeRegistered, l.clock.Now()))
	if m.initialized {
		m.node.Labels[v1.NodeInitializedLabelKey] = "true"
		m.claim.Status.Conditions = append(m.claim.Status.Conditions, truth(v1.ConditionTypeInitialized, l.clock.Now()))
	} else {
		m.claim.Status.Conditions = append(m.claim.Status.Conditions, status.Condition{
			Type: v1.ConditionTypeInitialized, Status: metav1.ConditionUnknown, Reason: "ResourceNotRegistered", Message: "the device is missing",
		})
	}
	l.tell(m)
	l.show(m)
}

// schedule binds pods where they fit, and lets daemons drive them away.
func (l *living) schedule() {
	for _, m := range l.machines {
		if m.node == nil || m.daemon == nil || l.find("daemon-"+m.node.Name) != nil {
			continue
		}
		if m.empty.IsZero() && len(l.on(m)) == 0 {
			continue // it comes once a pod is there
		}
		l.drive(m)
	}
	for _, name := range sortedNames(l.pods) {
		if p := l.pods[name]; p.Spec.NodeName == "" {
			l.place(p)
		}
	}
}

func sortedNames(pods map[string]*corev1.Pod) []string {
	out := make([]string, 0, len(pods))
	for name := range pods {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func (l *living) find(name string) *corev1.Pod { return l.pods[name] }

func (l *living) on(m *machine) (out []*corev1.Pod) {
	for _, name := range sortedNames(l.pods) {
		if p := l.pods[name]; m.node != nil && p.Spec.NodeName == m.node.Name && !isDaemon(p) {
			out = append(out, p)
		}
	}
	return out
}

func isDaemon(p *corev1.Pod) bool {
	return len(p.OwnerReferences) > 0 && p.OwnerReferences[0].Kind == "DaemonSet"
}

// drive binds the machine's daemon and gives the pods there, which it preempts,
// successors of other names.
func (l *living) drive(m *machine) {
	l.putOff(m, corev1.PodReasonPreemptionByScheduler)
	d := pendingPod("daemon-"+m.node.Name, "1", on(m.node.Name), func(p *corev1.Pod) {
		p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "DaemonSet", Name: "d", UID: "d"}}
		p.Spec.Containers[0].Resources.Requests = m.daemon
	})
	l.add(d)
	l.cluster.UpdatePod(d.DeepCopy(), volume.Resolution{Settled: true})
}

// putOff takes the pods off a machine, for this reason, and gives them successors.
func (l *living) putOff(m *machine, reason string) {
	for _, p := range l.on(m) {
		p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{
			Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: reason,
		})
		l.must(l.client.Status().Update(l.t.Context(), p))
		l.cluster.UpdatePod(p.DeepCopy(), volume.Resolution{Settled: true})
		l.must(l.client.Delete(l.t.Context(), p))
		l.cluster.DeletePod(client.ObjectKeyFromObject(p))
		delete(l.pods, p.Name)
		l.claims++
		again := pendingPod(fmt.Sprintf("again-%d", l.claims), "1")
		again.Spec = *p.Spec.DeepCopy()
		again.Spec.NodeName, again.OwnerReferences = "", p.OwnerReferences
		l.add(again)
	}
}

// giveUp does with all machines what disruption does with nodes that have drifted.
func (l *living) giveUp() {
	for _, m := range l.machines {
		l.cluster.MarkForDeletion(m.claim.Status.ProviderID)
		l.putOff(m, "EvictionByEvictionAPI")
		l.must(l.client.Delete(l.t.Context(), m.claim))
		l.cluster.DeleteNodeClaim(m.claim.Name)
		l.cluster.DeleteNode(m.node.Name)
	}
	l.machines = nil
}

func (l *living) place(p *corev1.Pod) {
	why := "0 nodes are available"
	for _, m := range l.machines {
		if m.node == nil || !m.initialized {
			continue
		}
		if why = l.refuses(m, p); why == "" {
			l.bind(p, m.node.Name)
			return
		}
	}
	p.Status.Conditions[0].Message = why
	l.must(l.client.Status().Update(l.t.Context(), p))
}

func (l *living) bind(p *corev1.Pod, node string) {
	p.Spec.NodeName = node
	l.must(l.client.Update(l.t.Context(), p))
	p.Status.Phase = corev1.PodRunning
	p.Status.Conditions[0] = corev1.PodCondition{
		Type: corev1.PodScheduled, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(l.clock.Now()),
	}
	l.must(l.client.Status().Update(l.t.Context(), p))
	l.cluster.UpdatePod(p.DeepCopy(), l.resolution(p))
}

// refuses is why a node does not take a pod; empty if it does.
func (l *living) refuses(m *machine, p *corev1.Pod) string {
	if why := l.private(m, p); why != "" {
		return why
	}
	for _, t := range m.node.Spec.Taints {
		if !slices.ContainsFunc(p.Spec.Tolerations, func(tol corev1.Toleration) bool { return tol.Key == t.Key }) {
			return "untolerated taint " + t.Key
		}
	}
	for k, v := range p.Spec.NodeSelector {
		if m.node.Labels[k] != v {
			return "node selector"
		}
	}
	free := m.node.Status.Allocatable.DeepCopy()
	claims := len(p.Spec.Volumes)
	for _, other := range l.pods {
		if other.Spec.NodeName == m.node.Name {
			claims += len(other.Spec.Volumes)
			take(free, other)
		}
	}
	take(free, p)
	for name, left := range free {
		if left.Sign() < 0 {
			return "Insufficient " + string(name)
		}
	}
	if l.attachable > 0 && claims > l.attachable {
		return "node(s) exceed max volume count"
	}
	return ""
}

func take(free corev1.ResourceList, p *corev1.Pod) {
	for name, q := range p.Spec.Containers[0].Resources.Requests {
		left := free[name]
		left.Sub(q)
		free[name] = left
	}
}

// tidy gives up nodes that are empty for half a minute, unless pods are expected
// there, and those that are not ready after a quarter of an hour.
func (l *living) tidy() {
	now := l.clock.Now()
	nominated := map[string]bool{}
	for _, n := range l.cluster.Snapshot().Nodes() {
		nominated[n.Name()] = n.Nominated(now)
	}
	l.machines = slices.DeleteFunc(l.machines, func(m *machine) bool {
		switch {
		case m.node == nil:
			return false
		case len(l.on(m)) > 0:
			m.empty = time.Time{}
			return false
		case m.empty.IsZero():
			m.empty = now
		}
		idle := m.initialized && now.Sub(m.empty) >= 30*time.Second && !nominated[m.node.Name]
		if !idle && (m.initialized || now.Sub(m.born) < 15*time.Minute) {
			return false
		}
		l.must(l.client.Delete(l.t.Context(), m.claim))
		l.cluster.DeleteNodeClaim(m.claim.Name)
		l.cluster.DeleteNode(m.node.Name)
		if d := l.find("daemon-" + m.node.Name); d != nil {
			l.must(l.client.Delete(l.t.Context(), d))
			l.cluster.DeletePod(client.ObjectKeyFromObject(d))
			delete(l.pods, d.Name)
		}
		return true
	})
}

// bought is how many nodes there have been.
func (l *living) bought() (n int) {
	for _, of := range l.launched {
		n += of
	}
	return n
}

// replica is a pod of a ReplicaSet.
func replica(name, owner, cpu string, change ...func(*corev1.Pod)) *corev1.Pod {
	yes := true
	p := pendingPod(name, cpu, change...)
	p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: owner, UID: types.UID(owner), Controller: &yes}}
	return p
}

func asking(name corev1.ResourceName, amount string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Spec.Containers[0].Resources.Requests[name] = resource.MustParse(amount) }
}

// less makes a machine offer less of a resource than promised, in percent.
func less(m *machine, name corev1.ResourceName, percent int64) {
	q := m.node.Status.Allocatable[name]
	m.node.Status.Allocatable[name] = *resource.NewMilliQuantity(q.MilliValue()/100*(100-percent), q.Format)
}
