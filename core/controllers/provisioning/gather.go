// SPDX-License-Identifier: Apache-2.0

package provisioning

import (
	"context"

	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/gather"
	"karpenter.sh/core/question"
)

// gathered is everything a round decides from, as it was when the round began
// (SCH-265).
type gathered struct {
	*question.Question
	// unusable pools take no part.
	unusable []unusable
	// rejected pods cannot be understood or must not be served (SCH-030).
	rejected []gather.Rejected
	// expected are the nodes that pods, by index, are about to go to. Promised ones
	// were nominated by somebody else, and are only counted there.
	expected map[int]place.Expectation
	promised map[int]bool
	// scarce is what pods are told of shared limits; nil until somebody asks.
	scarce *scarce
}

// gathering is a round whose objects are being read.
type gathering struct {
	*gather.Round
	unusable []unusable
}

func (g *gathered) podNames() []string {
	out := make([]string, len(g.Pods))
	for i, pod := range g.Pods {
		out[i] = pod.Namespace + "/" + pod.Name
	}
	return out
}

// gather reads in the order of SCH-021: nodes and their usage first, then
// pending pods, then pods of nodes that are on their way out.
func (p *Provisioner) gather(ctx context.Context) (*gathered, error) {
	snapshot := p.Cluster.Snapshot()
	round, err := p.gatherer().Begin(ctx, snapshot)
	if err != nil {
		return nil, err
	}
	if err := round.Pending(ctx); err != nil {
		return nil, err
	}
	p.Nominations.Waiting(round.Waits)
	if err := round.Departing(ctx, p.Clock.Now()); err != nil {
		return nil, err
	}
	if round.Len() == 0 {
		return &gathered{Question: &question.Question{Cluster: snapshot}, rejected: round.Rejected}, nil
	}
	g := &gathering{Round: round}
	if err := p.gatherPools(ctx, g); err != nil {
		return nil, err
	}
	out := &gathered{Question: g.Build(), unusable: g.unusable, rejected: round.Rejected}
	p.expect(out)
	return out, nil
}
