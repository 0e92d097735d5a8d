// SPDX-License-Identifier: Apache-2.0

package scheduler

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework"
)

// Cluster is what the filters look at. It is valid until they look elsewhere.
type Cluster struct {
	filters *Filters
	assumed []*corev1.Pod
}

// Refusal says why a pod may not run on a node. It is a value: nothing broke.
type Refusal struct {
	// Plugin that refused, and what it said.
	Plugin, Message string
}

// String is the plugin and what it said.
func (r *Refusal) String() string { return r.Plugin + ": " + r.Message }

// Question is a pod that asks for nodes, in the state of the cluster at the
// time it was made.
type Question struct {
	cluster *Cluster
	pod     *corev1.Pod
	state   fwk.CycleState
	result  *fwk.PreFilterResult
	refusal *Refusal // everywhere
}

// Ask prepares a pod's question. The error means that a plugin broke.
func (c *Cluster) Ask(ctx context.Context, pod *corev1.Pod) (*Question, error) {
	q := &Question{cluster: c, pod: pod, state: framework.NewCycleState()}
	result, status, _ := c.filters.frame.RunPreFilterPlugins(ctx, q.state, pod)
	if !status.IsSuccess() {
		if !status.IsRejected() {
			return nil, fmt.Errorf("preparing filters for pod %s: %w", klog.KObj(pod), status.AsError())
		}
		q.refusal = refusal(status)
	}
	q.result = result
	return q, nil
}

// On returns why the pod may not run on a node, or nil if it may.
func (q *Question) On(ctx context.Context, node string) (*Refusal, error) {
	if q.refusal != nil {
		return q.refusal, nil
	}
	if q.result != nil && !q.result.AllNodes() && !q.result.NodeNames.Has(node) {
		return &Refusal{Plugin: "PreFilter", Message: "node is not among those left"}, nil
	}
	info, err := q.cluster.filters.frame.Current.NodeInfos().Get(node)
	if err != nil {
		return nil, fmt.Errorf("looking up node %s: %w", node, err)
	}
	status := q.cluster.filters.frame.RunFilterPlugins(ctx, q.state, q.pod, info)
	if status.IsSuccess() {
		return nil, nil
	}
	if !status.IsRejected() {
		return nil, fmt.Errorf("filtering node %s for pod %s: %w", node, klog.KObj(q.pod), status.AsError())
	}
	return refusal(status), nil
}

func refusal(s *fwk.Status) *Refusal { return &Refusal{Plugin: s.Plugin(), Message: s.Message()} }

// Bind puts a pod on a node; filters see it from then on.
func (c *Cluster) Bind(pod *corev1.Pod, node string) error {
	bound := pod.DeepCopy()
	bound.Spec.NodeName = node
	info, err := framework.NewPodInfo(bound)
	if err != nil {
		return fmt.Errorf("binding pod %s: %w", klog.KObj(pod), err)
	}
	if err := c.filters.frame.Current.AssumePod(info); err != nil {
		return fmt.Errorf("binding pod %s: %w", klog.KObj(pod), err)
	}
	c.assumed = append(c.assumed, bound)
	return nil
}

// Unbind takes the pod that was bound last off its node.
func (c *Cluster) Unbind() error {
	last := c.assumed[len(c.assumed)-1]
	c.assumed = c.assumed[:len(c.assumed)-1]
	if err := c.filters.frame.Current.ForgetPod(klog.Background(), last); err != nil {
		return fmt.Errorf("unbinding pod %s: %w", klog.KObj(last), err)
	}
	return nil
}
