// SPDX-License-Identifier: Apache-2.0

package termination

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/objects/nodes"
	"karpenter.sh/core/reconcile/patch"
)

// taint keeps new pods and load balancers away from the Node (LIF-133).
func (c *Controller) taint(ctx context.Context, p *pass) (verdict, error) {
	changed := false
	err := patch.Persist(ctx, c.Live, p.node, func(read *corev1.Node) (err error) {
		p.node = tainted(read)
		changed, err = patch.Object(ctx, c.Client, read, p.node)
		return err
	})
	if errors.IsConflict(err) || errors.IsNotFound(err) {
		return wait(patch.Retry), nil
	}
	if err != nil {
		return verdict{}, fmt.Errorf("tainting the node: %w", err)
	}
	if changed {
		c.written.Wrote(p.node)
		taint := v1.DisruptedTaint()
		log.FromContext(ctx).Info("tainted node", "taint.Key", taint.Key, "taint.Value", taint.Value, "taint.Effect", taint.Effect)
	}
	return verdict{}, nil
}

// tainted returns the Node as it is to be while it drains. A taint of the key
// with another effect gives way to the right one.
func tainted(node *corev1.Node) *corev1.Node {
	node = node.DeepCopy()
	taint := v1.DisruptedTaint()
	if !nodes.HasTaint(node.Spec.Taints, taint) {
		node.Spec.Taints = append(slices.DeleteFunc(node.Spec.Taints, func(other corev1.Taint) bool {
			return other.Key == taint.Key
		}), taint)
	}
	if node.Labels == nil {
		node.Labels = map[string]string{}
	}
	node.Labels[corev1.LabelNodeExcludeBalancers] = v1.LoadBalancerExclusionValue
	return node
}
