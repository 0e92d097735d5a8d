// SPDX-License-Identifier: Apache-2.0

package provisioning

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/objects/pods"
	"karpenter.sh/core/reconcile/concurrency"
)

// recheck is how often a trigger that still holds asks again (SCH-010).
const recheck = 10 * time.Second

// registerTriggers adds the controllers that ask for rounds (SCH-012).
func (p *Provisioner) registerTriggers(mgr manager.Manager) error {
	options := concurrency.Options[reconcile.Request](concurrency.Scaled(10, 1000), p.CPUMillis)
	err := builder.ControllerManagedBy(mgr).Named("provisioner.trigger.pod").For(&corev1.Pod{}).
		WithOptions(options).Complete(reconcile.Func(p.podTrigger))
	if err != nil {
		return fmt.Errorf("registering controller provisioner.trigger.pod: %w", err)
	}
	options = concurrency.Options[reconcile.Request](concurrency.Scaled(10, 1000), p.CPUMillis)
	err = builder.ControllerManagedBy(mgr).Named("provisioner.trigger.node").For(&corev1.Node{}).
		WithOptions(options).Complete(reconcile.Func(p.nodeTrigger))
	if err != nil {
		return fmt.Errorf("registering controller provisioner.trigger.node: %w", err)
	}
	return nil
}

// podTrigger asks for a round while the pod waits for capacity (SCH-010,
// SCH-013).
func (p *Provisioner) podTrigger(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	var pod corev1.Pod
	if err := p.Client.Get(ctx, request.NamespacedName, &pod); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if !pods.Provisionable(&pod) {
		if p.crowds.awaits(&pod) {
			p.Trigger(pod.UID)
		}
		return reconcile.Result{}, nil
	}
	p.crowds.note(&pod)
	p.Cluster.Decisions.Acknowledge(&pod)
	p.Trigger(pod.UID)
	p.Nominations.Restore(ctx, &pod)
	return reconcile.Result{RequeueAfter: recheck}, nil
}

// nodeTrigger asks for a round while the node is being given up, so that its
// pods get other places in time, and while pods count on one that is gone
// (SCH-011).
func (p *Provisioner) nodeTrigger(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	var node corev1.Node
	err := p.Client.Get(ctx, request.NamespacedName, &node)
	switch {
	case apierrors.IsNotFound(err):
		return p.homelessTrigger(request.Name), nil
	case err != nil:
		return reconcile.Result{}, err
	}
	disrupted := v1.DisruptedTaint()
	if !slices.ContainsFunc(node.Spec.Taints, func(t corev1.Taint) bool { return t.MatchTaint(&disrupted) }) {
		return reconcile.Result{}, nil
	}
	p.Trigger(node.UID)
	return reconcile.Result{RequeueAfter: recheck}, nil
}

// homelessTrigger asks for a round when a Node is gone. The model may hear of it a
// moment later, within the batching window, so that the first time is for all.
func (p *Provisioner) homelessTrigger(node string) reconcile.Result {
	p.Trigger(types.UID("node/" + node))
	if !p.Cluster.Homeless(node) {
		return reconcile.Result{}
	}
	return reconcile.Result{RequeueAfter: recheck}
}
