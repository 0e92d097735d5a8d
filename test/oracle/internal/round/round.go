// SPDX-License-Identifier: Apache-2.0

package round

import (
	"fmt"
	"slices"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	clocktesting "k8s.io/utils/clock/testing"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/intake"
	"karpenter.sh/core/intake/storage"
	"karpenter.sh/core/question"
	"karpenter.sh/core/render"
	"karpenter.sh/test/oracle/internal/world"
)

// Round is a world with the engine's question about it.
type Round struct {
	*question.Question
	World *world.World
	Input place.Input
	// Rejected pods are not asked about: the engine must not serve them.
	Rejected []*corev1.Pod
}

// New gathers a round. An error means that something broke.
func New(w *world.World) (*Round, error) {
	c, err := live(w)
	if err != nil {
		return nil, err
	}
	r := &Round{World: w}
	namespaces := map[string]map[string]string{}
	for _, ns := range w.Namespaces {
		namespaces[ns.Name] = ns.Labels
	}
	b := question.New(question.Options{Snapshot: c.Snapshot(), Namespaces: namespaces, Storage: storage.NewRules(world.Vocabulary())})
	for _, pod := range w.Pending {
		if b.Waiting(pod, claimsOf(w, pod)) != nil {
			r.Rejected = append(r.Rejected, pod)
		}
	}
	for _, pod := range w.Leaving {
		anew := pod.DeepCopy()
		anew.Spec.NodeName = ""
		if b.Leaving(anew, nil) != nil {
			r.Rejected = append(r.Rejected, pod)
		}
	}
	for _, p := range w.Pools {
		_, _ = b.Pool(p.NodePool, p.Types) // one that cannot be understood takes no part
	}
	r.Question = b.Build()
	r.Input = r.Question.Input()
	r.Input.Repack = place.RepackSteps
	return r, nil
}

// live is the model of the world.
func live(w *world.World) (*cluster.Cluster, error) {
	c, err := cluster.New(cluster.Options{
		Clock:      clocktesting.NewFakePassiveClock(world.Start()),
		Compiler:   intake.New(intake.Options{Vocabulary: world.Vocabulary(), Reservations: true}),
		Registerer: prometheus.NewRegistry(), Log: logr.Discard(),
	})
	if err != nil {
		return nil, fmt.Errorf("making the model: %w", err)
	}
	for _, claim := range w.NodeClaims {
		c.UpdateNodeClaim(claim)
	}
	for _, node := range w.Nodes {
		c.UpdateNode(node)
	}
	for _, node := range w.CSINodes {
		c.UpdateCSINode(node)
	}
	for _, set := range w.DaemonSets {
		c.UpdateDaemonSet(set)
	}
	for _, pod := range slices.Concat(w.Bound, w.Leaving, w.Pending) {
		c.UpdatePod(pod, resolution(w, pod))
	}
	return c, nil
}

func (r *Round) compiler() *intake.Compiler { return r.Cluster.Compiler() }

// NodeName is the name of a target: the Node's, or that of a NodeClaim on its
// way.
func (r *Round) NodeName(i int) string { return r.Cluster.Targets().Nodes[i].Name }

// Claims renders the bins of a plan.
func (r *Round) Claims(plan *place.Plan) ([]*v1.NodeClaim, error) {
	out := make([]*v1.NodeClaim, len(plan.Bins))
	for i := range plan.Bins {
		bin := &plan.Bins[i]
		claim, err := render.NodeClaim(render.Input{
			NodePool: r.Pools[bin.Pool].NodePool, Template: r.Pools[bin.Pool].Template,
			Bin: bin, Types: r.Pools[bin.Pool].Types, Compiler: r.compiler(),
		})
		if err != nil {
			return nil, err
		}
		claim.Name = fmt.Sprintf("bin-%02d", i)
		out[i] = claim
	}
	return out, nil
}

// Requirements are what every node of a pool satisfies.
func (r *Round) Requirements(np *v1.NodePool) (requirement.Requirements, error) {
	return r.compiler().PoolRequirements(np)
}

// Amounts is the engine's form of what a node offers.
func (r *Round) Amounts(list corev1.ResourceList) resource.Vector {
	return r.compiler().Available(list)
}
