// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"slices"
	"time"

	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/claim"
	"karpenter.sh/providers/clusterapi/replicas"
)

// Inventory is what there was of a deployment at a moment. It is the caller's, but for
// the objects in it, which may be shared and are not changed.
type Inventory struct {
	Deployment *capi.MachineDeployment
	// Machines of the deployment, those that terminate included.
	Machines []claim.Candidate
	// Sets are what its MachineSets keep and have.
	Sets []replicas.Set
}

// Recorded are the names of the Machines that the replicas no longer count.
func (i *Inventory) Recorded() []string {
	return replicas.Recorded(i.Deployment.Annotations[v1alpha1.AnnotationPendingDeletion])
}

// Has reports whether there is a Machine of a name, terminating or not.
func (i *Inventory) Has(name string) bool {
	return slices.ContainsFunc(i.Machines, func(c claim.Candidate) bool { return c.Machine.Name == name })
}

// Going are the Machines on record that do not terminate yet.
func (i *Inventory) Going() []*capi.Machine {
	recorded := i.Recorded()
	var out []*capi.Machine
	for _, c := range i.Machines {
		if slices.Contains(recorded, c.Machine.Name) && !c.Machine.Terminating() {
			out = append(out, c.Machine)
		}
	}
	return out
}

// Claimable are the Machines that a NodeClaim which has waited since a moment may take,
// in the order in which they are taken.
func (i *Inventory) Claimable(since time.Time) []claim.Candidate {
	recorded := i.Recorded()
	var out []claim.Candidate
	for _, c := range i.Machines {
		if c.Claimable(since) && !slices.Contains(recorded, c.Machine.Name) {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, claim.Order)
	return out
}

// Of returns the Machine with a claim, unless it terminates; nil if there is none.
func (i *Inventory) Of(by claim.Claim) *capi.Machine {
	for _, c := range i.Machines {
		if claimed, ok := claim.Of(c.Machine); ok && claimed == by && !c.Machine.Terminating() && !c.Machine.Marked() {
			return c.Machine
		}
	}
	return nil
}

// Count is what there is, for so many Machines that may be taken.
func (i *Inventory) Count(claimable int) replicas.Count {
	limit, limited := i.Deployment.MaxSize()
	return replicas.Count{
		Replicas: i.Deployment.Replicas(), Limit: limit, Limited: limited, Surge: i.Deployment.Surge(),
		Machines: i.counted(), Claimable: claimable, Sets: i.Sets, Observed: i.Deployment.Observed(),
	}
}

// counted is how many Machines the replicas count.
func (i *Inventory) counted() int {
	recorded, n := i.Recorded(), 0
	for _, c := range i.Machines {
		if !c.Machine.Terminating() && !slices.Contains(recorded, c.Machine.Name) {
			n++
		}
	}
	return n
}
