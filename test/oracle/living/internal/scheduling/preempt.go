// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"cmp"
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	corev1helpers "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/klog/v2"
	fwk "k8s.io/kube-scheduler/framework"
)

// preempt finds the node where the least has to go for the pod, with the plugin's
// own choice of victims on each node.
func (p *Pass) preempt(ctx context.Context, state fwk.CycleState, pod *corev1.Pod, nodes []fwk.NodeInfo, out *Outcome) error {
	plugin := p.scheduler.preemption
	nominated := fwk.NewStatus(fwk.Success)
	if _, refused := out.Why[pod.Status.NominatedNodeName]; refused {
		nominated = fwk.NewStatus(fwk.UnschedulableAndUnresolvable)
		for _, info := range nodes {
			if info.Node().Name == pod.Status.NominatedNodeName {
				nominated = fwk.NewStatus(fwk.Unschedulable)
			}
		}
	}
	if ok, _ := plugin.PodEligibleToPreemptOthers(ctx, pod, nominated); !ok {
		out.Nominated = pod.Status.NominatedNodeName
		return nil
	}
	var best loss
	for _, info := range nodes {
		possible, err := plugin.Evaluator.GetVictimsOnNode(ctx, info)
		if err != nil {
			return fmt.Errorf("finding victims on node %s for pod %s: %w", info.Node().Name, klog.KObj(pod), err)
		}
		victims, violations, status := plugin.SelectVictimsOnNode(ctx, state.Clone(), pod, info.Snapshot(), possible, p.budgets)
		if !status.IsSuccess() || len(victims) == 0 {
			continue
		}
		if l := lossOf(victims, violations); out.Victims == nil || l.compare(best) < 0 {
			best, out.Victims, out.Nominated = l, victims, info.Node().Name
		}
	}
	if out.Victims != nil {
		p.scheduler.nominator.nominated[out.Nominated] = append(p.scheduler.nominator.nominated[out.Nominated], pod)
	}
	return nil
}

// loss is by what the scheduler picks the node to preempt on.
type loss struct {
	violations   int
	highest, sum int64
	victims      int
}

func lossOf(victims []*corev1.Pod, violations int) loss {
	l := loss{violations: violations, victims: len(victims), highest: int64(corev1helpers.PodPriority(victims[0]))}
	for _, v := range victims {
		l.highest = max(l.highest, int64(corev1helpers.PodPriority(v)))
		l.sum += int64(corev1helpers.PodPriority(v))
	}
	return l
}

func (l loss) compare(o loss) int {
	return cmp.Or(cmp.Compare(l.violations, o.violations), cmp.Compare(l.highest, o.highest), cmp.Compare(l.sum, o.sum), cmp.Compare(l.victims, o.victims))
}
