// SPDX-License-Identifier: Apache-2.0

package lifecycle_test

import (
	"context"
	"sync"
	"testing"

	"github.com/awslabs/operatorpkg/status"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/controllers/internal/fixture"
	"karpenter.sh/core/controllers/nodeclaim/lifecycle"
)

// world is a fixture with the controller in it.
type world struct {
	*fixture.World
	t          *testing.T
	controller *lifecycle.Controller
	health     *health
	announcer  lifecycle.Announcer
	// provider is what the controller gets: the fixture's, or a test's own.
	provider cloudprovider.CloudProvider
}

func setup(t *testing.T, objects ...client.Object) *world {
	t.Helper()
	w := &world{World: fixture.New(t, objects...), t: t, health: &health{}}
	w.provider = w.Provider
	w.restart()
	return w
}

// restart replaces the controller by one that remembers nothing.
func (w *world) restart() {
	vocab, err := vocabulary.New(vocabulary.Additions{
		WellKnownLabels: []string{"example.com/reservation"}, ReservationIDLabel: "example.com/reservation",
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.controller = lifecycle.New(lifecycle.Options{
		Client: w.Client, Live: w.Live, Provider: w.provider, NodeClasses: w.NodeClasses, Vocabulary: vocab,
		Clock: w.Clock, Recorder: w.Recorder, NodeClaims: w.NodeClaims, Nodes: w.Nodes,
		Health: w.health, Announcer: w.announcer, CPUMillis: 1000,
	})
}

// try makes a pass over the NodeClaim of a name.
func (w *world) try(name string) (reconcile.Result, error) {
	return w.controller.Reconcile(context.Background(), reconcile.Request{NamespacedName: fixture.Key(name)})
}

// pass makes a pass that is expected to succeed.
func (w *world) pass(name string) reconcile.Result {
	w.t.Helper()
	result, err := w.try(name)
	if err != nil {
		w.t.Fatalf("pass over %s: %v", name, err)
	}
	return result
}

func (w *world) nodeClaim(name string) *v1.NodeClaim {
	w.t.Helper()
	return fixture.Read(w.World, fixture.NodeClaim(name))
}

func (w *world) condition(name, conditionType string) *status.Condition {
	w.t.Helper()
	condition := w.nodeClaim(name).StatusConditions(status.WithObservedOnly()).Get(conditionType)
	if condition == nil {
		w.t.Fatalf("nodeclaim %s has no condition %s", name, conditionType)
	}
	return condition
}

// expect checks status and reason of a condition.
func (w *world) expect(name, conditionType, want string) {
	w.t.Helper()
	c := w.condition(name, conditionType)
	if got := string(c.Status) + "/" + c.Reason; got != want {
		w.t.Errorf("%s is %s (%s), want %s", conditionType, got, c.Message, want)
	}
}

// disrupted is the number of NodeClaims deleted for a reason.
func (w *world) disrupted(reason string) float64 {
	return w.Metric("karpenter_nodeclaims_disrupted_total", map[string]string{"reason": reason})
}

// health counts the outcomes that it is told.
type health struct {
	mu                  sync.Mutex
	successes, failures int
	err                 error
}

func (h *health) RecordSuccess(context.Context, *v1.NodeClaim) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.successes++
	return h.err
}

func (h *health) RecordFailure(context.Context, *v1.NodeClaim) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failures++
	return h.err
}

func conflict(resource string) error {
	return apierrors.NewConflict(schema.GroupResource{Resource: resource}, "n", nil)
}

// scripted is a provider with another Create.
type scripted struct {
	cloudprovider.CloudProvider
	create func(*v1.NodeClaim) (*v1.NodeClaim, error)
}

func (s scripted) Create(_ context.Context, nodeClaim *v1.NodeClaim) (*v1.NodeClaim, error) {
	return s.create(nodeClaim)
}
