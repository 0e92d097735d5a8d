// SPDX-License-Identifier: Apache-2.0

package repair_test

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/controllers/internal/fixture"
	"karpenter.sh/core/controllers/nodeclaim/repair"
)

const (
	tolerated = 30 * time.Minute
	// settle is how long a condition must have been seen.
	settle = 10 * time.Second
	retry  = 5 * time.Minute

	deadlineKey = v1.NodeClaimTerminationTimestampAnnotationKey
)

func policies() []cloudprovider.RepairPolicy {
	return []cloudprovider.RepairPolicy{
		{ConditionType: corev1.NodeReady, ConditionStatus: corev1.ConditionFalse, TolerationDuration: tolerated},
		{ConditionType: corev1.NodeReady, ConditionStatus: corev1.ConditionUnknown, TolerationDuration: tolerated},
		{ConditionType: "DiskGood", ConditionStatus: corev1.ConditionFalse},
	}
}

type world struct {
	*fixture.World
	t          *testing.T
	controller *repair.Controller
}

func setup(t *testing.T, objects ...client.Object) *world {
	t.Helper()
	w := &world{World: fixture.New(t, objects...), t: t}
	w.restart()
	return w
}

// restart forgets what a controller remembers.
func (w *world) restart() {
	w.controller = repair.New(repair.Options{
		Client: w.Client, Live: w.Live, Policies: policies(), NodeClasses: w.NodeClasses, Clock: w.Clock,
		Recorder: w.Recorder, NodeClaims: w.NodeClaims, CPUMillis: 1000,
	})
}

// pass looks at a Node once and returns when to look again; 0 is never.
func (w *world) pass(name string) time.Duration {
	w.t.Helper()
	result, err := w.controller.Reconcile(w.t.Context(), reconcile.Request{NamespacedName: fixture.Key(name)})
	if err != nil {
		w.t.Fatal(err)
	}
	return result.RequeueAfter
}

// overdue looks at a Node until its toleration is over, and once more.
func (w *world) overdue(name string) time.Duration {
	w.t.Helper()
	for range 10 {
		after := w.pass(name)
		if after == 0 || after == retry {
			return after
		}
		w.Clock.Step(after)
	}
	w.t.Fatalf("%s is looked at again and again", name)
	return 0
}

// claim is the NodeClaim as it is stored.
func (w *world) claim(name string) *v1.NodeClaim {
	w.t.Helper()
	return fixture.Read(w.World, fixture.NodeClaim(name))
}

// node is the Node as it is stored.
func (w *world) node(name string) *corev1.Node {
	w.t.Helper()
	return fixture.Read(w.World, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}})
}

func (w *world) deleted(name string) bool { return !w.claim(name).DeletionTimestamp.IsZero() }

func (w *world) counted() float64 {
	return w.Metric("karpenter_nodeclaims_disrupted_total", map[string]string{"reason": "unhealthy"})
}

// unhealthy gives a Node a condition since some time before the moment that is now.
func unhealthy(kind corev1.NodeConditionType, status corev1.ConditionStatus, ago time.Duration) func(*corev1.Node) {
	return func(n *corev1.Node) {
		n.Status.Conditions = append(n.Status.Conditions, corev1.NodeCondition{
			Type: kind, Status: status, Reason: "Broken", LastTransitionTime: metav1.NewTime(n.CreationTimestamp.Add(-ago)),
		})
	}
}

// notReady is what most tests take.
func notReady(n *corev1.Node) {
	n.Status.Conditions = nil
	unhealthy(corev1.NodeReady, corev1.ConditionFalse, tolerated)(n)
}

// machine is a NodeClaim with its Node.
func machine(name string, changes ...any) []client.Object {
	claim := fixture.NodeClaim(name, fixture.Initialized)
	var onNode []func(*corev1.Node)
	for _, change := range changes {
		switch change := change.(type) {
		case func(*v1.NodeClaim):
			change(claim)
		case func(*corev1.Node):
			onNode = append(onNode, change)
		default:
			panic(fmt.Sprintf("cannot change a machine with a %T", change))
		}
	}
	return []client.Object{claim, fixture.Node(claim, onNode...)}
}

// machines are healthy ones.
func machines(prefix string, count int, changes ...any) []client.Object {
	var out []client.Object
	for i := range count {
		out = append(out, machine(fmt.Sprintf("%s%d", prefix, i), changes...)...)
	}
	return out
}

func pool() *v1.NodePool {
	return &v1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: fixture.NodePool, UID: "uid-of-pool"}}
}
