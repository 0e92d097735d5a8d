// SPDX-License-Identifier: Apache-2.0

package termination_test

import (
	"context"
	"testing"
	"time"

	"github.com/awslabs/operatorpkg/status"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/internal/fixture"
	"karpenter.sh/core/controllers/node/termination"
)

// world has a controller with an evictor that only takes notes.
type world struct {
	*fixture.World
	t          *testing.T
	controller *termination.Controller
	evictor    *evictor
}

func setup(t *testing.T, objects ...client.Object) *world {
	t.Helper()
	w := &world{World: fixture.New(t, objects...), t: t, evictor: &evictor{}}
	w.restart()
	return w
}

// restart replaces the controller by one that remembers nothing.
func (w *world) restart() {
	w.controller = termination.New(termination.Options{
		Client: w.Client, Live: w.Live, Provider: w.Provider, NodeClasses: w.NodeClasses, Clock: w.Clock,
		Recorder: w.Recorder, Nodes: w.Nodes, Evictor: w.evictor, CPUMillis: 1000,
	})
}

// leaving returns a world in which node "a", its NodeClaim and its instance are
// on their way out, drained for long enough if nothing else is there.
func leaving(t *testing.T, objects ...client.Object) *world {
	t.Helper()
	nodeClaim := leavingNodeClaim()
	w := setup(t, append(objects, nodeClaim, leavingNode())...)
	if _, err := w.Provider.Create(t.Context(), nodeClaim); err != nil {
		t.Fatal(err)
	}
	return w
}

func leavingNodeClaim(changes ...func(*v1.NodeClaim)) *v1.NodeClaim {
	return fixture.NodeClaim("a", append([]func(*v1.NodeClaim){fixture.Initialized, fixture.Deleting(time.Now())}, changes...)...)
}

func leavingNode(changes ...func(*corev1.Node)) *corev1.Node {
	return fixture.Node(fixture.NodeClaim("a"), append([]func(*corev1.Node){fixture.DeletingNode(time.Now())}, changes...)...)
}

func (w *world) try() (reconcile.Result, error) {
	return w.controller.Reconcile(context.Background(), reconcile.Request{NamespacedName: fixture.Key("a")})
}

func (w *world) pass() time.Duration {
	w.t.Helper()
	result, err := w.try()
	if err != nil {
		w.t.Fatalf("pass: %v", err)
	}
	return result.RequeueAfter
}

// passes makes a pass now and one after the minimum time of a drain.
func (w *world) passes() time.Duration {
	w.t.Helper()
	w.pass()
	w.Clock.Step(5 * time.Second)
	return w.pass()
}

func (w *world) gone() bool { return !fixture.Exists(w.World, leavingNode()) }

func (w *world) node() *corev1.Node {
	w.t.Helper()
	return fixture.Read(w.World, leavingNode())
}

// condition is status and reason of a condition of the NodeClaim, empty when
// there is none.
func (w *world) condition(conditionType string) string {
	w.t.Helper()
	nodeClaim := fixture.Read(w.World, fixture.NodeClaim("a"))
	if c := nodeClaim.StatusConditions(status.WithObservedOnly()).Get(conditionType); c != nil {
		return string(c.Status) + "/" + c.Reason
	}
	return ""
}

func (w *world) expect(conditionType, want string) {
	w.t.Helper()
	if got := w.condition(conditionType); got != want {
		w.t.Errorf("%s is %q, want %q", conditionType, got, want)
	}
}

// evictor notes what it is given.
type evictor struct {
	submitted []submission
	abandoned []string
}

type submission struct {
	pod      string
	deadline time.Time
	tainted  bool
}

func (e *evictor) Submit(node *corev1.Node, deadline time.Time, pods ...*corev1.Pod) {
	for _, pod := range pods {
		e.submitted = append(e.submitted, submission{pod: pod.Name, deadline: deadline, tainted: len(node.Spec.Taints) > 0})
	}
}

func (e *evictor) Abandon(nodeName string) { e.abandoned = append(e.abandoned, nodeName) }

func (e *evictor) pods() []string {
	var names []string
	for _, s := range e.submitted {
		names = append(names, s.pod)
	}
	return names
}

func conflict(resource string) error {
	return apierrors.NewConflict(schema.GroupResource{Resource: resource}, "n", nil)
}

func deadline(at time.Time) func(*v1.NodeClaim) {
	return func(n *v1.NodeClaim) {
		n.Annotations = map[string]string{v1.NodeClaimTerminationTimestampAnnotationKey: at.Format(time.RFC3339)}
	}
}

func objectMeta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: "default", Name: name}
}
