// SPDX-License-Identifier: Apache-2.0

package provisioning

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"karpenter.sh/core/engine/reason"
	"karpenter.sh/core/intake"
)

// hintAgain is how long a pod is not mentioned again.
const hintAgain = 24 * time.Hour

// hints remembers which pods were mentioned in the log, and when. One goroutine
// uses it.
type hints struct {
	clock clock.PassiveClock
	given map[types.UID]time.Time
}

func newHints(c clock.PassiveClock) *hints {
	return &hints{clock: c, given: map[types.UID]time.Time{}}
}

// consolidation mentions, in one record, the pods whose preferences may keep
// nodes from being consolidated; each pod once a day at most (SCH-189).
func (h *hints) consolidation(ctx context.Context, compiler *intake.Compiler, pods []*corev1.Pod) {
	now := h.clock.Now()
	for uid, at := range h.given {
		if now.Sub(at) >= hintAgain {
			delete(h.given, uid)
		}
	}
	var names []string
	for _, pod := range pods {
		if _, mentioned := h.given[pod.UID]; mentioned || !compiler.HindersConsolidation(&pod.Spec) {
			continue
		}
		h.given[pod.UID] = now
		names = append(names, pod.Namespace+"/"+pod.Name)
	}
	if len(names) > 0 {
		log.FromContext(ctx).Info("preferred anti-affinity and ScheduleAnyway spread constraints of pod(s) may hinder consolidation", "Pods", reason.Shorten(names, shown))
	}
}
