// SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/kwok/provider"
)

// KWOK-002, KWOK-023 to KWOK-025: until the delay is over the machine exists and
// its Node does not; the end of the Create call does not matter.
func TestRegistrationDelay(t *testing.T) {
	w := newWorld(t, settings{delay: "1m30s"})
	ctx, cancel := context.WithCancel(t.Context())
	created, err := w.Create(ctx, nodeClaim("claim"))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	eventually(t, "the registration", w.clock.HasWaiters)
	w.clock.Step(89 * time.Second)
	got, err := w.Get(t.Context(), created.Status.ProviderID)
	if err != nil || got.Status.ProviderID != created.Status.ProviderID {
		t.Errorf("got %v, %v", got, err)
	}
	listed, err := w.List(t.Context())
	if err != nil || len(listed) != 1 || listed[0].Name != created.Status.NodeName || listed[0].CreationTimestamp.IsZero() {
		t.Errorf("listed %v, %v", listed, err)
	}
	if nodes := w.nodes(t); len(nodes) != 0 {
		t.Errorf("%d Nodes too early", len(nodes))
	}
	w.clock.Step(time.Second)
	w.node(t, created)
	if listed, err = w.List(t.Context()); err != nil || len(listed) != 1 {
		t.Errorf("listed %d machines, %v", len(listed), err)
	}
}

func TestRegistrationRetries(t *testing.T) { // KWOK-023
	for failures, appears := range map[int64]bool{3: true, 4: false} {
		t.Run(fmt.Sprint(failures, " failures"), func(t *testing.T) {
			var attempts atomic.Int64
			w := newWorld(t, settings{creates: func() error {
				if attempts.Add(1) <= failures {
					return errDown
				}
				return nil
			}})
			created := w.create(t, nodeClaim("claim"))
			for n := int64(1); n < 4; n++ {
				eventually(t, "a failed attempt", func() bool { return attempts.Load() == n && w.clock.HasWaiters() })
				w.clock.Step(time.Second)
			}
			eventually(t, "the last attempt", func() bool { return attempts.Load() == 4 })
			if appears {
				w.node(t, created)
				return
			}
			if _, err := w.Get(t.Context(), created.Status.ProviderID); err != nil {
				t.Errorf("the machine is left to the registration timeout, but %v", err)
			}
			if len(w.nodes(t)) != 0 || w.clock.HasWaiters() {
				t.Error("tried more than four times")
			}
		})
	}
}

// KWOK-026: a registration is cancelled with its machine.
func TestDeletePending(t *testing.T) {
	w := newWorld(t, settings{delay: "1m"})
	created := w.create(t, nodeClaim("claim"))
	eventually(t, "the registration", w.clock.HasWaiters)
	wantClass(t, w.Delete(t.Context(), created), cloudprovider.ClassNodeClaimNotFound)
	_, err := w.Get(t.Context(), created.Status.ProviderID)
	wantClass(t, err, cloudprovider.ClassNodeClaimNotFound)
	eventually(t, "the end of the registration", func() bool { return !w.clock.HasWaiters() })
	if len(w.nodes(t)) != 0 {
		t.Error("the Node appeared")
	}
}

// KWOK-026: a Node does not appear after its machine is called gone, even when it is
// being created in that moment: Delete waits for it.
func TestDeleteWhileRegistering(t *testing.T) {
	creating, release := make(chan struct{}), make(chan struct{})
	w := newWorld(t, settings{creates: func() error {
		close(creating)
		<-release
		return nil
	}})
	created := w.create(t, nodeClaim("claim"))
	<-creating
	for range 2 {
		wantClass(t, w.Delete(impatient(t), created), cloudprovider.ClassOther)
	}
	close(release)
	wantClass(t, w.Delete(t.Context(), created), cloudprovider.ClassNodeClaimNotFound)
	_, err := w.Get(t.Context(), created.Status.ProviderID)
	wantClass(t, err, cloudprovider.ClassNodeClaimNotFound)
	if len(w.nodes(t)) != 0 {
		t.Error("the Node is left")
	}
}

// impatient is a context of a caller that does not wait.
func impatient(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func TestDelete(t *testing.T) {
	w := newWorld(t, settings{})
	created := w.create(t, nodeClaim("claim"))
	w.node(t, created)
	w.down.Store(true)
	wantClass(t, w.Delete(t.Context(), created), cloudprovider.ClassOther) // KWOK-026
	w.down.Store(false)
	err := w.Delete(t.Context(), created)
	wantClass(t, err, cloudprovider.ClassNodeClaimNotFound) // KWOK-026: in the same call
	if err.Error() != "nodeclaim not found, instance terminated" {
		t.Errorf("got %v", err)
	}
	if len(w.nodes(t)) != 0 {
		t.Error("the Node is left")
	}
	foreign := nodeClaim("foreign")
	foreign.Status.ProviderID = "aws:///zone/i-1"
	wantClass(t, w.Delete(t.Context(), foreign), cloudprovider.ClassNodeClaimNotFound) // CP-025
	wantClass(t, w.Delete(t.Context(), nodeClaim("never")), cloudprovider.ClassNodeClaimNotFound)
}

// KWOK-024, KWOK-025, KWOK-027: a Node under deletion is a machine that is gone
// for Get, and terminating for List; Delete leaves it to core's finalizer.
func TestTerminatingNode(t *testing.T) {
	w := newWorld(t, settings{})
	created := w.create(t, nodeClaim("claim"))
	node := w.node(t, created)
	node.Finalizers = []string{v1.TerminationFinalizer}
	if err := w.api.Update(t.Context(), node); err != nil {
		t.Fatal(err)
	}
	if err := w.api.Delete(t.Context(), node); err != nil {
		t.Fatal(err)
	}
	_, err := w.Get(t.Context(), created.Status.ProviderID)
	wantClass(t, err, cloudprovider.ClassNodeClaimNotFound)
	if listed, err := w.List(t.Context()); err != nil || len(listed) != 1 || listed[0].DeletionTimestamp.IsZero() {
		t.Errorf("listed %v, %v", listed, err)
	}
	wantClass(t, w.Delete(t.Context(), created), cloudprovider.ClassNodeClaimNotFound)
	if len(w.nodes(t)) != 1 {
		t.Error("the Node went before core let it go")
	}
	_, err = w.Create(t.Context(), nodeClaim("claim")) // its name is still taken
	wantClass(t, err, cloudprovider.ClassOther)
}

// CP-022, KWOK-031: a repeated Create leads to the same machine, whether or not
// the process and the Node are the same.
func TestCreateAgain(t *testing.T) {
	w := newWorld(t, settings{delay: "1m"})
	first := w.create(t, nodeClaim("claim"))
	if again := w.create(t, nodeClaim("claim")); again.Status.ProviderID != first.Status.ProviderID {
		t.Errorf("%s, then %s", first.Status.ProviderID, again.Status.ProviderID)
	}
	other := w.restart(t, settings{}) // it knows nothing of the registration
	second, err := other.Create(t.Context(), nodeClaim("claim"))
	if err != nil || second.Status.ProviderID != first.Status.ProviderID || fmt.Sprint(second.Labels) != fmt.Sprint(first.Labels) {
		t.Errorf("got %v, %v, want %v", second, err, first)
	}
	eventually(t, "both registrations", func() bool { return w.clock.Waiters() == 2 })
	w.clock.Step(time.Minute)
	w.node(t, first)
	third := w.restart(t, settings{}) // it finds the Node
	again, err := third.Create(t.Context(), nodeClaim("claim"))
	if err != nil || again.Status.ProviderID != first.Status.ProviderID || fmt.Sprint(again.Labels) != fmt.Sprint(first.Labels) {
		t.Errorf("got %v, %v, want %v", again, err, first)
	}
	if len(w.nodes(t)) != 1 {
		t.Errorf("%d Nodes", len(w.nodes(t)))
	}
}

// KWOK-031: the Node of a launched NodeClaim is made again under the same name,
// after what is left of the delay.
func TestResume(t *testing.T) {
	w := newWorld(t, settings{delay: "1m", noStart: true})
	claim := nodeClaim("claim")
	created := w.create(t, claim)
	claim.Labels, claim.Annotations, claim.Status = created.Labels, created.Annotations, created.Status // what core stores
	claim.Status.NodeName = ""
	launched := w.clock.Now()
	w.clock.Step(40 * time.Second)

	after := w.restart(t, settings{})
	if err := after.Resume(t.Context(), claim, launched); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the registration", w.clock.HasWaiters)
	w.clock.Step(19 * time.Second)
	if len(w.nodes(t)) != 0 {
		t.Error("the Node came too early")
	}
	w.clock.Step(time.Second)
	node := w.node(t, created)
	if node.Spec.ProviderID != created.Status.ProviderID || fmt.Sprint(node.Labels) != fmt.Sprint(created.Labels) ||
		node.Spec.Taints[0] != v1.UnregisteredTaint() {
		t.Errorf("got %+v", node)
	}
	wantResources(t, node.Status.Capacity, created.Status.Capacity)
	wantResources(t, node.Status.Allocatable, created.Status.Allocatable)
	if err := after.Resume(t.Context(), claim, launched); err != nil || len(w.nodes(t)) != 1 {
		t.Errorf("resuming twice: %v", err)
	}
}

// KWOK-025
func TestListSkipsForeignNodes(t *testing.T) {
	w := newWorld(t, settings{})
	for name, id := range map[string]string{"a": "", "b": "aws:///zone/i-1", "c": "kwok-aws:///zone/i-1"} {
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.NodeSpec{ProviderID: id}}
		if err := w.api.Create(t.Context(), node); err != nil {
			t.Fatal(err)
		}
	}
	if listed, err := w.List(t.Context()); err != nil || len(listed) != 0 {
		t.Errorf("listed %v, %v", listed, err)
	}
}

// KWOK-032: Create makes no call to the API server, and many at once are one
// Node each.
func TestCreateMany(t *testing.T) {
	w := newWorld(t, settings{noStart: true})
	const launches = 500
	var running sync.WaitGroup
	for i := range launches {
		running.Go(func() {
			if _, err := w.Create(t.Context(), nodeClaim(fmt.Sprint("claim-", i))); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
	if n := w.calls.Load(); n != 0 {
		t.Errorf("%d calls", n)
	}
	start(t, w.Provider)
	eventually(t, "the Nodes", func() bool { return len(w.nodes(t)) == launches })
	if n := w.calls.Load(); n != launches {
		t.Errorf("%d calls for %d Nodes", n, launches)
	}
}

func TestProviderIDs(t *testing.T) { // KWOK-001
	if !provider.IsProviderID("kwok://node") || provider.IsProviderID("kwok-aws:///z/i") || provider.NodeName("kwok://node") != "node" {
		t.Error("kwok://<node name>")
	}
}
