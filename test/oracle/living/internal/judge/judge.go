// SPDX-License-Identifier: Apache-2.0

// Package judge says what is wrong with a living world that was left alone for a
// while. It only looks.
//
// Start reading at [State.Moved], then can.go, which asks the scheduler whether a pod
// that waits could run on a node that nobody has launched yet.
package judge

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/oracle/living/internal/kube"
	"karpenter.sh/test/oracle/living/internal/scheduling"
	"karpenter.sh/test/oracle/living/internal/store"
	"karpenter.sh/test/oracle/living/internal/world"
)

// State is what must not change any more in a world at rest.
type State struct {
	Launches int
	Nodes    []string
}

// Of notes the state of a world.
func Of(w *world.World) State {
	s := State{Launches: len(w.Process.Launches)}
	for _, node := range store.All[*corev1.Node](w.Store) {
		s.Nodes = append(s.Nodes, node.Name)
	}
	return s
}

// Moved says what has changed since a state, in a world that should rest.
func (s State) Moved(w *world.World) error {
	now := Of(w)
	if now.Launches != s.Launches {
		return fmt.Errorf("nothing changed, but there were %d launches:\n%s", now.Launches-s.Launches, Launches(w, s.Launches))
	}
	if !slices.Equal(now.Nodes, s.Nodes) {
		return fmt.Errorf("nothing changed, but the nodes were %v and are %v", s.Nodes, now.Nodes)
	}
	return nil
}

// Launches lists those since a number of them.
func Launches(w *world.World, since int) string {
	var b strings.Builder
	for _, l := range w.Process.Launches[since:] {
		fmt.Fprintf(&b, "  %s %s for %v\n", l.At.Sub(world.Start()), l.NodeClaim, l.Pods)
	}
	return b.String()
}

// Matched says whether every NodeClaim has its Node and its instance, and the
// other way round.
func Matched(w *world.World) error {
	ids := map[string][3]int{}
	count := func(id string, i int) {
		n := ids[id]
		n[i]++
		ids[id] = n
	}
	for _, c := range store.All[*v1.NodeClaim](w.Store) {
		count(c.Status.ProviderID, 0)
	}
	for _, n := range store.All[*corev1.Node](w.Store) {
		count(n.Spec.ProviderID, 1)
	}
	instances, err := w.Cloud.List(w.Context)
	if err != nil {
		return fmt.Errorf("listing instances: %w", err)
	}
	for _, i := range instances {
		count(i.Status.ProviderID, 2)
	}
	for id, n := range ids {
		if n != [3]int{1, 1, 1} {
			return fmt.Errorf("instance %q has %d NodeClaims and %d Nodes and is in the cloud %d times", id, n[0], n[1], n[2])
		}
	}
	return nil
}

// Room says whether the live model promises more room on a node than the
// scheduler finds there.
func Room(w *world.World, s *scheduling.Scheduler) error {
	pass, err := s.Look(w.Kube.View())
	if err != nil {
		return err
	}
	snapshot := w.Process.Cluster().Snapshot()
	targets := snapshot.Targets()
	for i, node := range targets.Nodes {
		if targets.At(i).StateNode == nil || !node.Initialized {
			continue
		}
		room, err := pass.Room(node.Name)
		if err != nil {
			return err
		}
		said := snapshot.Compiler().List(node.Free)
		for _, r := range []struct {
			name corev1.ResourceName
			said int64
			has  int64
		}{
			{corev1.ResourceCPU, said.Cpu().MilliValue(), room.MilliCPU},
			{corev1.ResourceMemory, said.Memory().Value(), room.Memory},
			{corev1.ResourceEphemeralStorage, said.StorageEphemeral().Value(), room.Storage},
			{corev1.ResourcePods, said.Pods().Value(), room.Pods},
		} {
			if r.said > r.has && r.said > 0 {
				return fmt.Errorf("node %s has %d of %s free, and the model says %d", node.Name, r.has, r.name, r.said)
			}
		}
	}
	return nil
}

// Forgotten says whether the live model of an empty world still holds something.
func Forgotten(w *world.World, pods []client.ObjectKey) error {
	snapshot := w.Process.Cluster().Snapshot()
	if n := len(snapshot.Nodes()); n > 0 {
		return fmt.Errorf("the model holds %d nodes, the first is %s", n, snapshot.Nodes()[0].Key())
	}
	if n := len(snapshot.Unlaunched()); n > 0 {
		return fmt.Errorf("the model holds %d NodeClaims that were not launched, the first is %s", n, snapshot.Unlaunched()[0].NodeClaim.Name)
	}
	if n := len(snapshot.Daemons()); n > 0 {
		return fmt.Errorf("the model holds %d daemons", n)
	}
	for _, pool := range store.All[*v1.NodePool](w.Store) {
		if c := snapshot.Compiler().List(snapshot.Usage(pool.Name)); !c.Cpu().IsZero() {
			return fmt.Errorf("pool %s uses %v", pool.Name, c)
		}
	}
	for _, pod := range pods {
		if _, ok := w.Process.Cluster().Decisions.Of(pod); ok {
			return fmt.Errorf("the model remembers what it decided about pod %s", pod)
		}
	}
	return nil
}

// Waiting lists the pods that wait, with what scheduler and controller say.
func Waiting(w *world.World) string {
	var b strings.Builder
	for _, pod := range kube.Pending(store.All[*corev1.Pod](w.Store)) {
		fmt.Fprintf(&b, "  pod %s waits\n    scheduler: %v\n    controller: %v\n", pod.Name,
			w.Kube.Reasons(client.ObjectKeyFromObject(pod)), last(w.Process.Messages(pod.Name), 3))
	}
	return b.String()
}

func last(list []string, n int) []string { return list[max(0, len(list)-n):] }
