// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/engine/taint"
	"karpenter.sh/core/intake"
)

// Budgets are the PodDisruptionBudgets of a cluster, by namespace, with their
// selectors parsed.
type Budgets map[string][]budget

type budget struct {
	*policyv1.PodDisruptionBudget
	selector labels.Selector
	// unreadable budgets might select any pod of their namespace, and allow no
	// disruption of it.
	unreadable bool
}

// NewBudgets parses the selectors. A budget whose selector cannot be parsed
// forbids evicting any pod of its namespace, and concerns no other (SCH-006).
func NewBudgets(list []policyv1.PodDisruptionBudget) Budgets {
	out := Budgets{}
	for i := range list {
		b := budget{PodDisruptionBudget: &list[i]}
		selector, err := metav1.LabelSelectorAsSelector(list[i].Spec.Selector)
		if err != nil {
			selector, b.unreadable = labels.Everything(), true
		}
		b.selector = selector
		out[list[i].Namespace] = append(out[list[i].Namespace], b)
	}
	return out
}

// FullyBlocked reports whether the pod can never be evicted under the budgets,
// whatever else happens: more than one selects it, or the one that does allows
// no disruption at all (SCH-006). Budgets do not apply to pods that are never
// evicted.
func (bs Budgets) FullyBlocked(pod *corev1.Pod, now time.Time) bool {
	if !evictable(pod, now) {
		return false
	}
	matching := bs.selecting(pod)
	return len(matching) > 1 || len(matching) == 1 && matching[0].forbidsAll() && !matching[0].letsGo(pod)
}

// Blocking names the budgets that forbid evicting the pod at the moment, sorted:
// all that select it if there are several, because the eviction API then refuses
// whatever they allow, else the one if it has nothing left to allow (DIS-037).
// None for pods that are never evicted (DIS-036).
func (bs Budgets) Blocking(pod *corev1.Pod, now time.Time) []string {
	if len(bs[pod.Namespace]) == 0 || !evictable(pod, now) {
		return nil
	}
	matching := bs.selecting(pod)
	if len(matching) == 1 && matching[0].allows(pod) {
		return nil
	}
	var names []string
	for _, b := range matching {
		names = append(names, b.Name)
	}
	slices.Sort(names)
	return names
}

// Selecting names the budgets that select the pod, sorted, whatever they allow.
func (bs Budgets) Selecting(pod *corev1.Pod) []string {
	var names []string
	for _, b := range bs.selecting(pod) {
		names = append(names, b.Name)
	}
	slices.Sort(names)
	return names
}

// selecting returns the budgets that select the pod.
func (bs Budgets) selecting(pod *corev1.Pod) []budget {
	var out []budget
	for _, b := range bs[pod.Namespace] {
		if b.selector.Matches(labels.Set(pod.Labels)) {
			out = append(out, b)
		}
	}
	return out
}

func evictable(pod *corev1.Pod, now time.Time) bool {
	return Active(pod) && !OwnedByNode(pod) && !Protected(pod, now) && !toleratesDisruption(pod)
}

func toleratesDisruption(pod *corev1.Pod) bool {
	return intake.Tolerations(pod.Spec.Tolerations).Tolerates(disrupted)
}

// disrupted is the taint of nodes that are being given up.
var disrupted = taint.Taint{Key: v1.DisruptedTaintKey, Effect: taint.NoSchedule}

// allows reports whether the budget would let the eviction of the pod pass now.
func (b budget) allows(pod *corev1.Pod) bool {
	return !b.unreadable && (b.Status.DisruptionsAllowed > 0 || b.letsGo(pod))
}

func (b budget) forbidsAll() bool {
	return b.unreadable || isZero(b.Spec.MaxUnavailable) || isAll(b.Spec.MinAvailable)
}

func isZero(n *intstr.IntOrString) bool {
	return n != nil && (n.Type == intstr.Int && n.IntVal == 0 || n.Type == intstr.String && n.StrVal == "0%")
}

func isAll(n *intstr.IntOrString) bool {
	return n != nil && n.Type == intstr.String && n.StrVal == "100%"
}

// letsGo reports whether the budget lets go of pods that are not ready, and
// this one is not.
func (b budget) letsGo(pod *corev1.Pod) bool {
	if b.unreadable || b.Spec.UnhealthyPodEvictionPolicy == nil || *b.Spec.UnhealthyPodEvictionPolicy != policyv1.AlwaysAllow {
		return false
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady && c.Status == corev1.ConditionFalse {
			return true
		}
	}
	return false
}

// CurrentlyReschedulable reports whether the pod would need another place and
// may be moved now (SCH-005).
func (bs Budgets) CurrentlyReschedulable(pod *corev1.Pod, now time.Time) bool {
	return Reschedulable(pod) && !Protected(pod, now) && !bs.FullyBlocked(pod, now)
}
