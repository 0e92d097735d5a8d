// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/oracle/living/internal/kube"
	"karpenter.sh/test/oracle/living/internal/process"
	"karpenter.sh/test/oracle/living/internal/scheduling"
	"karpenter.sh/test/oracle/living/internal/store"
	"karpenter.sh/test/oracle/living/internal/world"
)

// Homes remembers which NodeClaim was launched for which pod, and looks whether
// a pod gets a second one although the first serves it.
type Homes struct {
	last map[types.UID]process.Launch
}

// Twice takes note of a launch. Its error names a pod of the launch for which a
// NodeClaim was launched before that still serves it: its Node would take the pod
// now, or it is still to come, and nothing has happened and no pod has come since
// that could have its place.
func (h *Homes) Twice(ctx context.Context, w *world.World, s *scheduling.Scheduler, launch process.Launch, happened time.Time) error {
	if h.last == nil {
		h.last = map[types.UID]process.Launch{}
	}
	var wrong error
	for _, key := range launch.Pods {
		pod, ok := store.Get[*corev1.Pod](w.Store, key)
		if !ok {
			continue
		}
		if before, ok := h.last[pod.UID]; ok && wrong == nil {
			serves, err := serves(ctx, w, s, before, pod, happened)
			if err != nil {
				return err
			}
			if serves != "" {
				wrong = fmt.Errorf("after %s %s was launched for pod %s, but %s %s", launch.At.Sub(world.Start()), launch.NodeClaim, pod.Name, before.NodeClaim, serves)
			}
		}
		h.last[pod.UID] = launch
	}
	return wrong
}

// serves says how a NodeClaim serves the pod that it was launched for; empty if it
// does not.
func serves(ctx context.Context, w *world.World, s *scheduling.Scheduler, home process.Launch, pod *corev1.Pod, happened time.Time) (string, error) {
	claim, ok := store.Get[*v1.NodeClaim](w.Store, types.NamespacedName{Name: home.NodeClaim})
	if !ok || !claim.DeletionTimestamp.IsZero() {
		return "", nil
	}
	for _, node := range store.All[*corev1.Node](w.Store) {
		if node.Spec.ProviderID != claim.Status.ProviderID {
			continue
		}
		pass, err := s.Look(w.Kube.View())
		if err != nil {
			return "", err
		}
		out, err := pass.Place(ctx, pod, func(pod *corev1.Pod, n *corev1.Node) (string, bool) {
			if n.Name != node.Name {
				return "not asked about", false
			}
			return w.Kube.Admits(pod, n)
		})
		if err != nil || out.Node == "" {
			return "", err
		}
		return "has room for it on node " + node.Name, nil
	}
	if happened.Before(home.At) && !pendingSince(w, home.At) {
		return fmt.Sprintf("was launched for it after %s and is still to come", home.At.Sub(world.Start())), nil
	}
	return "", nil
}

// pendingSince reports whether a pod waits that came after the pods of a launch.
func pendingSince(w *world.World, launched time.Time) bool {
	return slices.ContainsFunc(kube.Pending(store.All[*corev1.Pod](w.Store)), func(p *corev1.Pod) bool {
		return launched.Sub(p.CreationTimestamp.Time) < noticed
	})
}

// noticed is how long it takes a pod to become part of a round, at most: the delay
// of the scheduler, the latest cache and the longest batching window.
const noticed = 15 * time.Second
