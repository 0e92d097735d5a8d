// SPDX-License-Identifier: Apache-2.0

package provisioning

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/cluster"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/topology"
	"karpenter.sh/core/index"
	"karpenter.sh/core/intake"
	"karpenter.sh/core/pods"
)

// gathered is everything a round decides from, as it was when the round began
// (SCH-265).
type gathered struct {
	snapshot *cluster.Snapshot
	pools    []pool
	round    *intake.Round
	// pods and what they are to the engine, index by index.
	pods   []*corev1.Pod
	models []model.Pod
	groups []*topology.Group
	// rejected pods cannot be understood or must not be served (SCH-030).
	rejected []rejected
}

type rejected struct {
	pod *corev1.Pod
	err error
}

func (g *gathered) input() place.Input {
	s := &model.Snapshot{
		Vocabulary: g.snapshot.Compiler().Vocabulary(),
		Names:      g.snapshot.Compiler().Names(),
		Nodes:      g.snapshot.Targets().Nodes,
		Groups:     g.groups,
		Held:       g.snapshot.Held(),
	}
	for i := range g.pools {
		s.Pools = append(s.Pools, model.Pool{Template: g.pools[i].template, Remaining: g.pools[i].remaining})
	}
	return place.Input{Snapshot: s, Pods: g.models}
}

func (g *gathered) podNames() []string {
	out := make([]string, len(g.pods))
	for i, pod := range g.pods {
		out[i] = pod.Namespace + "/" + pod.Name
	}
	return out
}

// gather reads in the order of SCH-021: nodes and their usage first, then
// pending pods, then pods of nodes that are on their way out.
func (p *Provisioner) gather(ctx context.Context) (*gathered, error) {
	g := &gathered{snapshot: p.Cluster.Snapshot()}
	namespaces, err := p.namespaces(ctx)
	if err != nil {
		return nil, err
	}
	g.round = g.snapshot.Compiler().NewRound(namespaces)
	if err := p.gatherPending(ctx, g); err != nil {
		return nil, err
	}
	pending := len(g.pods)
	if err := p.gatherLeaving(ctx, g); err != nil {
		return nil, err
	}
	if len(g.pods) == 0 {
		return g, nil
	}
	g.models, g.groups = g.round.Build(g.snapshot.Counter(g.pods[pending:], namespaces))
	g.pools, err = p.gatherPools(ctx, g.snapshot)
	return g, err
}

// gatherPending adds the pods that wait for capacity and do not have a
// NodeClaim on its way (LIF-069).
func (p *Provisioner) gatherPending(ctx context.Context, g *gathered) error {
	unbound, err := index.UnboundPods(ctx, p.Client)
	if err != nil {
		return err
	}
	for i := range unbound {
		pod := &unbound[i]
		if !pods.Provisionable(pod) {
			continue
		}
		key := types.NamespacedName{Namespace: pod.Namespace, Name: pod.Name}
		if _, waiting := g.snapshot.Awaiting(key); waiting || g.snapshot.Bound(pod.UID) {
			continue
		}
		if err := g.snapshot.Compiler().ValidatePod(pod); err != nil {
			g.rejected = append(g.rejected, rejected{pod, err})
			continue
		}
		g.add(pod)
	}
	return nil
}

// gatherLeaving adds the pods that will need another place once the nodes that
// are marked for deletion are gone (SCH-007).
func (p *Provisioner) gatherLeaving(ctx context.Context, g *gathered) error {
	var leaving []*corev1.Node
	for _, n := range g.snapshot.Nodes() {
		if n.MarkedForDeletion() && n.Node() != nil {
			leaving = append(leaving, n.Node())
		}
	}
	if len(leaving) == 0 {
		return nil
	}
	budgets, err := p.budgets(ctx)
	if err != nil {
		return err
	}
	now := p.Clock.Now()
	for _, node := range leaving {
		bound, err := index.Pods(ctx, p.Client, node.Name)
		if err != nil {
			return err
		}
		for i := range bound {
			if budgets.CurrentlyReschedulable(&bound[i], now) {
				g.add(&bound[i])
			}
		}
	}
	return nil
}

func (p *Provisioner) budgets(ctx context.Context) (pods.Budgets, error) {
	var list policyv1.PodDisruptionBudgetList
	if err := p.Client.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing PodDisruptionBudgets: %w", err)
	}
	return pods.NewBudgets(list.Items)
}

// add compiles a pod; one that cannot be understood is rejected alone
// (SCH-029).
func (g *gathered) add(pod *corev1.Pod) {
	if err := g.round.Add(pod); err != nil {
		g.rejected = append(g.rejected, rejected{pod, err})
		return
	}
	g.pods = append(g.pods, pod)
}

// namespaces are those that exist, with their labels, for namespace selectors.
func (p *Provisioner) namespaces(ctx context.Context) (map[string]map[string]string, error) {
	var list corev1.NamespaceList
	if err := p.Client.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing namespaces: %w", err)
	}
	out := make(map[string]map[string]string, len(list.Items))
	for i := range list.Items {
		out[list.Items[i].Name] = list.Items[i].Labels
	}
	return out, nil
}

// refuses reports whether a rejected pod does not want a node of any pool.
func (r rejected) refuses() bool { return errors.Is(r.err, intake.ErrRefusesKarpenter) }
