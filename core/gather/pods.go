// SPDX-License-Identifier: Apache-2.0

package gather

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/cluster"
	"karpenter.sh/core/intake/storage"
	"karpenter.sh/core/objects/pods"
	"karpenter.sh/core/reconcile/index"
)

// Pending adds the pods that wait for capacity and do not have a NodeClaim on its
// way (LIF-069).
func (r *Round) Pending(ctx context.Context) error {
	unbound, err := index.UnboundPods(ctx, r.reader)
	if err != nil {
		return err
	}
	kinds := kindsWithoutPlace(unbound)
	var wanting []*corev1.Pod
	for i := range unbound {
		pod := &unbound[i]
		if !pods.Provisionable(pod) && !kinds.covers(pod) || r.Snapshot.Bound(pod) {
			continue
		}
		r.Waits = append(r.Waits, pod)
		if _, waiting := r.Snapshot.Awaiting(client.ObjectKeyFromObject(pod)); !waiting {
			wanting = append(wanting, pod)
		} else if claims, err := r.volumes.Claims(ctx, pod); err == nil {
			r.Uses(pod, claims)
		}
	}
	for _, pod := range wanting {
		if err := r.add(ctx, pod, r.Waiting); err != nil {
			return err
		}
	}
	return nil
}

// kinds are those of pods that a scheduler found no place for.
type kinds map[pods.Kind]bool

func kindsWithoutPlace(unbound []corev1.Pod) kinds {
	out := kinds{}
	for i := range unbound {
		if !pods.Provisionable(&unbound[i]) {
			continue
		}
		if kind, ok := pods.KindOf(&unbound[i]); ok {
			out[kind] = true
		}
	}
	return out
}

// covers reports whether a pod is yet to be examined, and is of a kind of which the
// scheduler has found no place for another (SCH-008).
func (k kinds) covers(pod *corev1.Pod) bool {
	if len(k) == 0 || !pods.Unexamined(pod) {
		return false
	}
	kind, ok := pods.KindOf(pod)
	return ok && k[kind]
}

// Departing adds the pods that will need another place once the nodes that are
// marked for deletion are gone, and those whose Node is gone already (SCH-007).
func (r *Round) Departing(ctx context.Context, now time.Time) error {
	for _, name := range r.Snapshot.Homeless() {
		if err := r.from(ctx, name, pods.Reschedulable); err != nil {
			return err
		}
	}
	leaving := leavingNodes(r.Snapshot)
	if len(leaving) == 0 {
		return nil
	}
	budgets, err := PodBudgets(ctx, r.reader)
	if err != nil {
		return err
	}
	movable := func(pod *corev1.Pod) bool { return budgets.CurrentlyReschedulable(pod, now) }
	for _, name := range leaving {
		if err := r.from(ctx, name, movable); err != nil {
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

// from adds pods of one node, but for those that have a NodeClaim on its way.
func (r *Round) from(ctx context.Context, node string, moves func(*corev1.Pod) bool) error {
	bound, err := index.Pods(ctx, r.reader, node)
	if err != nil {
		return err
	}
	for i := range bound {
		if _, waiting := r.Snapshot.Awaiting(client.ObjectKeyFromObject(&bound[i])); waiting || !moves(&bound[i]) {
			continue
		}
		if err := r.add(ctx, &bound[i], r.Leaving); err != nil {
			return err
		}
	}
	return nil
}

// StandingOn adds the pods of a state node that would move if it went: what the question
// is without the node is known then. It reports whether all of them could be
// understood; else nobody knows where they would go.
func (r *Round) StandingOn(ctx context.Context, node *cluster.StateNode, moves func(*corev1.Pod) bool) (understood bool, err error) {
	rejected := len(r.Rejected)
	for _, p := range node.Pods() {
		if !moves(p.Pod) {
			continue
		}
		stand := func(pod *corev1.Pod, claims []storage.Claim) error { return r.Standing(pod, claims, node.Key()) }
		if err := r.add(ctx, p.Pod, stand); err != nil {
			return false, err
		}
	}
	return len(r.Rejected) == rejected, nil
}

// add adds a pod to the round. One that must not be served, or that cannot be
// understood, is rejected alone; only the end of the round is an error (SCH-029,
// SCH-087).
func (r *Round) add(ctx context.Context, pod *corev1.Pod, ask func(*corev1.Pod, []storage.Claim) error) error {
	claims, err := r.volumes.Claims(ctx, pod)
	if err == nil {
		err = ask(pod, claims)
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled):
		return fmt.Errorf("gathering pod %s/%s: %w", pod.Namespace, pod.Name, err)
	case err != nil:
		r.Rejected = append(r.Rejected, Rejected{pod, err})
	}
	return nil
}
