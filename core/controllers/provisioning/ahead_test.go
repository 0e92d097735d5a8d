// SPDX-License-Identifier: Apache-2.0

package provisioning_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/controllers/provisioning"
)

// window is a world whose batching window stays open for a second. Its machines
// hold 31 pods of one CPU.
type window struct {
	*world
	clock  *clocktesting.FakeClock
	timers int // of an open window
}

func newWindow(t *testing.T) *window {
	w := newWorld(t, readyPool("default"))
	w.provider.SetInstanceTypes(fake.NewInstanceType(fake.TypeSpec{Name: "large", CPU: 32, Memory: 128}))
	c := clocktesting.NewFakeClock(time.Now())
	options := w.subject.Options
	options.Clock, options.BatchIdle, options.BatchMax = c, time.Second, 10*time.Second
	options.LaunchAhead = true
	w.subject = provisioning.New(options)
	return &window{w, c, 3}
}

// come has pods of one CPU wait, and asks for a round on their behalf.
func (w *window) come(from, to int) {
	w.t.Helper()
	for i := from; i < to; i++ {
		pod := pendingPod(fmt.Sprintf("pod-%02d", i), "1")
		w.must(w.client.Create(w.t.Context(), pod))
		w.subject.Trigger(pod.UID)
	}
}

// after lets time pass and returns once the reconciliation that this ends is over.
func (w *window) after(d time.Duration) error {
	w.t.Helper()
	done := make(chan error, 1)
	go func() {
		_, err := w.subject.Reconcile(log.IntoContext(w.t.Context(), w.log))
		done <- err
	}()
	for deadline := time.Now().Add(patience); w.clock.Waiters() != w.timers; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatal("no window was opened")
		}
	}
	time.Sleep(5 * time.Millisecond) // lets it notice what came
	w.clock.Step(d)
	select {
	case err := <-done:
		return err
	case <-time.After(patience):
		w.t.Fatal("nothing came of the time that passed")
		return nil
	}
}

// planned are the numbers of pods that NodeClaims were created for, by their CPU.
func (w *window) planned() (out []int) {
	for _, nc := range w.nodeClaims() {
		out = append(out, int(nc.Spec.Resources.Requests.Cpu().Value()))
	}
	slices.Sort(out)
	return out
}

func (w *window) expect(want ...int) {
	w.t.Helper()
	if got := w.planned(); !slices.Equal(got, want) {
		w.t.Fatalf("NodeClaims for %v pods, want %v", got, want)
	}
}

// SCH-017, SCH-019: a full machine leaves while the window is open; the round that
// ends the window plans the others.
func TestFullMachinesLeaveAtOnce(t *testing.T) {
	w := newWindow(t)
	w.come(0, 40)
	w.must(w.after(200 * time.Millisecond))
	w.expect(31)
	w.come(40, 50)
	w.must(w.after(200 * time.Millisecond))
	w.expect(31)
	w.must(w.after(time.Second))
	w.expect(19, 31)
}

// SCH-019: nobody is told that nothing fits until the window is closed.
func TestLooksTellNothing(t *testing.T) {
	w := newWindow(t)
	w.come(0, 31)
	huge := pendingPod("huge", "1000")
	w.must(w.client.Create(t.Context(), huge))
	w.must(w.after(200 * time.Millisecond))
	w.expect(31)
	if told := w.recorder.Of("FailedScheduling"); len(told) > 0 {
		t.Errorf("told %v", told)
	}
	w.must(w.after(time.Second))
	if told := w.recorder.Of("FailedScheduling"); len(told) != 1 {
		t.Errorf("told %v, want one event", told)
	}
}

// SCH-019: pods are spoken for, and their node takes no others, also when it is
// launched while the window is open.
func TestLaunchedAheadIsSpokenFor(t *testing.T) {
	w := newWindow(t)
	w.come(0, 31)
	w.must(w.after(200 * time.Millisecond))
	w.expect(31)
	w.launched()
	w.come(31, 40)
	w.must(w.after(time.Second))
	w.expect(9, 31)
}

// SCH-010, SCH-019: once the window is closed the node counts like any other.
func TestWhatLeftIsPlannedWithAfterTheWindow(t *testing.T) {
	w := newWindow(t)
	w.come(0, 31)
	w.must(w.after(200 * time.Millisecond))
	w.launched()
	w.must(w.after(time.Second))
	w.expect(31)
	w.must(w.client.Delete(t.Context(), pendingPod("pod-00", "1")))
	w.come(31, 32)
	w.must(w.after(time.Second))
	w.expect(31)
}

// launched gives the NodeClaim that left its machine.
func (w *window) launched() {
	w.t.Helper()
	claim := w.nodeClaims()[0]
	claim.Status.ProviderID = "x://early"
	claim.Status.Capacity = corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("32"), corev1.ResourceMemory: resource.MustParse("128Gi"), corev1.ResourcePods: resource.MustParse("110"),
	}
	claim.Status.Allocatable = claim.Status.Capacity.DeepCopy()
	claim.Status.Allocatable[corev1.ResourceCPU] = resource.MustParse("31900m")
	claim.ResourceVersion = "1000000"
	w.cluster.UpdateNodeClaim(&claim)
}

// SCH-019: a look that fails costs nothing but time.
func TestALookThatFailsLeavesAllToTheRound(t *testing.T) {
	w := newWindow(t)
	w.failing = func(*v1.NodeClaim) error { return errors.New("no") }
	w.come(0, 40)
	w.must(w.after(200 * time.Millisecond))
	w.expect()
	w.failing = nil
	w.timers = 2 // none for looks
	w.must(w.after(time.Second))
	w.expect(9, 31)
}
