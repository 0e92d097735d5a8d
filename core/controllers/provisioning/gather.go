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
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/intake"
	"karpenter.sh/core/intake/storage"
	"karpenter.sh/core/objects/pods"
	"karpenter.sh/core/question"
	"karpenter.sh/core/reconcile/index"
)

// gathered is everything a round decides from, as it was when the round began
// (SCH-265).
type gathered struct {
	*question.Question
	// unusable pools take no part.
	unusable []unusable
	// rejected pods cannot be understood or must not be served (SCH-030).
	rejected []rejected
	// expected are the nodes that pods, by index, are about to go to. Promised ones
	// were nominated by somebody else, and are only counted there.
	expected map[int]place.Expectation
	promised map[int]bool
}

type rejected struct {
	pod *corev1.Pod
	err error
}

// gathering is a round whose objects are being read.
type gathering struct {
	gathered
	*question.Builder
	// volumes reads the volumes of the round's pods.
	volumes *volume.Pass
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
	namespaces, err := p.namespaces(ctx)
	if err != nil {
		return nil, err
	}
	g := &gathering{volumes: p.volumes.Pass(), Builder: question.New(question.Options{
		Snapshot: snapshot, Namespaces: namespaces, DefaultSpread: p.DefaultSpread.Pass(ctx), Storage: p.storage,
	})}
	if err := p.gatherPending(ctx, g); err != nil {
		return nil, err
	}
	if err := p.gatherLeaving(ctx, g); err != nil {
		return nil, err
	}
	if g.Len() == 0 {
		g.Question = &question.Question{Cluster: snapshot}
		return &g.gathered, nil
	}
	if err := p.gatherPools(ctx, g); err != nil {
		return nil, err
	}
	g.Question = g.Build()
	p.expect(&g.gathered)
	return &g.gathered, nil
}

// gatherPending adds the pods that wait for capacity and do not have a
// NodeClaim on its way (LIF-069).
func (p *Provisioner) gatherPending(ctx context.Context, g *gathering) error {
	unbound, err := index.UnboundPods(ctx, p.Client)
	if err != nil {
		return err
	}
	var waiting, wanting []*corev1.Pod
	for i := range unbound {
		pod := &unbound[i]
		if !pods.Provisionable(pod) || g.Snapshot.Bound(pod) {
			continue
		}
		waiting = append(waiting, pod)
		key := types.NamespacedName{Namespace: pod.Namespace, Name: pod.Name}
		if _, awaiting := g.Snapshot.Awaiting(key); !awaiting {
			wanting = append(wanting, pod)
		} else if claims, err := g.volumes.Claims(ctx, pod); err == nil {
			g.Uses(pod, claims)
		}
	}
	p.Nominations.Waiting(waiting)
	for _, pod := range wanting {
		if err := p.add(ctx, g, pod, g.Waiting); err != nil {
			return err
		}
	}
	return nil
}

// gatherLeaving adds the pods that will need another place once the nodes that
// are marked for deletion are gone, and those whose Node is gone already
// (SCH-007).
func (p *Provisioner) gatherLeaving(ctx context.Context, g *gathering) error {
	for _, name := range g.Snapshot.Homeless() {
		if err := p.gatherFrom(ctx, g, name, pods.Reschedulable); err != nil {
			return err
		}
	}
	leaving := leavingNodes(g.Snapshot)
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
func (p *Provisioner) gatherFrom(ctx context.Context, g *gathering, node string, moves func(*corev1.Pod) bool) error {
	bound, err := index.Pods(ctx, p.Client, node)
	if err != nil {
		return err
	}
	for i := range bound {
		if _, waiting := g.Snapshot.Awaiting(client.ObjectKeyFromObject(&bound[i])); waiting || !moves(&bound[i]) {
			continue
		}
		if err := p.add(ctx, g, &bound[i], g.Leaving); err != nil {
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

// add adds a pod to the round. One that must not be served, or that cannot be
// understood, is rejected alone; only the end of the round is an error (SCH-029,
// SCH-087).
func (p *Provisioner) add(ctx context.Context, g *gathering, pod *corev1.Pod, ask func(*corev1.Pod, []storage.Claim) error) error {
	claims, err := g.volumes.Claims(ctx, pod)
	if err == nil {
		err = ask(pod, claims)
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled):
		return fmt.Errorf("gathering pod %s/%s: %w", pod.Namespace, pod.Name, err)
	case err != nil:
		g.rejected = append(g.rejected, rejected{pod, err})
	}
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
