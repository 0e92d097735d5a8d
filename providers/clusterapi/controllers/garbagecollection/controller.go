// SPDX-License-Identifier: Apache-2.0

// Package garbagecollection deletes Machines whose NodeClaim is gone (CAPI-055): what a
// launch left behind whose result never reached the API server, and what a NodeClaim left
// that ended before its Machine had a provider ID.
//
// It says what an orphan is among Machines; the rounds are those of
// [karpenter.sh/core/cloudprovider/kit/collect]. Each costs one list of Karpenter's
// Machines.
package garbagecollection

import (
	"time"

	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/kit/collect"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/claim"
)

// Grace is how old an orphan must be.
const Grace = 30 * time.Second

// Options are what the controller works with; all are required.
type Options struct {
	// Client reads the cache of the workload cluster and deletes Nodes.
	Client client.Client
	// Live reads past that cache.
	Live     client.Reader
	Machines collect.Machines
	Clock    clock.PassiveClock
}

// New returns the controller.
func New(o Options) *collect.Controller {
	return collect.New(collect.Options{
		Client: o.Client, Live: o.Live, Machines: o.Machines, Clock: o.Clock, Rule: Rule(),
		Schedule: collect.Schedule{First: 10 * time.Second, Rounds: 20, Then: 2 * time.Minute},
	})
}

// Rule says what an orphan is. A Machine names its NodeClaim in its claim, from before the
// NodeClaim knows of it; and it is there long before it has a provider ID.
func Rule() collect.Rule {
	return collect.Rule{
		Grace:   Grace,
		Unnamed: true,
		Tie: collect.Tie{
			Machine:   func(machine *v1.NodeClaim) string { return machine.Annotations[v1alpha1.AnnotationNodeClaim] },
			NodeClaim: func(nodeClaim *v1.NodeClaim) string { return claim.By(nodeClaim).String() },
		},
	}
}
