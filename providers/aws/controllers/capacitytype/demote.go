// SPDX-License-Identifier: Apache-2.0

package capacitytype

import (
	"context"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/reconcile/patch"
	awsv1 "karpenter.sh/providers/aws/apis/v1"
)

// toDemote reports whether an object is labelled reserved and is one to change: of
// Nodes those that are registered, as before the labels are still to be copied, and not
// being deleted.
func toDemote(o client.Object) bool {
	labels := o.GetLabels()
	if labels[v1.CapacityTypeLabelKey] != v1.CapacityTypeReserved {
		return false
	}
	if _, isNode := o.(*corev1.Node); isNode {
		return labels[v1.NodeRegisteredLabelKey] == "true" && o.GetDeletionTimestamp().IsZero()
	}
	return true
}

// demoted are labels of an instance on demand.
func demoted(labels map[string]string) map[string]string {
	out := maps.Clone(labels)
	out[v1.CapacityTypeLabelKey] = v1.CapacityTypeOnDemand
	for _, key := range []string{awsv1.LabelCapacityReservationID, awsv1.LabelCapacityReservationType, awsv1.LabelCapacityReservationInterruptible} {
		delete(out, key)
	}
	return out
}

// demote changes the labels of a NodeClaim or Node.
func (c *Controller) demote(ctx context.Context, o client.Object) error {
	changed := false
	err := patch.Persist(ctx, c.opts.Live, o, func(before client.Object) error {
		if !toDemote(before) { // it was changed meanwhile
			return nil
		}
		after := before.DeepCopyObject().(client.Object)
		after.SetLabels(demoted(before.GetLabels()))
		var err error
		changed, err = patch.Object(ctx, c.opts.Client, before, after, patch.If([]string{"metadata", "labels", v1.CapacityTypeLabelKey}))
		return err
	})
	if err != nil {
		return fmt.Errorf("labelling %T %s as on demand: %w", o, o.GetName(), err)
	}
	if changed {
		log.FromContext(ctx).Info("the instance has left its capacity reservation", "kind", fmt.Sprintf("%T", o), "name", o.GetName())
	}
	return nil
}
