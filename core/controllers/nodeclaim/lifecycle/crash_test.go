// SPDX-License-Identifier: Apache-2.0

package lifecycle_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/controllers/internal/fixture"
)

// LIF-271, LIF-272: whichever write was the last before the process was killed,
// a new process, which remembers nothing, brings the NodeClaim to the same end,
// with one instance.
func TestLaunchConverges(t *testing.T) {
	for writes := range 7 {
		t.Run(fmt.Sprintf("killed after %d writes", writes), func(t *testing.T) {
			w := setup(t, fixture.NodeClaim("a"))
			w.Writes.FailFrom(writes, errors.New("killed"))
			_, _ = w.try("a")
			w.join("a")
			_, _ = w.try("a")
			w.Writes.Reset()
			w.restart()
			for range 3 {
				w.join("a")
				w.pass("a")
			}
			w.expect("a", "Ready", "True/Ready")
			if got := w.Provider.Launches(); got != 1 {
				t.Errorf("%d instances", got)
			}
			if got := w.node("a").Labels[v1.NodeInitializedLabelKey]; got != "true" {
				t.Error("the Node is not marked as initialized")
			}
		})
	}
}

// join creates the Node of the NodeClaim's instance once it is known.
func (w *world) join(name string) {
	w.t.Helper()
	nodeClaim := w.nodeClaim(name)
	node := fixture.Node(nodeClaim, fixture.Unregistered)
	if nodeClaim.Status.ProviderID != "" && !fixture.Exists(w.World, node) {
		w.Add(fixture.Node(nodeClaim, fixture.Unregistered))
	}
}

// LIF-271: the same for the end of a NodeClaim.
func TestFinalizationConverges(t *testing.T) {
	for writes := range 5 {
		t.Run(fmt.Sprintf("killed after %d writes", writes), func(t *testing.T) {
			nodeClaim := fixture.NodeClaim("a", fixture.Registered, fixture.Deleting(time.Now()), func(n *v1.NodeClaim) {
				n.Spec.TerminationGracePeriod = "10m"
			})
			w := setup(t, nodeClaim, fixture.Node(nodeClaim))
			w.launch(nodeClaim)
			w.Writes.FailFrom(writes, errors.New("killed"))
			for range 3 {
				_, _ = w.try("a")
				w.Clock.Step(5 * time.Second)
			}
			w.Writes.Reset()
			w.restart()
			want := nodeClaim.DeletionTimestamp.Add(10 * time.Minute).Format(time.RFC3339)
			for range 5 {
				w.pass("a")
				if !gone(w) {
					if got := w.nodeClaim("a").Annotations[v1.NodeClaimTerminationTimestampAnnotationKey]; got != want {
						t.Errorf("deadline %q, want %q", got, want)
					}
				}
				if node := fixture.Node(nodeClaim); fixture.Exists(w.World, node) && !node.DeletionTimestamp.IsZero() {
					node.Finalizers = nil
					w.Update(node)
				}
				w.Clock.Step(5 * time.Second)
			}
			if !gone(w) {
				t.Error("the NodeClaim is still there")
			}
		})
	}
}

// LIF-082, LIF-271: killed after the labels were stored and before the status;
// the second attempt gets another instance.
func TestLabelsDescribeTheInstance(t *testing.T) {
	w := setup(t, fixture.NodeClaim("a", func(n *v1.NodeClaim) { n.Labels["example.com/team"] = "ours" }))
	attempt := 0
	w.provider = scripted{w.Provider, func(*v1.NodeClaim) (*v1.NodeClaim, error) {
		attempt++
		created := &v1.NodeClaim{}
		created.Status.ProviderID = fmt.Sprintf("fake://instance-%d", attempt)
		created.Labels = map[string]string{
			corev1.LabelInstanceTypeStable: fmt.Sprintf("type-%d", attempt),
			corev1.LabelTopologyZone:       fmt.Sprintf("zone-%d", attempt),
		}
		if attempt == 1 {
			created.Labels["example.com/reservation"] = "r-1"
		}
		return created, nil
	}}
	w.restart()
	w.Writes.FailOnce("patch NodeClaim status", errors.New("killed"))
	if _, err := w.try("a"); err == nil {
		t.Fatal("the write did not fail")
	}
	if got := w.nodeClaim("a").Labels[corev1.LabelTopologyZone]; got != "zone-1" {
		t.Fatalf("the first attempt left zone %q", got)
	}
	w.Writes.Reset()
	w.restart()
	w.pass("a")
	got := w.nodeClaim("a")
	if got.Status.ProviderID != "fake://instance-2" || got.Labels[corev1.LabelInstanceTypeStable] != "type-2" ||
		got.Labels[corev1.LabelTopologyZone] != "zone-2" || got.Labels["example.com/team"] != "ours" {
		t.Errorf("instance %s has labels %v", got.Status.ProviderID, got.Labels)
	}
	if _, ok := got.Labels["example.com/reservation"]; ok {
		t.Error("a label of the first instance is left that the second has not")
	}
}

// LIF-271: killed between the NodeClaim's creation and its finalizer, it is
// deleted without a trace.
func TestDeletedBeforeItBegan(t *testing.T) {
	w := setup(t, fixture.NodeClaim("a"))
	w.Delete(w.nodeClaim("a"))
	w.pass("a")
	if !gone(w) || len(w.Provider.Calls(fake.Create)) > 0 {
		t.Error("something was launched for a NodeClaim that is gone")
	}
}

var _ cloudprovider.CloudProvider = scripted{}
