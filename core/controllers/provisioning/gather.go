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
	"karpenter.sh/core/cluster/volume"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/topology"
	"karpenter.sh/core/index"
	"karpenter.sh/core/intake"
	"karpenter.sh/core/intake/storage"
	"karpenter.sh/core/pods"
)

// gathered is everything a round decides from, as it was when the round began
// (SCH-265).
type gathered struct {
	snapshot *cluster.Snapshot
	pools    []pool
	// unusable pools take no part.
	unusable []unusable
	round    *intake.Round
	// pods and what they are to the engine, index by index.
	pods   []*corev1.Pod
	models []model.Pod
	groups []*topology.Group
	// volumes reads the volumes of the round's pods.
	volumes *volume.Pass
	// users are the pods so far that have claims of one pod at a time.
	users storage.Users
	// hosts are the hostnames of all nodes, made when first asked for.
	hosts map[string]bool
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
	g := &gathered{snapshot: p.Cluster.Snapshot(), volumes: p.volumes.Pass(), users: storage.Users{}}
	namespaces, err := p.namespaces(ctx)
	if err != nil {
		return nil, err
	}
	g.round = g.snapshot.Compiler().NewRound(namespaces).WithDefaultSpread(p.DefaultSpread.Pass(ctx)).WithDaemons(g.snapshot.Daemons())
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
	return g, p.gatherPools(ctx, g)
}

// gatherPending adds the pods that wait for capacity and do not have a
// NodeClaim on its way (LIF-069).
func (p *Provisioner) gatherPending(ctx context.Context, g *gathered) error {
	unbound, err := index.UnboundPods(ctx, p.Client)
	if err != nil {
		return err
	}
	var wanting []*corev1.Pod
	for i := range unbound {
		pod := &unbound[i]
		if !pods.Provisionable(pod) || g.snapshot.Bound(pod) {
			continue
		}
		key := types.NamespacedName{Namespace: pod.Namespace, Name: pod.Name}
		if _, waiting := g.snapshot.Awaiting(key); !waiting {
			wanting = append(wanting, pod)
		} else if claims, err := g.volumes.Claims(ctx, pod); err == nil {
			g.users.Add(pod, claims)
		}
	}
	for _, pod := range wanting {
		if err := p.add(ctx, g, pod, p.validate); err != nil {
			return err
		}
	}
	return nil
}

// validate checks a pod that waits and its volumes; all that is wrong with them is
// told at once (SCH-030).
func (p *Provisioner) validate(g *gathered, pod *corev1.Pod, claims []storage.Claim) error {
	err := g.snapshot.Compiler().ValidatePod(pod)
	if errors.Is(err, intake.ErrRefusesKarpenter) {
		return err
	}
	return errors.Join(err, p.storage.Validate(claims, g.hasHost))
}

// hasHost reports whether a node of a hostname exists (SCH-131).
func (g *gathered) hasHost(name string) bool {
	if g.hosts == nil {
		g.hosts = map[string]bool{}
		for _, n := range g.snapshot.Nodes() {
			if n.Node() != nil {
				g.hosts[n.View().Hostname] = true
			}
		}
	}
	return g.hosts[name]
}

// gatherLeaving adds the pods that will need another place once the nodes that
// are marked for deletion are gone, and those whose Node is gone already
// (SCH-007).
func (p *Provisioner) gatherLeaving(ctx context.Context, g *gathered) error {
	for _, name := range g.snapshot.Homeless() {
		if err := p.gatherFrom(ctx, g, name, pods.Reschedulable); err != nil {
			return err
		}
	}
	leaving := leavingNodes(g.snapshot)
	if len(leaving) == 0 {
		return nil
	}
	budgets, err := p.budgets(ctx)
	if err != nil {
		return err
	}
	now := p.Clock.Now()
	movable := func(pod *corev1.Pod) bool { return budgets.CurrentlyReschedulable(pod, now) }
	for _, name := range leaving {
		if err := p.gatherFrom(ctx, g, name, movable); err != nil {
			return err
		}
	}
	return nil
}

func leavingNodes(s *cluster.Snapshot) (names []string) {
	for _, n := range s.Nodes() {
		if n.MarkedForDeletion() && n.Node() != nil {
			names = append(names, n.Node().Name)
		}
	}
	return names
}

// gatherFrom adds pods of one node, but for those that have a NodeClaim on its
// way.
func (p *Provisioner) gatherFrom(ctx context.Context, g *gathered, node string, moves func(*corev1.Pod) bool) error {
	bound, err := index.Pods(ctx, p.Client, node)
	if err != nil {
		return err
	}
	for i := range bound {
		if _, waiting := g.snapshot.Awaiting(client.ObjectKeyFromObject(&bound[i])); waiting || !moves(&bound[i]) {
			continue
		}
		if err := p.add(ctx, g, &bound[i], asTheyAre); err != nil {
			return err
		}
	}
	return nil
}

func (p *Provisioner) budgets(ctx context.Context) (pods.Budgets, error) {
	var list policyv1.PodDisruptionBudgetList
	if err := p.Client.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing PodDisruptionBudgets: %w", err)
	}
	return pods.NewBudgets(list.Items), nil
}

// check says why a pod must not be served.
type check func(*gathered, *corev1.Pod, []storage.Claim) error

// asTheyAre checks nothing: pods of leaving nodes run, so they have passed.
func asTheyAre(*gathered, *corev1.Pod, []storage.Claim) error { return nil }

// add adds a pod to the round. One that does not pass, or that cannot be
// understood, is rejected alone; only the end of the round is an error (SCH-029,
// SCH-087).
func (p *Provisioner) add(ctx context.Context, g *gathered, pod *corev1.Pod, check check) error {
	err := p.compile(ctx, g, pod, check)
	switch {
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled):
		return fmt.Errorf("gathering pod %s/%s: %w", pod.Namespace, pod.Name, err)
	case err != nil:
		g.rejected = append(g.rejected, rejected{pod, err})
	default:
		g.pods = append(g.pods, pod)
	}
	return nil
}

func (p *Provisioner) compile(ctx context.Context, g *gathered, pod *corev1.Pod, check check) error {
	claims, err := g.volumes.Claims(ctx, pod)
	if err != nil {
		return err
	}
	g.users.Mark(claims)
	if err := check(g, pod, claims); err != nil {
		return err
	}
	volumes, err := p.storage.Volumes(claims)
	if err != nil {
		return err
	}
	if err := g.round.Add(pod, volumes); err != nil {
		return err
	}
	g.users.Add(pod, claims)
	return nil
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
