// SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"context"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/conformance"
	"karpenter.sh/kwok/apis/v1alpha1"
)

// CP-301, CP-303, CP-305, CP-306, CP-308, CP-311, CP-312, CP-313, CP-318, CP-324,
// CP-325, CP-326, CP-327, CP-328, CP-329, CP-330, CP-332, CP-334, and by them
// CP-001, CP-002, CP-007, CP-028, CP-030, CP-032, CP-045, CP-051, CP-064
func TestConformance(t *testing.T) {
	conformance.Run(t, conformance.Harness{
		Start: func(t *testing.T) conformance.Cloud { return newCloud(t).describe() },
		Differs: map[string]string{
			"CP-307/unknown":     "KWOK-017: nobody maintains the condition, Unknown proceeds",
			"CP-307/stale":       "KWOK-017: the defaulted condition has no observed generation",
			"CP-322":             "KWOK-026: a machine is gone as soon as it is deleted",
			"CP-326/terminating": "KWOK-026: a machine is gone as soon as it is deleted",
			"CP-331":             "KWOK-016: the types do not depend on the NodeClass",
			"CP-335":             "KWOK-016: the types do not depend on the NodeClass",
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

func newCloud(t *testing.T) *cloud {
	w := newWorld(t, settings{inject: true})
	return &cloud{world: w, now: &switchable{w.Provider}}
}

func (c *cloud) describe() conformance.Cloud {
	return conformance.Cloud{
		Provider:             c.now,
		NodeClass:            nodeClaim("any").Spec.NodeClassRef,
		Machines:             c.machines,
		CloudCalls:           func() int { return int(c.calls.Load()) },
		EventReasons:         c.events.Reasons,
		ForeignID:            "aws:///zone/i-1",
		RemoveNodeClass:      c.removeNodeClass,
		TerminateNodeClass:   c.terminateNodeClass,
		BreakNodeClassLookup: func(*testing.T) { c.noNodeClass.Store(true) },
		SetReady:             c.setReady,
		SellOut:              c.sellOut,
		Restock:              func(t *testing.T) { c.annotate(t, nil) },
		Step:                 c.clock.Step,
		FinishTermination:    func(*testing.T) {},
		BreakCloud:           c.breakAPI,
		AddForeignMachine:    c.addForeign,
		FillPages:            c.fillPages,
		RemoveInstanceType:   c.removeType,
	}
}

func (c *cloud) machines() int {
	listed, _ := c.now.List(context.Background())
	return len(listed)
}

func (c *cloud) removeNodeClass(t *testing.T) {
	if err := c.api.Delete(t.Context(), c.nodeClass(t)); err != nil {
		t.Fatal(err)
	}
}

func (c *cloud) terminateNodeClass(t *testing.T) {
	nodeClass := c.nodeClass(t)
	nodeClass.Finalizers = []string{"example.com/held"}
	if err := c.api.Update(t.Context(), nodeClass); err != nil {
		t.Fatal(err)
	}
	c.removeNodeClass(t)
}

func (c *cloud) sellOut(t *testing.T, it *cloudprovider.InstanceType, o *cloudprovider.Offering) {
	c.annotate(t, map[string]string{
		v1alpha1.AnnotationUnavailableOfferings: fmt.Sprintf("%s/%s/%s", o.CapacityType(), it.Name, o.Zone()),
	})
}

func (c *cloud) addForeign(t *testing.T) {
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "foreign"}, Spec: corev1.NodeSpec{ProviderID: "aws:///zone/i-1"}}
	if err := c.api.Create(t.Context(), node); err != nil {
		t.Fatal(err)
	}
}

func (c *cloud) fillPages(*testing.T) {
	c.pages = func(opts *client.ListOptions, list client.ObjectList) error {
		if opts.Continue != "" {
			return errDown
		}
		list.SetContinue("page 2")
		return nil
	}
}

// breakAPI waits for the Nodes, because what has none is answered from memory.
func (c *cloud) breakAPI(t *testing.T) {
	c.awaitNodes(t)
	c.down.Store(true)
	for _, node := range c.nodes(t) {
		eventually(t, "the end of the registration", func() bool {
			_, err := c.now.Get(t.Context(), node.Spec.ProviderID)
			return err != nil
		})
	}
}

func (c *cloud) awaitNodes(t *testing.T) {
	eventually(t, "the Nodes", func() bool { return len(c.nodes(t)) == c.machines() })
}

// removeType restarts the provider, once all Nodes are there, without a type.
func (c *cloud) removeType(t *testing.T, name string) {
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
