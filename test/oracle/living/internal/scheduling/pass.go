// SPDX-License-Identifier: Apache-2.0

package scheduling

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/klog/v2"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework"
)

// Pass looks at one cluster, pod by pod.
type Pass struct {
	scheduler *Scheduler
	nodes     []*corev1.Node // by name
	budgets   []*policyv1.PodDisruptionBudget
}

// Admission says whether a pod may go to a node for reasons that no plugin knows.
type Admission func(pod *corev1.Pod, node *corev1.Node) (why string, ok bool)

// Outcome is what became of a pod.
type Outcome struct {
	// Node is where the pod goes; empty if nowhere.
	Node string
	// Nominated is where it will go once the victims are gone.
	Nominated string
	Victims   []*corev1.Pod
	// Why says for each node why it does not take the pod.
	Why map[string]string
}

// Place finds a node for a pod, and binds it there in memory, or finds out whom
// to preempt. The error means that a plugin broke.
func (p *Pass) Place(ctx context.Context, pod *corev1.Pod, admit Admission) (Outcome, error) {
	f, state := p.scheduler.frame, framework.NewCycleState()
	result, status, _ := f.RunPreFilterPlugins(ctx, state, pod)
	if !status.IsSuccess() {
		if !status.IsRejected() {
			return Outcome{}, fmt.Errorf("preparing filters for pod %s: %w", klog.KObj(pod), status.AsError())
		}
		return Outcome{Why: map[string]string{"": status.Message()}}, nil
	}
	out := Outcome{Why: map[string]string{}}
	var fitting, contested []fwk.NodeInfo
	for _, node := range p.nodes {
		if result != nil && !result.AllNodes() && !result.NodeNames.Has(node.Name) {
			out.Why[node.Name] = "not the node that the pod asks for"
			continue
		}
		info, err := p.scheduler.frame.Current.NodeInfos().Get(node.Name)
		if err != nil {
			return Outcome{}, fmt.Errorf("looking up node %s: %w", node.Name, err)
		}
		if why, ok := admit(pod, node); !ok {
			out.Why[node.Name] = why
			continue
		}
		status := f.RunFilterPluginsWithNominatedPods(ctx, state, pod, info)
		switch {
		case status.IsSuccess():
			fitting = append(fitting, info)
		case !status.IsRejected():
			return Outcome{}, fmt.Errorf("filtering node %s for pod %s: %w", node.Name, klog.KObj(pod), status.AsError())
		case status.Code() == fwk.Unschedulable:
			contested = append(contested, info)
			fallthrough
		default:
			out.Why[node.Name] = status.Plugin() + ": " + status.Message()
		}
	}
	if len(fitting) == 0 {
		err := p.preempt(ctx, state, pod, contested, &out)
		return out, err
	}
	best, err := p.best(ctx, state, pod, fitting)
	if err != nil {
		return Outcome{}, err
	}
	return Outcome{Node: best}, p.bind(pod, best)
}

// best is the node of the highest score, of several the first.
func (p *Pass) best(ctx context.Context, state fwk.CycleState, pod *corev1.Pod, nodes []fwk.NodeInfo) (string, error) {
	if len(nodes) == 1 {
		return nodes[0].Node().Name, nil
	}
	f := p.scheduler.frame
	if status := f.RunPreScorePlugins(ctx, state, pod, nodes); !status.IsSuccess() {
		return "", fmt.Errorf("preparing scores for pod %s: %w", klog.KObj(pod), status.AsError())
	}
	scores, status := f.RunScorePlugins(ctx, state, pod, nodes)
	if !status.IsSuccess() {
		return "", fmt.Errorf("scoring nodes for pod %s: %w", klog.KObj(pod), status.AsError())
	}
	best := 0
	for i := range scores {
		if scores[i].TotalScore > scores[best].TotalScore {
			best = i
		}
	}
	return scores[best].Name, nil
}

func (p *Pass) bind(pod *corev1.Pod, node string) error {
	p.scheduler.nominator.DeleteNominatedPodIfExists(pod)
	bound := pod.DeepCopy()
	bound.Spec.NodeName = node
	info, err := framework.NewPodInfo(bound)
	if err != nil {
		return fmt.Errorf("binding pod %s: %w", klog.KObj(pod), err)
	}
	if err := p.scheduler.frame.Current.AssumePod(info); err != nil {
		return fmt.Errorf("binding pod %s: %w", klog.KObj(pod), err)
	}
	return nil
}

// Room is what is left on a node: allocatable less the requests of its pods.
type Room struct{ MilliCPU, Memory, Storage, Pods int64 }

// Overcommitted reports whether more is on the node than it can hold.
func (r Room) Overcommitted() bool { return min(r.MilliCPU, r.Memory, r.Storage, r.Pods) < 0 }

// Room tells of a node by name.
func (p *Pass) Room(node string) (Room, error) {
	info, err := p.scheduler.frame.Current.NodeInfos().Get(node)
	if err != nil {
		return Room{}, fmt.Errorf("looking up node %s: %w", node, err)
	}
	has, used := info.GetAllocatable(), info.GetRequested()
	return Room{
		MilliCPU: has.GetMilliCPU() - used.GetMilliCPU(), Memory: has.GetMemory() - used.GetMemory(),
		Storage: has.GetEphemeralStorage() - used.GetEphemeralStorage(), Pods: int64(has.GetAllowedPodNumber() - len(info.GetPods())),
	}, nil
}
