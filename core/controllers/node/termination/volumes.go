// SPDX-License-Identifier: Apache-2.0

package termination

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/engine/drain"
	"karpenter.sh/core/objects/pods"
	"karpenter.sh/core/reconcile/index"
)

// awaitVolumes waits until the volumes of the pods that left are detached
// (LIF-170, LIF-171).
func (c *Controller) awaitVolumes(ctx context.Context, p *pass) (verdict, error) {
	blocking, err := c.blockingAttachments(ctx, p)
	if err != nil {
		return verdict{}, err
	}
	switch drain.JudgeDetachment(len(blocking), p.deadline, p.now) {
	case drain.AwaitingDetachment:
		p.set(func() {
			p.conditions.SetUnknownWithReason(v1.ConditionTypeVolumesDetached, "AwaitingVolumeDetachment", "AwaitingVolumeDetachment")
		})
		c.Recorder.Publish(awaitingVolumeDetachment(p.node, blocking))
		return wait(drain.Poll), nil
	case drain.DetachmentAbandoned:
		p.set(func() {
			p.conditions.SetFalse(v1.ConditionTypeVolumesDetached, "TerminationGracePeriodElapsed", "TerminationGracePeriodElapsed")
		})
	case drain.Detached:
		p.set(func() { p.conditions.SetTrue(v1.ConditionTypeVolumesDetached) })
	}
	return verdict{}, nil
}

// set changes a condition if there is a NodeClaim to carry it.
func (p *pass) set(change func()) {
	if p.owner != nil {
		change()
	}
}

func (c *Controller) blockingAttachments(ctx context.Context, p *pass) ([]drain.Attachment, error) {
	stored, err := index.VolumeAttachments(ctx, c.Client, p.node.Name)
	if err != nil || len(stored) == 0 {
		return nil, err
	}
	keep, err := c.keptVolumes(ctx, p)
	if err != nil {
		return nil, err
	}
	attachments := make([]drain.Attachment, len(stored))
	for i := range stored {
		attachments[i] = attachment(&stored[i])
	}
	return drain.BlockingAttachments(attachments, keep), nil
}

func attachment(stored *storagev1.VolumeAttachment) drain.Attachment {
	a := drain.Attachment{Name: stored.Name}
	if name := stored.Spec.Source.PersistentVolumeName; name != nil {
		a.Volume = *name
	}
	return a
}

// keptVolumes are the persistent volumes of the pods that draining leaves on the
// Node.
func (c *Controller) keptVolumes(ctx context.Context, p *pass) (map[string]bool, error) {
	keep := map[string]bool{}
	for i := range p.pods {
		pod := &p.pods[i]
		if pods.ForDrain(pod).Drainable(p.now) {
			continue
		}
		for _, claim := range pods.VolumeClaims(pod) {
			pvc := &corev1.PersistentVolumeClaim{}
			switch err := c.Client.Get(ctx, client.ObjectKey{Namespace: pod.Namespace, Name: claim}, pvc); {
			case err == nil:
				keep[pvc.Spec.VolumeName] = true
			case !errors.IsNotFound(err):
				return nil, fmt.Errorf("reading volume claim %s/%s: %w", pod.Namespace, claim, err)
			}
		}
	}
	return keep, nil
}
