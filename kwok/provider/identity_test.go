// SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
)

// CP-022: two launches of one NodeClaim at the same time are one machine.
func TestCreateAtOnce(t *testing.T) {
	w := newWorld(t, settings{types: reservedTypes, noStart: true})
	onDemand := in(label.CapacityType, "on-demand")
	var faster metav1.Time
	w.lists = func(client.ObjectList) {
		w.lists = nil
		faster = w.create(t, nodeClaim("claim", onDemand)).CreationTimestamp
		w.clock.Step(time.Second)
	}
	slower := w.create(t, nodeClaim("claim", onDemand)).CreationTimestamp
	if faster.IsZero() || !slower.Equal(&faster) {
		t.Errorf("one machine was created at %v and at %v", faster, slower)
	}
}

// KWOK-026: a Node of the name that is not of the machine stays.
func TestDeleteNamesake(t *testing.T) {
	w := newWorld(t, settings{})
	namesake := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n", UID: "another"}, Spec: corev1.NodeSpec{ProviderID: "aws:///zone/i-1"}}
	if err := w.api.Create(t.Context(), namesake); err != nil {
		t.Fatal(err)
	}
	gone := nodeClaim("gone")
	gone.Status.ProviderID = "kwok://n"
	_, err := w.Get(t.Context(), gone.Status.ProviderID)
	wantClass(t, err, cloudprovider.ClassNodeClaimNotFound)
	wantClass(t, w.Delete(t.Context(), gone), cloudprovider.ClassNodeClaimNotFound)
	if len(w.nodes(t)) != 1 {
		t.Error("the Node of another machine is deleted")
	}
}

// KWOK-026: of a machine that is given up no Node stays, not even one that another
// process has registered.
func TestDeleteWhileAnotherRegisters(t *testing.T) {
	var attempts atomic.Int64
	deleted := make(chan struct{})
	register := sync.OnceFunc(func() { close(deleted) })
	w := newWorld(t, settings{creates: func() error {
		attempts.Add(1)
		<-deleted
		return nil
	}})
	t.Cleanup(register)
	created := w.create(t, nodeClaim("claim"))
	eventually(t, "the registration", func() bool { return attempts.Load() == 1 })
	wantClass(t, w.Delete(impatient(t), created), cloudprovider.ClassOther)
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: created.Status.NodeName, UID: "theirs"}}
	node.Spec.ProviderID = created.Status.ProviderID
	if err := w.api.Create(t.Context(), node); err != nil {
		t.Fatal(err)
	}
	register()
	eventually(t, "the Node's deletion", func() bool { return len(w.nodes(t)) == 0 })
}

// KWOK-026, CP-022: a machine that is launched again after it was given up has a Node
// of its own, whenever the one before it comes to its end.
func TestCreateAfterDelete(t *testing.T) {
	var attempts atomic.Int64
	turns := []chan struct{}{make(chan struct{}), make(chan struct{})}
	goOn := []func(){sync.OnceFunc(func() { close(turns[0]) }), sync.OnceFunc(func() { close(turns[1]) })}
	w := newWorld(t, settings{creates: func() error {
		<-turns[attempts.Add(1)-1]
		return nil
	}})
	t.Cleanup(goOn[0])
	t.Cleanup(goOn[1])
	first := w.create(t, nodeClaim("claim"))
	eventually(t, "the first registration", func() bool { return attempts.Load() == 1 })
	wantClass(t, w.Delete(impatient(t), first), cloudprovider.ClassOther)
	second := w.create(t, nodeClaim("claim"))
	eventually(t, "the second registration", func() bool { return attempts.Load() == 2 })
	calls := w.calls.Load()
	goOn[0]()
	eventually(t, "the deletion of the first Node", func() bool { return w.calls.Load() == calls+1 && len(w.nodes(t)) == 0 })
	goOn[1]()
	w.node(t, second)
	if _, err := w.Get(t.Context(), second.Status.ProviderID); err != nil {
		t.Error(err)
	}
}

// KWOK-026: Delete waits for the Node that is being created now, also if an earlier
// creation under its name has ended meanwhile.
func TestDeleteLaunchedAgain(t *testing.T) {
	var attempts atomic.Int64
	turns := []chan struct{}{make(chan struct{}), make(chan struct{})}
	w := newWorld(t, settings{creates: func() error {
		<-turns[attempts.Add(1)-1]
		return nil
	}})
	goOn := sync.OnceFunc(func() { close(turns[1]) })
	t.Cleanup(goOn)
	first := w.create(t, nodeClaim("claim"))
	eventually(t, "the first registration", func() bool { return attempts.Load() == 1 })
	wantClass(t, w.Delete(impatient(t), first), cloudprovider.ClassOther)
	second := w.create(t, nodeClaim("claim"))
	eventually(t, "the second registration", func() bool { return attempts.Load() == 2 })
	calls := w.calls.Load()
	close(turns[0])
	eventually(t, "the deletion of the first Node", func() bool { return w.calls.Load() == calls+1 && len(w.nodes(t)) == 0 })
	time.Sleep(10 * time.Millisecond) // for the first creation to end
	wantClass(t, w.Delete(impatient(t), second), cloudprovider.ClassOther)
	goOn()
	wantClass(t, w.Delete(t.Context(), second), cloudprovider.ClassNodeClaimNotFound)
	if len(w.nodes(t)) != 0 {
		t.Error("the Node is left")
	}
}
