// SPDX-License-Identifier: Apache-2.0

// Package garbagecollection deletes fake nodes that no NodeClaim refers to
// (KWOK-030): what a launch left behind whose result never reached the API
// server.
//
// It says what an orphan is among fake nodes; the rounds are those of
// [karpenter.sh/core/cloudprovider/kit/collect]. Each costs one list of the Nodes.
package garbagecollection

import (
	"time"

	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/kit/collect"
	"karpenter.sh/kwok/provider"
)

const (
	interval = 2 * time.Minute
	// grace is how old an orphan must be.
	grace = 30 * time.Second
)

// Options are what the controller works with; all are required.
type Options struct {
	// Client reads from the cache.
	Client client.Client
	// Live reads past the cache.
	Live     client.Reader
	Machines collect.Machines
	Clock    clock.PassiveClock
}

// New returns the controller. A machine is its Node, so that no other has to be
// deleted.
func New(o Options) *collect.Controller {
	return collect.New(collect.Options{
		Client: o.Client, Live: o.Live, Machines: o.Machines, Clock: o.Clock,
		Rule: Rule(), Schedule: collect.Schedule{Then: interval}, KeepNodes: true,
	})
}

// Rule says what an orphan is. The ID of a machine depends on its NodeClaim alone,
// so that one whose launch is still to be written down is told by it.
func Rule() collect.Rule {
	return collect.Rule{
		Grace: grace,
		Tie: collect.Tie{
			Machine:   func(machine *v1.NodeClaim) string { return machine.Status.ProviderID },
			NodeClaim: provider.ProviderID,
		},
	}
}
