// SPDX-License-Identifier: Apache-2.0

package fake

import (
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
)

// Operation is a method of the contract.
type Operation string

// The operations, named as in the metrics.
const (
	Create           Operation = "Create"
	Delete           Operation = "Delete"
	Get              Operation = "Get"
	List             Operation = "List"
	GetInstanceTypes Operation = "GetInstanceTypes"
	IsDrifted        Operation = "IsDrifted"
	// ListPage is the reading of any page of a List but the first. It can be made
	// to fail, and is no call of its own.
	ListPage Operation = "ListPage"
)

// Call is one call that was made.
type Call struct {
	Operation Operation
	// NodeClaim of Create, Delete and IsDrifted, as it was then.
	NodeClaim *v1.NodeClaim
	// ProviderID of Get.
	ProviderID string
	// NodePool of GetInstanceTypes.
	NodePool string
}

// Event is what a real provider would have published.
type Event struct {
	Object          client.Object
	Reason, Message string
}

// journal is what happened, in order.
type journal struct {
	calls    []Call
	events   []Event
	launches int
}

// Calls returns the calls made so far, of these operations or of all.
func (p *Provider) Calls(operations ...Operation) []Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []Call
	for _, c := range p.journal.calls {
		if len(operations) == 0 || slices.Contains(operations, c.Operation) {
			out = append(out, c)
		}
	}
	return out
}

// Events returns the events published so far.
func (p *Provider) Events() []Event {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.journal.events)
}

// Launches is how often a machine was asked of the cloud, also in vain.
func (p *Provider) Launches() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.journal.launches
}
