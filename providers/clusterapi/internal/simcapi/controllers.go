// SPDX-License-Identifier: Apache-2.0

package simcapi

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/providers/clusterapi/capi"
)

// held keeps a deleted Machine until it is let go.
const held = "example.com/held"

// Stock limits how many Machines can still be made.
func (c *Cluster) Stock(machines int) {
	c.mu.Lock()
	c.stock = machines
	c.mu.Unlock()
	c.Work()
}

// Restock ends the limit.
func (c *Cluster) Restock() { c.Stock(unlimited) }

// StandStill stops the controllers, or lets them go on.
func (c *Cluster) StandStill(still bool) {
	c.mu.Lock()
	c.still = still
	c.mu.Unlock()
	c.Work()
}

// Slow makes Machines without provider IDs from now on; [Cluster.Provision] gives them
// theirs.
func (c *Cluster) Slow() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slow = true
}

// Provision gives all Machines their provider IDs.
func (c *Cluster) Provision() {
	c.mu.Lock()
	c.slow = false
	c.mu.Unlock()
	for _, m := range c.all() {
		if m.Spec.ProviderID == "" {
			c.ChangeMachine(client.ObjectKeyFromObject(&m), func(m *capi.Machine) { m.Spec.ProviderID = idOf(m.Name) })
		}
	}
}

func idOf(machine string) string { return "sim://" + machine }

// LetGo ends all Machines that terminate.
func (c *Cluster) LetGo() {
	for _, m := range c.all() {
		if m.Terminating() {
			m.Finalizers = nil
			c.must(c.API.Update(context.Background(), &m))
		}
	}
	c.Work()
}

// Count is how many Machines there are, terminating or not.
func (c *Cluster) Count() int { return len(c.all()) }

func (c *Cluster) all() []capi.Machine {
	var list capi.MachineList
	c.must(c.API.List(context.Background(), &list))
	return list.Items
}

// renew counts a write of a deployment as a generation.
func (c *Cluster) renew(written types.NamespacedName) {
	for {
		d := c.Get(written)
		d.Generation++
		err := c.API.Update(context.Background(), d)
		if !apierrors.IsConflict(err) {
			c.must(err)
			return
		}
	}
}

// Work runs the controllers until nothing is left to do, unless they stand still, and
// tells those who wait for changes.
func (c *Cluster) Work() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.still {
		var list capi.MachineDeploymentList
		c.must(c.API.List(context.Background(), &list))
		for i := range list.Items {
			c.deployment(&list.Items[i])
		}
	}
	close(c.changed)
	c.changed = make(chan struct{})
}

// deployment hands the replicas on to the set of the present revision.
func (c *Cluster) deployment(d *capi.MachineDeployment) {
	cluster := &capi.Cluster{}
	_ = c.API.Get(context.Background(), types.NamespacedName{Namespace: d.Namespace, Name: d.Spec.ClusterName}, cluster) // none is not paused
	if d.Paused() || cluster.Paused() {
		return
	}
	set := c.setOf(d)
	if set.Spec.Replicas == nil || *set.Spec.Replicas != d.Replicas() {
		set.Spec.Replicas = new(d.Replicas())
		c.must(c.API.Update(context.Background(), set))
	}
	c.fill(d, set)
	d.Status.ObservedGeneration = d.Generation
	if err := c.API.Status().Update(context.Background(), d); !apierrors.IsConflict(err) { // whoever wrote lets us work again
		c.must(err)
	}
}

// setOf returns the set of the present revision, and makes it if there is none.
func (c *Cluster) setOf(d *capi.MachineDeployment) *capi.MachineSet {
	revision := d.Annotations[capi.AnnotationRevision]
	set := &capi.MachineSet{ObjectMeta: metav1.ObjectMeta{
		Namespace: d.Namespace, Name: d.Name + "-" + revision, UID: d.UID + types.UID("-"+revision),
		Labels:      map[string]string{capi.LabelDeployment: d.Name},
		Annotations: map[string]string{capi.AnnotationRevision: revision},
		OwnerReferences: []metav1.OwnerReference{
			{APIVersion: capi.Group, Kind: "MachineDeployment", Name: d.Name, UID: d.UID, Controller: new(true)},
		},
	}}
	if c.API.Get(context.Background(), client.ObjectKeyFromObject(set), set) != nil {
		c.must(c.API.Create(context.Background(), set))
	}
	return set
}

// fill makes and deletes Machines until a set has as many as it should.
func (c *Cluster) fill(d *capi.MachineDeployment, set *capi.MachineSet) {
	var machines []capi.Machine
	for _, m := range c.all() {
		if metav1.IsControlledBy(&m, set) && !m.Terminating() && m.Spec.ClusterName == d.Spec.ClusterName {
			machines = append(machines, m)
		}
	}
	for len(machines) < int(*set.Spec.Replicas) && c.stock > 0 {
		machines = append(machines, c.machine(d, set))
		c.stock--
	}
	slices.SortStableFunc(machines, func(a, b capi.Machine) int { return cmp.Compare(urgency(a), urgency(b)) })
	for _, m := range machines[:max(0, len(machines)-int(*set.Spec.Replicas))] {
		c.must(c.API.Delete(context.Background(), &m))
	}
}

// urgency orders Machines by who is deleted first.
func urgency(m capi.Machine) int {
	if m.Marked() {
		return 0
	}
	return 1
}

func (c *Cluster) machine(d *capi.MachineDeployment, set *capi.MachineSet) capi.Machine {
	c.made++
	name := fmt.Sprintf("%s-%04d", set.Name, c.made)
	m := capi.Machine{ObjectMeta: metav1.ObjectMeta{
		Namespace: d.Namespace, Name: name, UID: types.UID("uid-of-" + d.Namespace + "-" + name), Finalizers: []string{held},
		CreationTimestamp: metav1.NewTime(c.clock.Now()),
		Labels:            map[string]string{capi.LabelDeployment: d.Name, capi.LabelCluster: d.Spec.ClusterName},
		OwnerReferences: []metav1.OwnerReference{
			{APIVersion: capi.Group, Kind: "MachineSet", Name: set.Name, UID: set.UID, Controller: new(true)},
		},
	}}
	for key, value := range d.Spec.Template.ObjectMeta.Labels {
		m.Labels[key] = value
	}
	m.Spec.ClusterName = d.Spec.ClusterName
	if !c.slow {
		m.Spec.ProviderID = idOf(name)
	}
	c.must(c.API.Create(context.Background(), &m))
	return m
}
