// SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/conformance"
	"karpenter.sh/core/testkit/strictapi"
	"karpenter.sh/kwok/apis/v1alpha1"
	"karpenter.sh/kwok/controllers/garbagecollection"
)

// CP-301, CP-303, CP-305, CP-306, CP-307, CP-308, CP-311, CP-312, CP-313, CP-316,
// CP-318, CP-323, CP-324, CP-325, CP-326, CP-327, CP-328, CP-329, CP-330, CP-332,
// CP-333, CP-334, CP-336, CP-337, CP-341, CP-342, CP-344, CP-347, CP-348, CP-349, and
// by them CP-001, CP-002, CP-007, CP-028, CP-030, CP-032, CP-045, CP-051, CP-064
func TestConformance(t *testing.T) {
	conformance.Run(t, conformance.Harness{
		Start: func(t testing.TB) conformance.Cloud { return newCloud(t).describe() },
		Lacks: map[conformance.Capability]string{
			"Edits":        "KWOK-016: the types do not depend on the NodeClass",
			"Hash":         "KWOK-003: a KWOKNodeClass has no hash",
			"Overlays":     "CP-077: the layer of overlays is not there yet",
			"Overrides":    "KWOK-006: the file of types has no overrides",
			"Scopes":       "KWOK-039: offerings are sold out one by one",
			"Truncation":   "KWOK-018: a launch lists any number of types",
			"Templates":    "KWOK-021: a machine is a Node, made of no template",
			"Batching":     "KWOK-023: each Node is created by itself",
			"Ending":       "KWOK-003: a KWOKNodeClass has no finalizer",
			"Tags":         "KWOK-021: Nodes have no tags of users",
			"Interruption": "KWOK-038: nothing interrupts a fake node but its deletion",
			"Prices":       "KWOK-006: prices are in the file of types",
			"Accounts":     "KWOK-024: all IDs are of one cluster",
		},
		Differs: map[string]string{
			"CP-307/unknown":     "KWOK-017: nobody maintains the condition, Unknown proceeds",
			"CP-322":             "KWOK-026: a machine is gone as soon as it is deleted",
			"CP-326/terminating": "KWOK-026: a machine is gone as soon as it is deleted",
			"CP-331":             "KWOK-016: the types do not depend on the NodeClass",
		},
	})
}

// cloud is a world whose provider can be restarted under the suite's feet.
type cloud struct {
	*world
	now *switchable
}

// switchable is the provider that runs now.
type switchable struct{ cloudprovider.CloudProvider }

// Unwrap implements cloudprovider.Layer.
func (s *switchable) Unwrap() cloudprovider.CloudProvider { return s.CloudProvider }

func newCloud(t testing.TB) *cloud {
	w := newWorld(t, settings{inject: true})
	return &cloud{world: w, now: &switchable{w.Provider}}
}

func (c *cloud) describe() conformance.Cloud {
	return conformance.Cloud{
		Provider:  c.now,
		NodeClass: nodeClaim("any").Spec.NodeClassRef,
		Machines: &conformance.Machines{
			Count: c.machines, Launches: c.machines,
			CloudCalls:        func() int { return int(c.calls.Load()) },
			Terminations:      func() int { return int(c.calls.Load()) },
			ForeignID:         "aws:///zone/i-1",
			FinishTermination: func(testing.TB) {},
			AddForeign:        c.addForeign,
			FillPages:         c.fillPages,
			Restart:           c.restartProvider,
		},
		NodeClasses: &conformance.NodeClasses{
			Remove:       c.removeNodeClass,
			Terminate:    c.terminateNodeClass,
			BreakLookup:  func(testing.TB) { c.noNodeClass.Store(true) },
			SetReady:     c.setReady,
			EventReasons: c.events.Reasons,
		},
		Faults: &conformance.Faults{
			Break: c.breakAPI,
			FailLaunches: func(t testing.TB, _ conformance.Fault) {
				c.annotate(t, map[string]string{v1alpha1.AnnotationCreateError: "Unknown"})
			},
			Mend: func(t testing.TB) { c.annotate(t, nil) },
		},
		Stock: &conformance.Stock{
			SellOut: c.sellOut,
			Restock: func(t testing.TB) { c.annotate(t, nil) },
			Step:    c.clock.Step,
		},
		Catalogue:    &conformance.Catalogue{RemoveType: c.removeType},
		Drift:        c.drift(),
		Boot:         &conformance.Boot{Node: func(t testing.TB, claim *v1.NodeClaim) *corev1.Node { return c.node(t, claim) }},
		Collection:   c.collection(),
		Reservations: &conformance.Reservations{Offer: c.offerReservation, SellOut: c.sellOut},
		Secrets:      &conformance.Secrets{Values: []string{"user-data-of-the-test"}, Output: func() string { return fmt.Sprint(c.events.Events()) }},
	}
}

// drift is provoked through the NodeClass.
func (c *cloud) drift() *conformance.Drift {
	return &conformance.Drift{
		Cases: []conformance.DriftCase{{
			Reason: "Injected",
			Provoke: func(t testing.TB, _ *v1.NodeClaim) {
				c.annotate(t, map[string]string{v1alpha1.AnnotationDriftReason: "Injected"})
			},
			Revert: func(t testing.TB, _ *v1.NodeClaim) { c.annotate(t, nil) },
		}},
		Unresolve: func(testing.TB) { c.noNodeClass.Store(true) },
	}
}

// lister lets something happen after the machines were listed.
type lister struct {
	cloudprovider.CloudProvider
	happens func()
}

func (l lister) List(ctx context.Context) ([]*v1.NodeClaim, error) {
	machines, err := l.CloudProvider.List(ctx)
	l.happens()
	return machines, err
}

func (c *cloud) collection() *conformance.Collection {
	round := func(t testing.TB, happens func()) {
		strict := strictapi.Client(t, c.api.(client.WithWatch))
		controller := garbagecollection.New(garbagecollection.Options{
			Client: strict, Live: strict, Machines: lister{c.now, happens}, Clock: c.clock,
		})
		if _, err := controller.Reconcile(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return &conformance.Collection{
		Store: func(t testing.TB, claim *v1.NodeClaim) {
			if err := c.api.Create(t.Context(), claim.DeepCopy()); err != nil {
				t.Fatal(err)
			}
		},
		Join: func(t testing.TB, claim *v1.NodeClaim) { c.node(t, claim) },
		Nodes: func(t testing.TB) int {
			c.awaitNodes(t)
			return len(c.nodes(t))
		},
		Grace:   30 * time.Second,
		Collect: func(t testing.TB) { round(t, func() {}) },
		During:  round,
	}
}

// restartProvider starts another process once all Nodes are there: what has none yet
// is taken up by another controller (KWOK-031).
func (c *cloud) restartProvider(t testing.TB) {
	c.awaitNodes(t)
	c.now.CloudProvider = c.restart(t, settings{inject: true})
}

func (c *cloud) offerReservation(t testing.TB) string {
	c.now.CloudProvider = c.restart(t, settings{inject: true, types: reservedTypes})
	return "t"
}

func (c *cloud) machines() int {
	listed, _ := c.now.List(context.Background())
	return len(listed)
}

func (c *cloud) removeNodeClass(t testing.TB) {
	if err := c.api.Delete(t.Context(), c.nodeClass(t)); err != nil {
		t.Fatal(err)
	}
}

func (c *cloud) terminateNodeClass(t testing.TB) {
	nodeClass := c.nodeClass(t)
	nodeClass.Finalizers = []string{"example.com/held"}
	if err := c.api.Update(t.Context(), nodeClass); err != nil {
		t.Fatal(err)
	}
	c.removeNodeClass(t)
}

func (c *cloud) sellOut(t testing.TB, it *cloudprovider.InstanceType, o *cloudprovider.Offering) {
	c.annotate(t, map[string]string{
		v1alpha1.AnnotationUnavailableOfferings: fmt.Sprintf("%s/%s/%s", o.CapacityType(), it.Name, o.Zone()),
	})
}

func (c *cloud) addForeign(t testing.TB) {
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "foreign"}, Spec: corev1.NodeSpec{ProviderID: "aws:///zone/i-1"}}
	if err := c.api.Create(t.Context(), node); err != nil {
		t.Fatal(err)
	}
}

func (c *cloud) fillPages(testing.TB) {
	c.pages = func(opts *client.ListOptions, list client.ObjectList) error {
		if opts.Continue != "" {
			return errDown
		}
		list.SetContinue("page 2")
		return nil
	}
}

// breakAPI waits for the Nodes, because what has none is answered from memory.
func (c *cloud) breakAPI(t testing.TB) {
	c.awaitNodes(t)
	c.down.Store(true)
	for _, node := range c.nodes(t) {
		eventually(t, "the end of the registration", func() bool {
			_, err := c.now.Get(t.Context(), node.Spec.ProviderID)
			return err != nil
		})
	}
}

func (c *cloud) awaitNodes(t testing.TB) {
	eventually(t, "the Nodes", func() bool { return len(c.nodes(t)) == c.machines() })
}

// removeType restarts the provider, once all Nodes are there, without a type.
func (c *cloud) removeType(t testing.TB, name string) {
	c.awaitNodes(t)
	all := embedded(t)
	rest := *all
	rest.Types = nil
	for _, it := range all.Types {
		if it.Name != name {
			rest.Types = append(rest.Types, it)
		}
	}
	c.now.CloudProvider = c.restart(t, settings{inject: true, catalog: &rest})
}
